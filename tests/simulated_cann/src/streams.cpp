// Streams, events and the virtual clock.
#include <time.h>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "device.h"
#include "scenario.h"

namespace sim {
namespace {

constexpr double kQuestionUs = 1.0;

struct Clock {
  std::vector<std::unique_ptr<Stream>> streams;
  std::map<int, Stream*> default_streams;
  Picoseconds host = 0;
  int64_t waits = 0;
};

Clock& machine_clock() {
  static Clock instance;
  return instance;
}

Stream* new_stream(int device) {
  auto& streams = machine_clock().streams;
  streams.push_back(std::make_unique<Stream>());
  streams.back()->id = static_cast<int>(streams.size()) + 1;
  streams.back()->device = device;
  return streams.back().get();
}

void spend_real_time(double us) {
  timespec start{};
  clock_gettime(CLOCK_MONOTONIC, &start);
  double passed = 0;
  while (passed < us) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    passed =
        static_cast<double>(now.tv_sec - start.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec - start.tv_nsec) * 1e-3;
  }
}

}  // namespace

Picoseconds from_us(double us) { return static_cast<Picoseconds>(std::llround(us * 1e6)); }

double to_us(Picoseconds time) { return static_cast<double>(time) * 1e-6; }

std::recursive_mutex& machine_lock() {
  static std::recursive_mutex instance;
  return instance;
}

Stream* resolve(aclrtStream stream) {
  if (stream != nullptr) return static_cast<Stream*>(stream);
  Stream*& found = machine_clock().default_streams[current_device()];
  if (found == nullptr) found = new_stream(current_device());
  return found;
}

Interval occupy(Stream& stream, Picoseconds duration) {
  Interval task{std::max(stream.free_at, machine_clock().host), duration};
  stream.free_at = task.start + duration;
  return task;
}

void host_issues() {
  double us = scenario().host_dispatch_us;
  if (scenario().host_dispatch_takes_real_time) spend_real_time(us);
  machine_clock().host += from_us(us);
}

void host_asks() { machine_clock().host += from_us(kQuestionUs); }

void host_waits_until(Picoseconds time) {
  machine_clock().host = std::max(machine_clock().host, time);
  ++machine_clock().waits;
}

Picoseconds host_now() { return machine_clock().host; }

int64_t host_waits() { return machine_clock().waits; }

Picoseconds device_idle_at(int device) {
  Picoseconds latest = 0;
  for (const auto& stream : machine_clock().streams)
    if (stream->device == device) latest = std::max(latest, stream->free_at);
  return latest;
}

Picoseconds transfer_time(size_t bytes) {
  return from_us(static_cast<double>(bytes) / (scenario().host_link_gb_per_s * 1e3));
}

Picoseconds device_copy_time(size_t bytes) {
  return from_us(scenario().launch_us + 2.0 * static_cast<double>(bytes) / (scenario().bandwidth_gb_per_s * 1e3));
}

}  // namespace sim

using sim::Event;
using sim::Stream;
using Guard = std::lock_guard<std::recursive_mutex>;

extern "C" {

aclError aclrtCreateStream(aclrtStream* stream) {
  Guard guard(sim::machine_lock());
  *stream = sim::new_stream(sim::current_device());
  return ACL_SUCCESS;
}

aclError aclrtCreateStreamWithConfig(aclrtStream* stream, uint32_t, uint32_t) { return aclrtCreateStream(stream); }

aclError aclrtDestroyStream(aclrtStream) { return ACL_SUCCESS; }  // kept: its clock is part of the device's
aclError aclrtDestroyStreamForce(aclrtStream) { return ACL_SUCCESS; }

aclError aclrtStreamGetId(aclrtStream stream, int32_t* id) {
  Guard guard(sim::machine_lock());
  *id = sim::resolve(stream)->id;
  return ACL_SUCCESS;
}

aclError aclrtStreamQuery(aclrtStream, aclrtStreamStatus* status) {
  *status = ACL_STREAM_STATUS_COMPLETE;
  return ACL_SUCCESS;
}

aclError aclrtSynchronizeStream(aclrtStream stream) {
  Guard guard(sim::machine_lock());
  sim::host_waits_until(sim::resolve(stream)->free_at);
  return sim::device_state();
}

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t) { return aclrtSynchronizeStream(stream); }

