// aclnn softmax and its logarithm, with their gradients, and the losses built on them.
#include <algorithm>
#include <cmath>

#include "axis.h"
#include "op_elementwise.h"

namespace {

using namespace sim;

Work softmax(const Tensor* self, int64_t dim, const Tensor* out, bool logarithm) {
  const char* type = logarithm ? "LogSoftmaxV2" : "SoftmaxV2";
  return {{vector_kernel(type, {self}, {out}, 8)}, [from = *self, to = *out, dim, logarithm] {
            Values x = load(from);
            Axis axis(from.dims, dim);
            axis.for_each_line([&](int64_t before, int64_t after) {
              double largest = -INFINITY, sum = 0;
              for (int64_t i = 0; i < axis.length; ++i) largest = std::max(largest, x[axis.place(before, i, after)]);
              for (int64_t i = 0; i < axis.length; ++i) sum += std::exp(x[axis.place(before, i, after)] - largest);
              for (int64_t i = 0; i < axis.length; ++i) {
                double& value = x[axis.place(before, i, after)];
                value = logarithm ? value - largest - std::log(sum) : std::exp(value - largest) / sum;
              }
            });
            store(to, x);
          }};
}

Work softmax_gradient(const Tensor* grad, const Tensor* output, int64_t dim, const Tensor* out, bool logarithm) {
  const char* type = logarithm ? "LogSoftmaxGrad" : "SoftmaxGrad";
  return {{vector_kernel(type, {grad, output}, {out}, 6)}, [g = *grad, y = *output, to = *out, dim, logarithm] {
            Values slope = load(g), value = load(y);
            Axis axis(y.dims, dim);
            axis.for_each_line([&](int64_t before, int64_t after) {
              double sum = 0;
              for (int64_t i = 0; i < axis.length; ++i) {
                size_t at = axis.place(before, i, after);
                sum += logarithm ? slope[at] : slope[at] * value[at];
              }
              for (int64_t i = 0; i < axis.length; ++i) {
                size_t at = axis.place(before, i, after);
                slope[at] = logarithm ? slope[at] - std::exp(value[at]) * sum : value[at] * (slope[at] - sum);
              }
            });
            store(to, slope);
          }};
}

enum Reduction { kNone = 0, kMean = 1, kSum = 2 };

// The weight of each row's target class; 0 where the target is to be ignored.
Values row_weights(const Tensor& target, const Tensor& weight, int64_t ignore_index) {
  Values classes = load(target), by_class = load(weight), out;
  for (double index : classes) {
    auto at = static_cast<int64_t>(index);
    out.push_back(at == ignore_index ? 0 : by_class.at(static_cast<size_t>(at)));
  }
  return out;
}

double total(const Values& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

}  // namespace

ACLNN(Softmax, aclTensor* self, int64_t dim, aclTensor* out) { return PREPARE(softmax(self, dim, out, false)); }
ACLNN(LogSoftmax, aclTensor* self, int64_t dim, aclTensor* out) { return PREPARE(softmax(self, dim, out, true)); }
ACLNN(SoftmaxBackward, aclTensor* grad, aclTensor* output, int64_t dim, aclTensor* out) {
  return PREPARE(softmax_gradient(grad, output, dim, out, false));
}
ACLNN(LogSoftmaxBackward, aclTensor* grad, aclTensor* output, int64_t dim, aclTensor* out) {
  return PREPARE(softmax_gradient(grad, output, dim, out, true));
}
ACLNN(NLLLoss, aclTensor* self, aclTensor* target, aclTensor* weight, int64_t reduction, int64_t ignore_index,
      aclTensor* out, aclTensor* total_weight) {
  return PREPARE(
      Work{{vector_kernel("NLLLoss", {self, target, weight}, {out, total_weight})},
           [x = *self, t = *target, w = *weight, to = *out, sum_to = *total_weight, reduction, ignore_index] {
             Values value = load(x), classes = load(t), weights = row_weights(t, w, ignore_index);
             auto columns = static_cast<size_t>(x.dims.back());
             Values losses;
             for (size_t row = 0; row < weights.size(); ++row) {
               auto at = weights[row] == 0 ? 0 : static_cast<size_t>(classes[row]);
               losses.push_back(-weights[row] * value[row * columns + at]);
             }
             double sum = total(losses), scale = reduction == kMean ? total(weights) : 1;
             store(to, reduction == kNone ? losses : Values{sum / scale});
             store(sum_to, Values{total(weights)});
           }});
}
ACLNN(NLLLossBackward, aclTensor* grad, aclTensor* self, aclTensor* target, aclTensor* weight, int64_t reduction,
      int64_t ignore_index, aclTensor* total_weight, aclTensor* out) {
  return PREPARE(
      Work{{vector_kernel("NLLLossGrad", {self, grad, target, weight}, {out})},
           [g = *grad, t = *target, w = *weight, sum_from = *total_weight, to = *out, reduction, ignore_index] {
             Values slope = load(g), classes = load(t), weights = row_weights(t, w, ignore_index);
             auto columns = static_cast<size_t>(to.dims.back());
             double scale = reduction == kMean ? load(sum_from)[0] : 1;
             Values values(static_cast<size_t>(to.numel()), 0);
             for (size_t row = 0; row < weights.size(); ++row) {
               if (weights[row] == 0) continue;
               double from = slope[reduction == kNone ? row : 0];
               values[row * columns + static_cast<size_t>(classes[row])] = -weights[row] * from / scale;
             }
             store(to, values);
           }});
}
ACLNN(MseLoss, aclTensor* self, aclTensor* target, int64_t reduction, aclTensor* out) {
  return PREPARE(
      Work{{vector_kernel("MseLoss", {self, target}, {out}, 3)}, [x = *self, t = *target, to = *out, reduction] {
             Values value = load(x), wanted = load(t, x.dims);
             for (size_t i = 0; i < value.size(); ++i) value[i] = (value[i] - wanted[i]) * (value[i] - wanted[i]);
             double scale = reduction == kMean ? static_cast<double>(value.size()) : 1;
             store(to, reduction == kNone ? value : Values{total(value) / scale});
           }});
}
ACLNN(MseLossBackward, aclTensor* grad, aclTensor* self, aclTensor* target, int64_t reduction, aclTensor* out) {
  double scale = 2.0 / (reduction == kMean ? static_cast<double>(self->numel()) : 1);
  return PREPARE(map3("MseLossGrad", grad, self, target, out,
                      [scale](double g, double x, double t) { return scale * g * (x - t); }));
}
ACLNN(L1Loss, aclTensor* self, aclTensor* target, int64_t reduction, aclTensor* out) {
  return PREPARE(
      Work{{vector_kernel("LpLoss", {self, target}, {out}, 2)}, [x = *self, t = *target, to = *out, reduction] {
             Values value = load(x), wanted = load(t, x.dims);
             for (size_t i = 0; i < value.size(); ++i) value[i] = std::fabs(value[i] - wanted[i]);
             double scale = reduction == kMean ? static_cast<double>(value.size()) : 1;
             store(to, reduction == kNone ? value : Values{total(value) / scale});
           }});
}
ACLNN(L1LossBackward, aclTensor* grad, aclTensor* self, aclTensor* target, int64_t reduction, aclTensor* out) {
  double scale = reduction == kMean ? static_cast<double>(self->numel()) : 1;
  return PREPARE(map3("L1LossGrad", grad, self, target, out,
                      [scale](double g, double x, double t) { return g * ((x > t) - (x < t)) / scale; }));
}
