// The simulated graph compiler: kernels that follow one another become one, and a file says which passes took effect.
#pragma once

#include "kernel.h"

namespace sim {

// Whether the graph compiler makes `kernel` a part of the kernel before it on its stream: it then takes no time and is
// not recorded on its own. It does not look ahead: kernels that follow in the order of a rule are absorbed as they come.
bool absorbed(const Kernel& kernel, const Stream& stream);

// Writes fusion_result.json as the graph compiler does when a process ends, where the scenario has passes.
void write_fusion_result();

}  // namespace sim
