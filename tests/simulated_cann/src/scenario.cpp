#include "scenario.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "json.h"

namespace sim {
namespace {

constexpr const char* kVariable = "ASCENDPERF_SIM_SCENARIO";

[[noreturn]] void refuse(const std::string& reason) {
  std::fprintf(stderr, "simulated CANN: %s\n", reason.c_str());
  std::_Exit(2);
}

std::map<std::string, double> numbers_by_name(const Json& object) {
  std::map<std::string, double> out;
  for (const auto& [name, value] : object.members) out[name] = value.number;
  return out;
}

Scenario from_json(const Json& json) {
  auto number = [&](const char* name) { return json.at(name).number; };
  auto integer = [&](const char* name) { return static_cast<int64_t>(json.at(name).number); };
  Scenario out{};
  out.soc_name = json.at("soc_name").text;
  out.cann_version = json.at("cann_version").text;
  out.driver_version = json.at("driver_version").text;
  out.device_count = static_cast<int>(integer("device_count"));
  out.memory_bytes = integer("memory_bytes");
  out.cube_tflops = number("cube_tflops");
  out.vector_tflops = number("vector_tflops");
  out.bandwidth_gb_per_s = number("bandwidth_gb_per_s");
  out.host_link_gb_per_s = number("host_link_gb_per_s");
  out.launch_us = number("launch_us");
  out.kernel_us = numbers_by_name(json.at("kernel_us"));
  out.kernel_factors = numbers_by_name(json.at("kernel_factors"));
  for (const auto& [api, types] : json.at("unfused").members)
    for (const Json& type : types.list) out.unfused[api].push_back(type.text);
  out.graph = json.at("graph").truth;
  for (const Json& rule : json.at("merges").list) {
    Merge merge{rule.at("into").text, {}};
    for (const Json& type : rule.at("parts").list) merge.parts.push_back(type.text);
    out.merges.push_back(merge);
  }
  out.fusion_passes = numbers_by_name(json.at("fusion_passes"));
  for (const Json& type : json.at("ai_cpu_types").list) out.ai_cpu_types.insert(type.text);
  out.ai_cpu_factor = number("ai_cpu_factor");
  out.clock_ratio = number("clock_ratio");
  out.neighbour_share = number("neighbour_share");
  out.neighbour_memory_bytes = integer("neighbour_memory_bytes");
  out.lost_at_type = json.at("lost_at_type").text;
  out.lost_error_code = static_cast<int>(integer("lost_error_code"));
  out.noise = number("noise");
  out.drift = number("drift");
  out.seed = static_cast<uint64_t>(integer("seed"));
  out.host_dispatch_us = number("host_dispatch_us");
  out.host_dispatch_takes_real_time = json.at("host_dispatch_takes_real_time").truth;
  return out;
}

std::string scenario_path() {
  const char* path = std::getenv(kVariable);
  if (path == nullptr) refuse(std::string(kVariable) + " is not set; it names the scenario file");
  return path;
}

Scenario read_scenario() {
  std::ifstream file(scenario_path());
  if (!file) refuse("cannot read the scenario file " + scenario_path());
  std::ostringstream text;
  text << file.rdbuf();
  try {
    return from_json(parse_json(text.str()));
  } catch (const std::runtime_error& error) {
    refuse(scenario_path() + ": " + error.what());
  }
}

// Processes are told apart by a counter beside the scenario file, locked while it is read and written.
int next_process_index() {
  std::string path = scenario_path() + ".processes";
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) refuse("cannot write " + path);
  flock(file, LOCK_EX);
  char text[16] = {0};
  int index = read(file, text, sizeof(text) - 1) > 0 ? std::atoi(text) : 0;
  std::string next = std::to_string(index + 1);
  bool written = pwrite(file, next.c_str(), next.size(), 0) == static_cast<ssize_t>(next.size());
  close(file);
  if (!written) refuse("cannot write " + path);
  return index;
}

}  // namespace

const Scenario& scenario() {
  static const Scenario instance = read_scenario();
  return instance;
}

int process_index() {
  static const int index = next_process_index();
  return index;
}

}  // namespace sim
