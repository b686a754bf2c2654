// Device memory: host memory with a budget per device, and copies that take time on the virtual clock.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "device.h"
#include "scenario.h"

namespace sim {
namespace {

struct Block {
  size_t bytes;
  int device;
};

struct Memory {
  std::unordered_map<void*, Block> blocks;
  std::unordered_map<int, int64_t> used;
};

Memory& memory() {
  static Memory instance;
  return instance;
}

int64_t free_bytes(int device) {
  return scenario().memory_bytes - scenario().neighbour_memory_bytes - memory().used[device];
}

aclError allocate(void** out, size_t bytes) {
  std::lock_guard<std::recursive_mutex> guard(machine_lock());
  int device = current_device();
  if (static_cast<int64_t>(bytes) > free_bytes(device))
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "simulated device memory is exhausted");
  // Pages nobody writes cost nothing, so a scenario may give a device more memory than the host has.
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED)
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host has no memory for the simulated device");
  memory().blocks[block] = Block{bytes, device};
  memory().used[device] += static_cast<int64_t>(bytes);
  *out = block;
  return ACL_SUCCESS;
}

bool between_devices(aclrtMemcpyKind kind) { return kind == ACL_MEMCPY_DEVICE_TO_DEVICE; }

}  // namespace
}  // namespace sim

using Guard = std::lock_guard<std::recursive_mutex>;

extern "C" {

aclError aclrtMalloc(void** out, size_t bytes, aclrtMemMallocPolicy) { return sim::allocate(out, bytes); }
aclError aclrtMallocAlign32(void** out, size_t bytes, aclrtMemMallocPolicy) { return sim::allocate(out, bytes); }

aclError aclrtFree(void* block) {
  Guard guard(sim::machine_lock());
  auto found = sim::memory().blocks.find(block);
  if (found == sim::memory().blocks.end())
    return sim::fail(ACL_ERROR_INVALID_PARAM, "aclrtFree: not a block of device memory");
  sim::memory().used[found->second.device] -= static_cast<int64_t>(found->second.bytes);
  munmap(block, found->second.bytes);
  sim::memory().blocks.erase(found);
  return ACL_SUCCESS;
}

aclError aclrtMallocHost(void** out, size_t bytes) {
  return posix_memalign(out, 64, bytes) == 0 ? ACL_SUCCESS : ACL_ERROR_BAD_ALLOC;
}

aclError aclrtFreeHost(void* block) {
  std::free(block);
  return ACL_SUCCESS;
}

aclError aclrtGetMemInfo(aclrtMemAttr, size_t* free_bytes, size_t* total_bytes) {
  Guard guard(sim::machine_lock());
  *free_bytes = static_cast<size_t>(sim::free_bytes(sim::current_device()));
  *total_bytes = static_cast<size_t>(sim::scenario().memory_bytes);
  return ACL_SUCCESS;
}

aclError aclrtMemcpyAsync(void* to, size_t, const void* from, size_t bytes, aclrtMemcpyKind kind, aclrtStream stream) {
  Guard guard(sim::machine_lock());
  std::memmove(to, from, bytes);
  sim::occupy(*sim::resolve(stream),
              sim::between_devices(kind) ? sim::device_copy_time(bytes) : sim::transfer_time(bytes));
  return sim::device_state();
}

// A synchronous copy does not queue behind the streams: torch_npu waits for the stream itself where it must.
aclError aclrtMemcpy(void* to, size_t, const void* from, size_t bytes, aclrtMemcpyKind) {
  Guard guard(sim::machine_lock());
  std::memmove(to, from, bytes);
  sim::host_waits_until(sim::host_now() + sim::transfer_time(bytes));
  return sim::device_state();
}

aclError aclrtMemset(void* to, size_t, int32_t value, size_t bytes) {
  std::memset(to, value, bytes);
  return sim::device_state();
}

aclError aclrtMemsetAsync(void* to, size_t, int32_t value, size_t bytes, aclrtStream stream) {
  Guard guard(sim::machine_lock());
  std::memset(to, value, bytes);
  sim::occupy(*sim::resolve(stream), sim::device_copy_time(bytes) / 2);
  return sim::device_state();
}

}  // extern "C"
