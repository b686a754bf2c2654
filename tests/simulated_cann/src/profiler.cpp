// The profiler session (aclprof*): kernels are kept in memory while it runs and written when it ends, as one JSON
// object per line in PROF_*/device_N/data/kernels.jsonl. msprof_export.py turns those lines into msprof's own files.
#include "profiler.h"

#include <acl/acl_prof.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <sstream>
#include <vector>

#include "scenario.h"

namespace sim {
namespace {

struct Record {
  std::string api;
  Kernel kernel;
  int stream;
  int device;
  int task;
  int64_t issued_ns;
  int64_t start_ns;
  Picoseconds duration;
  double wait_us;
};

// When the last kernel of a stream ended, on the virtual clock, and what was then between that clock and the shown one.
struct StreamEnd {
  Picoseconds at;
  int64_t shift_ns;
};

struct Session {
  bool recording = false;
  uint64_t mask = 0;
  std::string folder;
  std::vector<Record> records;
  std::vector<uint32_t> devices;
  std::map<int, StreamEnd> stream_ends;
  // The device's virtual clock is shown beside the host's real one: after each wait of the host for the device, the
  // next kernel starts "now", and kernels that follow without a wait keep their exact virtual distances from it.
  int64_t waits_seen = -1;
  int64_t shown_ns = 0;
  Picoseconds shown_at = 0;
  int64_t last_end_ns = 0;
};

Session& session() {
  static Session instance;
  return instance;
}

// What mspti's monitor of kernels has seen since it was started; it and a session know nothing of each other.
struct Monitor {
  bool recording = false;
  std::vector<Record> records;
};

Monitor& monitor() {
  static Monitor instance;
  return instance;
}

int64_t raw_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

struct Epoch {
  int64_t day_us = raw_ns(CLOCK_REALTIME) / 1000;
  int64_t monotonic_ns = raw_ns(CLOCK_MONOTONIC_RAW);
};

const Epoch& epoch() {
  static const Epoch instance;
  return instance;
}

const char* core_name(Core core) {
  switch (core) {
    case Core::cube:
      return "AI_CORE";
    case Core::vector:
      return "AI_VECTOR_CORE";
    case Core::mix:
      return "MIX_AIC";
    case Core::ai_cpu:
      return "AI_CPU";
  }
  return "N/A";
}

int block_count(const Kernel& kernel) {
  if (kernel.core == Core::ai_cpu) return 1;
  constexpr double kBytesPerBlock = 16384;
  double limit = kernel.core == Core::vector ? 40 : 20;
  return static_cast<int>(std::clamp(kernel.bytes / kBytesPerBlock, 1.0, limit));
}

std::string shapes(const std::vector<TensorInfo>& tensors) {
  std::ostringstream out;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (i) out << ';';
    for (size_t axis = 0; axis < tensors[i].dims.size(); ++axis) out << (axis ? "," : "") << tensors[i].dims[axis];
  }
  return out.str();
}

std::string dtypes(const std::vector<TensorInfo>& tensors) {
  std::string out;
  for (const TensorInfo& tensor : tensors) out += (out.empty() ? "" : ";") + std::string(dtype_name(tensor.dtype));
  return out;
}

std::string formats(const std::vector<TensorInfo>& tensors) {
  std::string out;
  for (const TensorInfo& tensor : tensors)
    out += (out.empty() ? "" : ";") + std::string(tensor.format == ACL_FORMAT_NCHW ? "NCHW" : "ND");
  return out;
}

// As eager kernels are named on a device: the API, the inner operator and the type. The inner operator's name has no
// one rule; these are those seen in profiles. Operators by type are numbered.
std::string kernel_name(const Record& record) {
  static const std::map<std::string, std::string> inner = {{"MatMulV2", "MatMulCommon"},
                                                           {"MatMulV3", "MatMulV3Common"},
                                                           {"BatchMatMulV3", "BatchMatMulV3Nd"},
                                                           {"Relu", "Relu"},
                                                           {"RmsNorm", "RmsNorm"},
                                                           {"FlashAttentionScore", "FlashAttentionScore"},
                                                           {"FlashAttentionScoreGrad", "FlashAttentionScoreGrad"}};
  const std::string& type = record.kernel.type;
  if (record.api.rfind("aclnn", 0) != 0) return type + std::to_string(record.task);
  auto known = inner.find(type);
  const char* core = record.kernel.core == Core::ai_cpu ? "AiCpu" : "AiCore";
  return record.api + "_" + (known == inner.end() ? type + core : known->second) + "_" + type;
}

void write_record(FILE* file, const Record& record) {
  const Kernel& kernel = record.kernel;
  std::string name = kernel_name(record);
  std::fprintf(file,
               "{\"name\": \"%s\", \"type\": \"%s\", \"core\": \"%s\", \"stream\": %d, \"task\": %d, "
               "\"api\": \"%s\", \"issued_ns\": %" PRId64 ", \"start_ns\": %" PRId64
               ", \"duration_us\": %.6f, \"wait_us\": %.3f, \"blocks\": %d, "
               "\"input_shapes\": \"%s\", \"input_dtypes\": \"%s\", \"input_formats\": \"%s\", "
               "\"output_shapes\": \"%s\", \"output_dtypes\": \"%s\", \"output_formats\": \"%s\"}\n",
               name.c_str(), kernel.type.c_str(), core_name(kernel.core), record.stream, record.task,
               record.api.c_str(), record.issued_ns, record.start_ns, to_us(record.duration), record.wait_us,
               block_count(kernel), shapes(kernel.inputs).c_str(), dtypes(kernel.inputs).c_str(),
               formats(kernel.inputs).c_str(), shapes(kernel.outputs).c_str(), dtypes(kernel.outputs).c_str(),
               formats(kernel.outputs).c_str());
}

std::string session_folder(const std::string& parent) {
  time_t now = time(nullptr);
  tm day{};
  localtime_r(&now, &day);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &day);
  static int sessions = 0;
  char name[96];
  std::snprintf(name, sizeof(name), "/PROF_%06d_%s%03d_SIMULATED", ++sessions, stamp,
                static_cast<int>(host_clock_ns() / 1000000 % 1000));
  return parent + name;
}

