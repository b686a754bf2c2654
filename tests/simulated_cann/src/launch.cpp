// Launching: what a kernel costs under the scenario, when it runs, and that it is recorded.
#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "graph.h"
#include "kernel.h"
#include "profiler.h"
#include "scenario.h"

namespace sim {
namespace {

TensorInfo describe(const Tensor& tensor) { return TensorInfo{tensor.dims, tensor.dtype, tensor.format}; }

double bytes_of(const TensorInfo& tensor) {
  return static_cast<double>(count(tensor.dims)) * static_cast<double>(element_size(tensor.dtype));
}

Kernel describe(const std::string& type, Core core, const Tensors& inputs, const Tensors& outputs) {
  Kernel kernel;
  kernel.type = type;
  kernel.core = core;
  for (const Tensor* tensor : inputs)
    if (tensor != nullptr) kernel.inputs.push_back(describe(*tensor));
  for (const Tensor* tensor : outputs)
    if (tensor != nullptr) kernel.outputs.push_back(describe(*tensor));
  for (const TensorInfo& tensor : kernel.inputs) kernel.bytes += bytes_of(tensor);
  for (const TensorInfo& tensor : kernel.outputs) kernel.bytes += bytes_of(tensor);
  return kernel;
}

double operations_per_us(const Kernel& kernel) {
  if (kernel.core == Core::vector || kernel.core == Core::ai_cpu) return scenario().vector_tflops * 1e6;
  bool wide = !kernel.inputs.empty() && kernel.inputs[0].dtype == ACL_FLOAT;
  return scenario().cube_tflops * 1e6 / (wide ? 4 : 1);  // the cube unit is built for 16-bit numbers
}

// A factor near 1 from a seed that is the scenario's and the process's own.
double seeded_factor(std::mt19937_64& generator, double spread) {
  return spread == 0 ? 1.0 : std::max(0.1, 1.0 + spread * std::normal_distribution<double>()(generator));
}

double process_drift() {
  static const double factor = [] {
    std::mt19937_64 generator(scenario().seed * 1000003 + static_cast<uint64_t>(process_index()));
    return seeded_factor(generator, scenario().drift);
  }();
  return factor;
}

double next_noise() {
  static std::mt19937_64 generator(scenario().seed * 7919 + static_cast<uint64_t>(process_index()) + 1);
  return seeded_factor(generator, scenario().noise);
}

double named(const std::map<std::string, double>& by_type, const std::string& type, double otherwise) {
  auto found = by_type.find(type);
  return found == by_type.end() ? otherwise : found->second;
}

double cost_us(const Kernel& kernel) {
  const Scenario& now = scenario();
  double computing = kernel.operations / operations_per_us(kernel);
  double moving = kernel.bytes / (now.bandwidth_gb_per_s * 1e3);
  double cost = named(now.kernel_us, kernel.type, now.launch_us + std::max(computing, moving) / now.clock_ratio);
  cost *= named(now.kernel_factors, kernel.type, 1.0);
  if (kernel.core == Core::ai_cpu) cost *= now.ai_cpu_factor;
  return cost * (1 + now.neighbour_share) * process_drift() * next_noise();
}

// One kernel in the place of an operator that came out unfused. The first cube kernel keeps the operator's own
// work, without the bias; the others read and write a tensor of the operator's output size, and an Add the bias.
Kernel unfused_part(const std::string& type, const Kernel& whole, bool keeps_work) {
  const bool has_bias = whole.core != Core::vector && whole.inputs.size() == 3;
  Kernel part = whole;
  part.type = type;
  if (keeps_work) {
    if (has_bias) part.inputs.pop_back();
    return part;
  }
  part.core = type.rfind("hcom_", 0) == 0 ? Core::link : Core::vector;
  part.inputs = {whole.outputs[0], has_bias && type == "Add" ? whole.inputs[2] : whole.outputs[0]};
  part.outputs = {whole.outputs[0]};
  part.operations = static_cast<double>(count(whole.outputs[0].dims));
  part.bytes = 3 * bytes_of(whole.outputs[0]);
  return part;
}

std::vector<Kernel> under_scenario(const std::string& api, const std::vector<Kernel>& planned) {
  std::vector<Kernel> kernels = planned;
  auto rule = scenario().unfused.find(api);
  if (rule != scenario().unfused.end() && !planned.empty()) {
    kernels.clear();
    for (const std::string& type : rule->second) {
      bool cube = type.find("MatMul") != std::string::npos || type.find("Conv") != std::string::npos;
      bool keeps_work = kernels.empty() && (cube || planned[0].core == Core::vector);
      kernels.push_back(unfused_part(type, planned[0], keeps_work));
    }
    kernels.insert(kernels.end(), planned.begin() + 1, planned.end());
  }
  for (Kernel& kernel : kernels)
    if (scenario().ai_cpu_types.count(kernel.type)) kernel.core = Core::ai_cpu;
  return kernels;
}

}  // namespace

Kernel vector_kernel(const std::string& type, const Tensors& inputs, const Tensors& outputs, double operations_each) {
  Kernel kernel = describe(type, Core::vector, inputs, outputs);
  int64_t largest = 0;
  for (const TensorInfo& tensor : kernel.inputs) largest = std::max(largest, count(tensor.dims));
  for (const TensorInfo& tensor : kernel.outputs) largest = std::max(largest, count(tensor.dims));
  kernel.operations = operations_each * static_cast<double>(largest);
  return kernel;
}

Kernel cube_kernel(const std::string& type, const Tensors& inputs, const Tensors& outputs, double operations) {
  Kernel kernel = describe(type, Core::cube, inputs, outputs);
  kernel.operations = operations;
  return kernel;
}

int prepare(const std::string& function, Work work, uint64_t* workspace, aclOpExecutor** executor) {
  static const std::string suffix = "GetWorkspaceSize";
  *workspace = 0;
  *executor = new aclOpExecutor{function.substr(0, function.size() - suffix.size()), std::move(work)};
  return ACL_SUCCESS;
}

int launch(aclOpExecutor* executor, aclrtStream stream) {
  aclError result = run(executor->api, executor->work, stream);
  delete executor;
  return result;
}

aclError run(const std::string& api, const Work& work, aclrtStream stream) {
  try {
    {
      std::lock_guard<std::recursive_mutex> guard(machine_lock());
      int64_t issued_ns = host_clock_ns();
      host_issues();
      Stream& on = *resolve(stream);
      for (const Kernel& kernel : under_scenario(api, work.kernels)) {
        if (aclError lost = device_state()) return lost;
        if (absorbed(kernel, on)) continue;
        note_kernel(kernel.type);
        record_kernel(api, kernel, on, occupy(on, from_us(cost_us(kernel))), issued_ns);
      }
    }
    if (work.compute) work.compute();
    return ACL_SUCCESS;
  } catch (const std::exception& error) {
    return fail(ACL_ERROR_INTERNAL_ERROR, api + ": " + error.what());
  }
}

}  // namespace sim
