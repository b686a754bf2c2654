// An operator as the device sees it: kernels with a cost, and the numbers they produce.
//
// An aclnn operator comes as a pair of functions. The first describes the work (a Plan), the second launches it.
// ACLNN declares both; the body that follows it is the first and ends with `return PREPARE(work)`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "device.h"
#include "tensor.h"

namespace sim {

enum class Core { cube, vector, mix, ai_cpu, link };  // AI_CORE, AI_VECTOR_CORE, MIX_AIC, AI_CPU, COMMUNICATION

struct TensorInfo {
  Dims dims;
  aclDataType dtype = ACL_FLOAT;
  aclFormat format = ACL_FORMAT_ND;
};

struct Kernel {
  std::string type;  // as the profiler's Type column has it
  Core core = Core::vector;
  double operations = 0;
  double bytes = 0;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

using Tensors = std::vector<const Tensor*>;

// Kernels of one vector or cube operator over its tensors; absent (null) tensors are left out.
Kernel vector_kernel(const std::string& type, const Tensors& inputs, const Tensors& outputs,
                     double operations_each = 1);
Kernel cube_kernel(const std::string& type, const Tensors& inputs, const Tensors& outputs, double operations);

struct Work {
  std::vector<Kernel> kernels;
  std::function<void()> compute;
};

}  // namespace sim

struct aclOpExecutor {
  std::string api;
  sim::Work work;
};

namespace sim {

// `function` is the name of the first function of the pair.
int prepare(const std::string& function, Work work, uint64_t* workspace, aclOpExecutor** executor);
int launch(aclOpExecutor* executor, aclrtStream stream);
aclError run(const std::string& api, const Work& work, aclrtStream stream);

}  // namespace sim

#define ACLNN(name, ...)                                                                     \
  extern "C" int aclnn##name(void*, uint64_t, aclOpExecutor* executor, aclrtStream stream) { \
    return sim::launch(executor, stream);                                                    \
  }                                                                                          \
  extern "C" int aclnn##name##GetWorkspaceSize(__VA_ARGS__, uint64_t* workspace, aclOpExecutor** executor)

#define PREPARE(...) sim::prepare(__func__, __VA_ARGS__, workspace, executor)
