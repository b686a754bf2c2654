// aclnn group normalization of [batch, channel, ...] tensors and its gradient.
#include <cmath>

#include "kernel.h"

namespace {

using namespace sim;

struct Groups {
  size_t lines, line, channels, inner;  // lines of `line` elements, one for each group of each batch element

  Groups(int64_t batch, int64_t channel_count, int64_t places, int64_t groups)
      : lines(static_cast<size_t>(batch * groups)),
        line(static_cast<size_t>(channel_count / groups * places)),
        channels(static_cast<size_t>(channel_count)),
        inner(static_cast<size_t>(places)) {}

  size_t channel(size_t place) const { return place / inner % channels; }
};

Values load_or_ones(const Tensor& tensor, bool present, size_t n) { return present ? load(tensor) : Values(n, 1); }

Tensor copy_or_empty(const Tensor* tensor) { return tensor ? *tensor : Tensor(); }

}  // namespace

ACLNN(GroupNorm, aclTensor* self, aclTensor* weight, aclTensor* bias, int64_t batch, int64_t channels, int64_t places,
      int64_t groups, double eps, aclTensor* out, aclTensor* mean_out, aclTensor* rstd_out) {
  Groups shape(batch, channels, places, groups);
  return PREPARE(
      Work{{vector_kernel("GroupNorm", {self, weight, bias}, {out, mean_out, rstd_out}, 8)},
           [shape, from = *self, w = copy_or_empty(weight), b = copy_or_empty(bias), has_weight = weight != nullptr,
            has_bias = bias != nullptr, eps, to = *out, mean_to = *mean_out, rstd_to = *rstd_out] {
             Values x = load(from), gain = load_or_ones(w, has_weight, shape.channels);
             Values shift = has_bias ? load(b) : Values(shape.channels, 0), means, rstds;
             for (size_t row = 0; row < shape.lines; ++row) {
               double mean = 0, variance = 0, *line = &x[row * shape.line];
               for (size_t i = 0; i < shape.line; ++i) mean += line[i] / static_cast<double>(shape.line);
               for (size_t i = 0; i < shape.line; ++i)
                 variance += (line[i] - mean) * (line[i] - mean) / static_cast<double>(shape.line);
               means.push_back(mean);
               rstds.push_back(1 / std::sqrt(variance + eps));
               for (size_t i = 0; i < shape.line; ++i) {
                 size_t channel = shape.channel(row * shape.line + i);
                 line[i] = (line[i] - mean) * rstds.back() * gain[channel] + shift[channel];
               }
             }
             store(to, x);
             store(mean_to, means);
             store(rstd_to, rstds);
           }});
}
ACLNN(GroupNormBackward, aclTensor* grad, aclTensor* self, aclTensor* mean, aclTensor* rstd, aclTensor* weight,
      int64_t batch, int64_t channels, int64_t places, int64_t groups, aclBoolArray* mask, aclTensor* grad_input,
      aclTensor* grad_weight, aclTensor* grad_bias) {
  Groups shape(batch, channels, places, groups);
  return PREPARE(
      Work{{vector_kernel("GroupNormGrad", {grad, mean, rstd, self, weight}, {grad_input, grad_weight, grad_bias}, 16)},
           [shape, g = *grad, from = *self, m = *mean, r = *rstd, w = copy_or_empty(weight),
            has_weight = weight != nullptr, wanted = mask->values, to = copy_or_empty(grad_input),
            weight_to = copy_or_empty(grad_weight), bias_to = copy_or_empty(grad_bias)] {
             Values slope = load(g), x = load(from), means = load(m), rstds = load(r);
             Values gain = load_or_ones(w, has_weight, shape.channels);
             Values for_weight(shape.channels, 0), for_bias(shape.channels, 0);
             for (size_t row = 0; row < shape.lines; ++row) {
               double *dy = &slope[row * shape.line], *line = &x[row * shape.line], sum = 0, projection = 0;
               for (size_t i = 0; i < shape.line; ++i) {
                 size_t channel = shape.channel(row * shape.line + i);
                 line[i] = (line[i] - means[row]) * rstds[row];
                 for_weight[channel] += dy[i] * line[i];
                 for_bias[channel] += dy[i];
                 dy[i] *= gain[channel];
                 sum += dy[i];
                 projection += dy[i] * line[i];
               }
               auto n = static_cast<double>(shape.line);
               for (size_t i = 0; i < shape.line; ++i)
                 dy[i] = rstds[row] * (dy[i] - sum / n - line[i] * projection / n);
             }
             if (wanted[0]) store(to, slope);
             if (wanted[1]) store(weight_to, for_weight);
             if (wanted[2]) store(bias_to, for_bias);
           }});
}