aclError aclrtSynchronizeDevice() {
  Guard guard(sim::machine_lock());
  sim::host_waits_until(sim::device_idle_at(sim::current_device()));
  return sim::device_state();
}

aclError aclrtSynchronizeDeviceWithTimeout(int32_t) { return aclrtSynchronizeDevice(); }

aclError aclrtCreateEvent(aclrtEvent* event) {
  *event = new Event();
  return ACL_SUCCESS;
}

aclError aclrtCreateEventWithFlag(aclrtEvent* event, uint32_t) { return aclrtCreateEvent(event); }
aclError aclrtCreateEventExWithFlag(aclrtEvent* event, uint32_t) { return aclrtCreateEvent(event); }

aclError aclrtDestroyEvent(aclrtEvent event) {
  delete static_cast<Event*>(event);
  return ACL_SUCCESS;
}

aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream) {
  Guard guard(sim::machine_lock());
  auto* recorded = static_cast<Event*>(event);
  recorded->recorded = true;
  sim::Interval moment = sim::occupy(*sim::resolve(stream), 0);
  recorded->at = moment.start;
  return sim::device_state();
}

aclError aclrtResetEvent(aclrtEvent, aclrtStream) { return ACL_SUCCESS; }

// As on the device, waiting for an event that nobody has recorded is no wait at all.
aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event) {
  Guard guard(sim::machine_lock());
  Stream* waiting = sim::resolve(stream);
  waiting->free_at = std::max(waiting->free_at, static_cast<Event*>(event)->at);
  return ACL_SUCCESS;
}

aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event, int32_t) {
  return aclrtStreamWaitEvent(stream, event);
}

aclError aclrtSynchronizeEvent(aclrtEvent event) {
  Guard guard(sim::machine_lock());
  sim::host_waits_until(static_cast<Event*>(event)->at);
  return sim::device_state();
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t) { return aclrtSynchronizeEvent(event); }

// Asking takes the host a moment, so that a program which asks until the answer is yes gets there.
aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus* status) {
  Guard guard(sim::machine_lock());
  bool reached = static_cast<Event*>(event)->at <= sim::host_now();
  if (!reached) sim::host_asks();
  *status = reached ? ACL_EVENT_RECORDED_STATUS_COMPLETE : ACL_EVENT_RECORDED_STATUS_NOT_READY;
  return sim::device_state();
}

aclError aclrtQueryEventWaitStatus(aclrtEvent, aclrtEventWaitStatus* status) {
  *status = ACL_EVENT_WAIT_STATUS_COMPLETE;
  return ACL_SUCCESS;
}

aclError aclrtEventElapsedTime(float* ms, aclrtEvent start, aclrtEvent end) {
  Guard guard(sim::machine_lock());
  const auto* from = static_cast<Event*>(start);
  const auto* to = static_cast<Event*>(end);
  if (!from->recorded || !to->recorded)
    return sim::fail(ACL_ERROR_INVALID_PARAM, "aclrtEventElapsedTime: an event that was never recorded");
  *ms = static_cast<float>(sim::to_us(to->at - from->at) * 1e-3);
  return ACL_SUCCESS;
}

aclError aclrtEventGetTimestamp(aclrtEvent event, uint64_t* timestamp_us) {
  Guard guard(sim::machine_lock());
  *timestamp_us = static_cast<uint64_t>(sim::to_us(static_cast<Event*>(event)->at));
  return ACL_SUCCESS;
}

}  // extern "C"
