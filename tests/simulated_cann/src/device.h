// The simulated devices: their memory, their streams and the virtual clock those run on.
//
// Time is counted in picoseconds from the start of the process, so a kernel's cost is exact and sums of costs are
// too. A task on a stream starts when the stream is free and the host has reached the point of issuing it. The
// host's own virtual clock moves only by the scenario's dispatch cost and by waiting for the device.
#pragma once

#include <acl/acl.h>

#include <cstdint>
#include <mutex>
#include <string>

namespace sim {

using Picoseconds = int64_t;

Picoseconds from_us(double us);
double to_us(Picoseconds time);

struct Stream {
  int id = 0;
  int device = 0;
  Picoseconds free_at = 0;
};

struct Event {
  bool recorded = false;
  Picoseconds at = 0;
};

struct Interval {
  Picoseconds start = 0;
  Picoseconds duration = 0;
};

// Guards every mutable thing of the simulator. Operators compute outside it.
std::recursive_mutex& machine_lock();

int current_device();
Stream* resolve(aclrtStream stream);  // the null stream is the current device's default stream

Interval occupy(Stream& stream, Picoseconds duration);  // queue a task of that length
void host_issues();                                     // the host spends one dispatch
void host_waits_until(Picoseconds time);
void host_asks();  // the host looks whether the device has got somewhere
Picoseconds host_now();
Picoseconds device_idle_at(int device);
int64_t host_waits();  // how many times the host has waited for a device

Picoseconds transfer_time(size_t bytes);     // over the host link
Picoseconds device_copy_time(size_t bytes);  // within device memory

// Remembers `message` for aclGetRecentErrMsg and returns `code`.
aclError fail(aclError code, const std::string& message);

// ACL_SUCCESS, or the scenario's error once the device has been lost.
aclError device_state();
void note_kernel(const std::string& type);  // one of the type that the scenario names loses the device

}  // namespace sim
