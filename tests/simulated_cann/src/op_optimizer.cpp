// aclnn fused optimizer steps.
#include <cmath>

#include "kernel.h"

namespace {

using namespace sim;

struct AdamW {
  double rate, beta1, beta2, decay, eps;
  bool maximize;

  // One step of decoupled weight decay (Loshchilov and Hutter, 2019) on one element; `steps` counts this one.
  void step(double steps, double grad, double& parameter, double& mean, double& square, double* largest) const {
    if (maximize) grad = -grad;
    parameter -= rate * decay * parameter;
    mean += (1 - beta1) * (grad - mean);
    square = beta2 * square + (1 - beta2) * grad * grad;
    double spread = largest ? * largest = std::fmax(*largest, square) : square;
    double denominator = std::sqrt(spread / (1 - std::pow(beta2, steps))) + eps;
    parameter -= rate / (1 - std::pow(beta1, steps)) * mean / denominator;
  }
};

}  // namespace

ACLNN(ApplyAdamWV2, aclTensor* var, aclTensor* mean, aclTensor* square, aclTensor* largest, aclTensor* grad,
      aclTensor* steps_before, float rate, float beta1, float beta2, float decay, float eps, bool amsgrad,
      bool maximize) {
  AdamW rule{rate, beta1, beta2, decay, eps, maximize};
  Tensor largest_copy = amsgrad ? *largest : Tensor();
  return PREPARE(
      Work{{vector_kernel("ApplyAdamWV2", {var, mean, square, grad, steps_before}, {var, mean, square}, 12)},
           [rule, p = *var, m = *mean, v = *square, largest_copy, amsgrad, g = *grad, before = *steps_before] {
             Values parameter = load(p), means = load(m), squares = load(v), slope = load(g);
             Values most = amsgrad ? load(largest_copy) : Values();
             double steps = load(before)[0] + 1;
             for (size_t i = 0; i < parameter.size(); ++i)
               rule.step(steps, slope[i], parameter[i], means[i], squares[i], amsgrad ? &most[i] : nullptr);
             store(p, parameter);
             store(m, means);
             store(v, squares);
             if (amsgrad) store(largest_copy, most);
           }});
}
