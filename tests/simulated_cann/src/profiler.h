// Recording kernels while a profiler session runs.
#pragma once

#include <cstdint>
#include <string>

#include "kernel.h"

namespace sim {

// The host's clock as torch_npu's profiler reads it (CLOCK_MONOTONIC_RAW), moved to the time of day.
int64_t host_clock_ns();

// The kernel recorded last does the work of one of `type` too; `into`, if given, is the type that it has now.
void extend_recorded_kernel(const std::string& type, const std::string& into);

void record_kernel(const std::string& api, const Kernel& kernel, const Stream& stream, Interval ran, int64_t issued_ns);

}  // namespace sim
