// Start-up, devices, contexts, versions and errors: what the machine says of itself.
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>

#include "device.h"
#include "graph.h"
#include "scenario.h"

namespace sim {
namespace {

thread_local int selected_device = -1;
thread_local std::string last_message;
thread_local aclError last_error = ACL_SUCCESS;
bool device_lost = false;

// Devices that ASCEND_RT_VISIBLE_DEVICES leaves: the ids it lists in ascending order, up to the first that is not
// there. A process numbers the devices it sees from zero.
int visible_devices() {
  const char* listed = std::getenv("ASCEND_RT_VISIBLE_DEVICES");
  if (listed == nullptr) return scenario().device_count;
  int visible = 0;
  long last = -1;
  std::istringstream ids(listed);
  for (std::string id; std::getline(ids, id, ',');) {
    if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) break;
    long device = std::strtol(id.c_str(), nullptr, 10);
    if (device <= last || device >= scenario().device_count) break;
    last = device;
    ++visible;
  }
  return visible;
}

bool device_exists(int device) { return device >= 0 && device < visible_devices(); }

// torch_npu accepts only the SoC names it knows. It settles the chip with the first question after aclInit at the
// latest, and any question before may be the same one. All later ones come from readers who want the device's name.
struct NameState {
  bool initialised = false;
  bool settled = false;
};

NameState& name_state() {
  static NameState instance;
  return instance;
}

const char* soc_name() {
  static const std::string exact = scenario().soc_name;
  static const std::string marked = exact + " (simulated)";
  const std::string& answer = name_state().settled ? marked : exact;
  name_state().settled = name_state().initialised;
  return answer.c_str();
}

std::string package_version(const std::string& package) {
  return package == "DRIVER" || package == "driver" ? scenario().driver_version : scenario().cann_version;
}

void copy_text(char* to, size_t size, const std::string& text) {
  std::strncpy(to, text.c_str(), size - 1);
  to[size - 1] = 0;
}

}  // namespace

int current_device() { return selected_device < 0 ? 0 : selected_device; }

aclError fail(aclError code, const std::string& message) {
  last_message = "simulated CANN: " + message;
  last_error = code;
  return code;
}

void note_kernel(const std::string& type) {
  if (!type.empty() && type == scenario().lost_at_type) device_lost = true;
}

aclError device_state() {
  if (!device_lost) return ACL_SUCCESS;
  return fail(scenario().lost_error_code, "the scenario loses the device at a kernel of type " + scenario().lost_at_type);
}

}  // namespace sim

using Guard = std::lock_guard<std::recursive_mutex>;

extern "C" {

aclError aclInit(const char*) {
  Guard guard(sim::machine_lock());
  sim::process_index();
  sim::name_state().initialised = true;
  return ACL_SUCCESS;
}

aclError aclFinalize() {
  sim::write_fusion_result();
  return ACL_SUCCESS;
}

const char* aclGetRecentErrMsg() { return sim::last_message.c_str(); }
aclError aclrtPeekAtLastError(aclrtLastErrLevel) { return sim::last_error; }

aclError aclrtGetLastError(aclrtLastErrLevel) {
  aclError error = sim::last_error;
  sim::last_error = ACL_SUCCESS;
  return error;
}

const char* aclrtGetSocName() {
  Guard guard(sim::machine_lock());
  return sim::soc_name();
}

aclError aclrtGetDeviceCount(uint32_t* devices) {
  *devices = static_cast<uint32_t>(sim::visible_devices());
  return ACL_SUCCESS;
}

// The driver's own count, which no variable limits.
int drvGetDevNum(uint32_t* devices) {
  *devices = static_cast<uint32_t>(sim::scenario().device_count);
  return 0;
}

aclError aclrtGetDevice(int32_t* device) {
  if (sim::selected_device < 0) return ACL_ERROR_RT_CONTEXT_NULL;  // no device was set on this thread yet
  *device = sim::selected_device;
  return ACL_SUCCESS;
}

aclError aclrtSetDevice(int32_t device) {
  if (!sim::device_exists(device)) return sim::fail(ACL_ERROR_RT_INVALID_DEVICEID, "no such device");
  sim::selected_device = device;
  return ACL_SUCCESS;
}

aclError aclrtResetDevice(int32_t) { return ACL_SUCCESS; }

// A context is its device's number plus one: never null, and setting it selects the device.
aclError aclrtGetCurrentContext(aclrtContext* context) {
  *context = reinterpret_cast<aclrtContext>(static_cast<intptr_t>(sim::current_device() + 1));
  return ACL_SUCCESS;
}

aclError aclrtSetCurrentContext(aclrtContext context) {
  if (context == nullptr) return ACL_ERROR_INVALID_PARAM;
  return aclrtSetDevice(static_cast<int32_t>(reinterpret_cast<intptr_t>(context)) - 1);
}

aclError aclrtGetPrimaryCtxState(int32_t, uint32_t*, int32_t* active) {
  *active = 1;
  return ACL_SUCCESS;
}

aclError aclrtDeviceCanAccessPeer(int32_t* can, int32_t, int32_t) {
  *can = 1;
  return ACL_SUCCESS;
}

aclError aclGetDeviceCapability(uint32_t, aclDeviceInfo info, int64_t* value) {
  constexpr int64_t kL2Bytes = 192LL << 20;
  *value = info == ACL_DEVICE_INFO_AI_CORE_NUM ? 20 : info == ACL_DEVICE_INFO_VECTOR_CORE_NUM ? 40 : kL2Bytes;
  return ACL_SUCCESS;
}

aclError aclrtGetDeviceInfo(uint32_t, aclrtDevAttr attribute, int64_t* value) {
  if (attribute != ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE) return ACL_ERROR_RT_FEATURE_NOT_SUPPORT;
  *value = sim::scenario().memory_bytes;
  return ACL_SUCCESS;
}

// The second mark of a simulated device: its UUID spells SIMULATED-NPU and ends in the device's number.
aclError aclrtDeviceGetUuid(int32_t device, aclrtUuid* uuid) {
  std::memcpy(uuid->bytes, "SIMULATED-NPU\0\0\0", 16);
  uuid->bytes[15] = static_cast<char>(device);
  return ACL_SUCCESS;
}

aclError aclrtGetLogicDevIdByUserDevId(const int32_t user, int32_t* const logic) {
  *logic = user;
  return ACL_SUCCESS;
}

aclError aclrtGetDeviceUtilizationRate(int32_t, aclrtUtilizationInfo* info) {
  int busy = static_cast<int>(100 * sim::scenario().neighbour_share);
  info->cubeUtilization = busy;
  info->vectorUtilization = busy;
  return ACL_SUCCESS;
}

aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion* version) {
  sim::copy_text(version->version, sizeof(version->version),
                 sim::package_version(name == ACL_PKG_NAME_DRIVER ? "DRIVER" : "CANN"));
  return ACL_SUCCESS;
}

aclError aclsysGetVersionStr(char* package, char* version) {
  sim::copy_text(version, ACL_PKG_VERSION_MAX_SIZE, sim::package_version(package));
  return ACL_SUCCESS;
}

}  // extern "C"
