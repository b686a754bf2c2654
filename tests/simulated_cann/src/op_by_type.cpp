// Operators reached through aclopCompileAndExecute, by the name of their type. They have no aclnn pair here.
#include <climits>
#include <cmath>

#include "generic_op.h"
#include "op_elementwise.h"

namespace {

using namespace sim;

double number(const GenericCall& call, const char* name) { return call.attributes.numbers.at(name).at(0); }

// torch_npu writes an infinite order of a norm as INT_MAX.
bool is_infinite(double order) { return order >= static_cast<double>(INT_MAX); }

// The place in the reduced tensor of the element at `place` in row-major order.
size_t reduced_place(const Dims& dims, const std::vector<bool>& reduced, int64_t place) {
  int64_t target = 0, step = 1;
  for (size_t i = dims.size(); i-- > 0; place /= dims[i]) {
    if (reduced[i]) continue;
    target += place % dims[i] * step;
    step *= dims[i];
  }
  return static_cast<size_t>(target);
}

// The sum of powers (for an infinite order: the largest magnitude) over the attribute `axes`, or over everything.
Work norm_reduce(const GenericCall& call) {
  const Tensor &from = call.inputs[0], &to = call.outputs[0];
  double order = number(call, "p");
  std::vector<bool> reduced(from.dims.size(), call.attributes.numbers.at("axes").empty());
  for (double axis : call.attributes.numbers.at("axes"))
    reduced[static_cast<size_t>(wrap_axis(static_cast<int64_t>(axis), from.rank()))] = true;
  return {{vector_kernel("LpNormReduceV2", {&from}, {&to}, 2)}, [from, to, order, reduced] {
            Values values = load(from), sums(static_cast<size_t>(to.numel()), 0);
            for (size_t at = 0; at < values.size(); ++at) {
              double& sum = sums[reduced_place(from.dims, reduced, static_cast<int64_t>(at))];
              double size = std::fabs(values[at]);
              sum = is_infinite(order) ? std::fmax(sum, size) : sum + std::pow(size, order);
            }
            store(to, sums);
          }};
}

Work norm_update(const GenericCall& call) {
  double order = number(call, "p");
  return map1("LpNormUpdateV2", &call.inputs[0], &call.outputs[0],
              [order](double x) { return is_infinite(order) ? x : std::pow(x, 1 / order); });
}

Work softplus(const GenericCall& call) {
  return map1(
      "SoftplusV2", &call.inputs[0], &call.outputs[0],
      [beta = number(call, "beta"), threshold = number(call, "threshold")](double x) {
        return x * beta > threshold ? x : std::log1p(std::exp(x * beta)) / beta;
      },
      4);
}

Work elu(const GenericCall& call) {
  return map1(
      "Elu", &call.inputs[0], &call.outputs[0],
      [alpha = number(call, "alpha"), scale = number(call, "scale"), in = number(call, "input_scale")](double x) {
        return scale * (x > 0 ? x : alpha * std::expm1(in * x));
      },
      4);
}

template <double (*function)(double)>
Work unary(const char* type, const GenericCall& call) {
  return map1(type, &call.inputs[0], &call.outputs[0], function, 4);
}

}  // namespace

namespace sim {

const std::map<std::string, GenericOperator>& generic_operators() {
  static const std::map<std::string, GenericOperator> instance = {
      {"LpNormReduceV2", norm_reduce},
      {"LpNormUpdateV2", norm_update},
      {"SoftplusV2", softplus},
      {"Elu", elu},
      {"Expm1", [](const GenericCall& call) { return unary<std::expm1>("Expm1", call); }},
      {"Log1p", [](const GenericCall& call) { return unary<std::log1p>("Log1p", call); }},
      {"Erfc", [](const GenericCall& call) { return unary<std::erfc>("Erfc", call); }},
      {"Tan", [](const GenericCall& call) { return unary<std::tan>("Tan", call); }},
  };
  return instance;
}

}  // namespace sim
