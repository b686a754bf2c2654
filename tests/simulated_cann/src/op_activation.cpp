// aclnn activations and their gradients.
#include <cmath>
#include <cstring>

#include "op_elementwise.h"

namespace {

using namespace sim;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;
constexpr double kSqrt2OverPi = 0.79788456080286535588;
constexpr double kTanhCubic = 0.044715;

double gelu(double x) { return 0.5 * x * (1 + std::erf(x * kInverseSqrt2)); }

double gelu_slope(double x) {
  return 0.5 * (1 + std::erf(x * kInverseSqrt2)) + x * kInverseSqrt2Pi * std::exp(-0.5 * x * x);
}

double gelu_tanh(double x) { return 0.5 * x * (1 + std::tanh(kSqrt2OverPi * (x + kTanhCubic * x * x * x))); }

double gelu_tanh_slope(double x) {
  double inner = std::tanh(kSqrt2OverPi * (x + kTanhCubic * x * x * x));
  return 0.5 * (1 + inner) + 0.5 * x * (1 - inner * inner) * kSqrt2OverPi * (1 + 3 * kTanhCubic * x * x);
}

double silu(double x) { return x * sigmoid(x); }
double silu_slope(double x) { return sigmoid(x) * (1 + x * (1 - sigmoid(x))); }

double hardswish(double x) { return x * std::fmin(std::fmax(x + 3, 0), 6) / 6; }
double hardswish_slope(double x) { return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6; }

// grad * slope(x)
template <typename Slope>
Work gradient(const char* type, const Tensor* grad, const Tensor* x, const Tensor* out, Slope slope) {
  return map2(type, grad, x, out, [slope](double g, double v) { return g * slope(v); }, 10);
}

// torch_npu names the approximation by 0 (none) or 1 (tanh), or in text.
bool is_tanh(const char* text) { return std::strcmp(text, "tanh") == 0; }

struct Halves {
  Tensor gate, up;
};

// The two halves of a tensor along `dim`.
Halves split(const Tensor& whole, int64_t dim) {
  auto axis = static_cast<size_t>(wrap_axis(dim, whole.rank()));
  Tensor half = whole;
  half.dims[axis] /= 2;
  Tensor second = half;
  second.offset += half.dims[axis] * whole.strides[axis];
  return {half, second};
}

}  // namespace

ACLNN(Relu, aclTensor* self, aclTensor* out) {
  return PREPARE(map1("Relu", self, out, [](double x) { return x > 0 ? x : 0; }));
}
ACLNN(InplaceRelu, aclTensor* self) {
  return PREPARE(map1("Relu", self, self, [](double x) { return x > 0 ? x : 0; }));
}
ACLNN(ThresholdBackward, aclTensor* grad, aclTensor* self, aclScalar* threshold, aclTensor* out) {
  return PREPARE(
      map2("ReluGrad", grad, self, out, [t = threshold->number](double g, double x) { return x > t ? g : 0; }));
}
ACLNN(Gelu, aclTensor* self, aclTensor* out) { return PREPARE(map1("Gelu", self, out, gelu, 10)); }
ACLNN(GeluV2, aclTensor* self, int64_t approximate, aclTensor* out) {
  return PREPARE(map1("GeluV2", self, out, approximate == 1 ? gelu_tanh : gelu, 10));
}
ACLNN(GeluBackward, aclTensor* grad, aclTensor* self, aclTensor* out) {
  return PREPARE(gradient("GeluGrad", grad, self, out, gelu_slope));
}
ACLNN(GeluBackwardV2, aclTensor* grad, aclTensor* self, char* approximate, aclTensor* out) {
  return PREPARE(gradient("GeluGradV2", grad, self, out, is_tanh(approximate) ? gelu_tanh_slope : gelu_slope));
}
ACLNN(Silu, aclTensor* self, aclTensor* out) { return PREPARE(map1("Swish", self, out, silu, 4)); }
ACLNN(SiluBackward, aclTensor* grad, aclTensor* self, aclTensor* out) {
  return PREPARE(gradient("SwishGrad", grad, self, out, silu_slope));
}
ACLNN(Sigmoid, aclTensor* self, aclTensor* out) { return PREPARE(map1("Sigmoid", self, out, sigmoid, 4)); }
ACLNN(SigmoidBackward, aclTensor* grad, aclTensor* output, aclTensor* out) {
  return PREPARE(gradient("SigmoidGrad", grad, output, out, [](double y) { return y * (1 - y); }));
}
ACLNN(Tanh, aclTensor* self, aclTensor* out) {
  return PREPARE(map1("Tanh", self, out, [](double x) { return std::tanh(x); }, 4));
}
ACLNN(TanhBackward, aclTensor* grad, aclTensor* output, aclTensor* out) {
  return PREPARE(gradient("TanhGrad", grad, output, out, [](double y) { return 1 - y * y; }));
}
ACLNN(LeakyRelu, aclTensor* self, aclScalar* slope, aclTensor* out) {
  return PREPARE(map1("LeakyRelu", self, out, [s = slope->number](double x) { return x > 0 ? x : s * x; }));
}
ACLNN(LeakyReluBackward, aclTensor* grad, aclTensor* self, aclScalar* slope, bool, aclTensor* out) {
  return PREPARE(gradient("LeakyReluGrad", grad, self, out, [s = slope->number](double x) { return x > 0 ? 1 : s; }));
}
ACLNN(Hardswish, aclTensor* self, aclTensor* out) { return PREPARE(map1("HardSwish", self, out, hardswish, 4)); }
ACLNN(HardswishBackward, aclTensor* grad, aclTensor* self, aclTensor* out) {
  return PREPARE(gradient("HardSwishGrad", grad, self, out, hardswish_slope));
}
ACLNN(HardswishBackwardV2, aclTensor* grad, aclTensor* self, aclTensor* out) {
  return PREPARE(gradient("HardSwishGrad", grad, self, out, hardswish_slope));
}
ACLNN(SwiGlu, aclTensor* self, int64_t dim, aclTensor* out) {
  Halves in = split(*self, dim);
  Work work = map2("SwiGlu", &in.gate, &in.up, out, [](double gate, double up) { return silu(gate) * up; }, 6);
  work.kernels = {vector_kernel("SwiGlu", {self}, {out}, 6)};
  return PREPARE(std::move(work));
}
ACLNN(SwiGluGrad, aclTensor* grad, aclTensor* self, int64_t dim, aclTensor* out) {
  Halves in = split(*self, dim), to = split(*out, dim);
  Work gate = map3("SwiGluGrad", grad, &in.gate, &in.up, &to.gate,
                   [](double g, double x, double up) { return g * up * silu_slope(x); });
  Work up = map2("SwiGluGrad", grad, &in.gate, &to.up, [](double g, double x) { return g * silu(x); });
  return PREPARE(Work{{vector_kernel("SwiGluGrad", {grad, self}, {out}, 10)}, [gate, up] {
                        gate.compute();
                        up.compute();
                      }});
}