FILE* create(const std::string& path) { return std::fopen(path.c_str(), "w"); }

void write_host_folder(const std::string& folder) {
  mkdir((folder + "/host").c_str(), 0750);
  mkdir((folder + "/host/data").c_str(), 0750);
  FILE* file = create(folder + "/host/start_info");
  if (file == nullptr) return;
  std::fprintf(file, "{\"collectionTimeBegin\": \"%" PRId64 "\", \"clockMonotonicRaw\": \"%" PRId64 "\"}\n",
               epoch().day_us, epoch().monotonic_ns);
  std::fclose(file);
}

void write_device_folder(const Session& now, int device) {
  std::string folder = now.folder + "/device_" + std::to_string(device);
  mkdir(folder.c_str(), 0750);
  mkdir((folder + "/data").c_str(), 0750);
  FILE* file = create(folder + "/data/kernels.jsonl");
  if (file == nullptr) return;
  bool names_types = (now.mask & ACL_PROF_TASK_TIME) != 0;
  std::fprintf(file, "{\"simulated\": true, \"host_pid\": %d, \"types\": %s}\n", static_cast<int>(getpid()),
               names_types ? "true" : "false");
  for (const Record& record : now.records)
    if (record.device == device) write_record(file, record);
  std::fclose(file);
}

}  // namespace

int64_t host_clock_ns() { return epoch().day_us * 1000 + raw_ns(CLOCK_MONOTONIC_RAW) - epoch().monotonic_ns; }

void record_kernel(const std::string& api, const Kernel& kernel, const Stream& stream, Interval ran,
                   int64_t issued_ns) {
  Session& now = session();
  if (!now.recording && !monitor().recording) return;
  if (now.waits_seen != host_waits()) {
    now.waits_seen = host_waits();
    now.shown_ns = std::max(issued_ns, now.last_end_ns);
    now.shown_at = ran.start;
  }
  int64_t shift_ns = now.shown_ns - now.shown_at / 1000;
  int64_t start_ns = shift_ns + ran.start / 1000;
  double wait_us = 0;
  auto last = now.stream_ends.find(stream.id);
  if (last != now.stream_ends.end())
    wait_us = to_us(ran.start - last->second.at) + static_cast<double>(shift_ns - last->second.shift_ns) * 1e-3;
  Picoseconds end = ran.start + ran.duration;
  now.stream_ends[stream.id] = {end, shift_ns};
  now.last_end_ns = std::max(now.last_end_ns, shift_ns + end / 1000);
  for (auto [recording, records] : {std::pair{now.recording, &now.records}, {monitor().recording, &monitor().records}}) {
    if (!recording) continue;
    int task = static_cast<int>(records->size()) + 1;
    records->push_back({api, kernel, stream.id, stream.device, task, issued_ns, start_ns, ran.duration, wait_us});
  }
}

}  // namespace sim

struct aclprofConfig {
  std::vector<uint32_t> devices;
  uint64_t mask;
};

using Guard = std::lock_guard<std::recursive_mutex>;

extern "C" {

aclError aclprofInit(const char* path, size_t length) {
  Guard guard(sim::machine_lock());
  sim::session() = sim::Session();
  sim::session().folder = sim::session_folder(std::string(path, length));
  return ACL_SUCCESS;
}

aclprofConfig* aclprofCreateConfig(uint32_t* devices, uint32_t n, aclprofAicoreMetrics, const aclprofAicoreEvents*,
                                   uint64_t mask) {
  return new aclprofConfig{std::vector<uint32_t>(devices, devices + n), mask};
}

aclError aclprofDestroyConfig(const aclprofConfig* config) {
  delete config;
  return ACL_SUCCESS;
}

aclError aclprofStart(const aclprofConfig* config) {
  Guard guard(sim::machine_lock());
  sim::session().recording = true;
  sim::session().mask = config->mask;
  sim::session().devices = config->devices;
  return ACL_SUCCESS;
}

aclError aclprofStop(const aclprofConfig*) {
  Guard guard(sim::machine_lock());
  sim::session().recording = false;
  return ACL_SUCCESS;
}

aclError aclprofFinalize() {
  Guard guard(sim::machine_lock());
  const sim::Session& now = sim::session();
  mkdir(now.folder.c_str(), 0750);
  sim::write_host_folder(now.folder);
  for (uint32_t device : now.devices) sim::write_device_folder(now, static_cast<int>(device));
  return ACL_SUCCESS;
}

// Called by the simulated mspti package through ctypes, and by nobody else.
void simulated_mspti_start() {
  Guard guard(sim::machine_lock());
  sim::monitor() = sim::Monitor{true, {}};
}

int simulated_mspti_stop(const char* path) {
  Guard guard(sim::machine_lock());
  sim::monitor().recording = false;
  FILE* file = sim::create(path);
  if (file == nullptr) return 1;
  for (const sim::Record& record : sim::monitor().records) sim::write_record(file, record);
  return std::fclose(file);
}

}  // extern "C"
