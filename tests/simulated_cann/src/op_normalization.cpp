// aclnn layer, RMS and batch normalization, with their gradients. Statistics are taken in double precision.
#include <cmath>

#include "kernel.h"

namespace {

using namespace sim;

// Numbers of an optional tensor, or `otherwise` in each of `n` places.
Values load_or(const Tensor* tensor, double otherwise, size_t n) {
  return tensor ? load(*tensor) : Values(n, otherwise);
}

void store_if(const Tensor* tensor, const Values& values) {
  if (tensor) store(*tensor, values);
}

// Copies of optional tensors, so that the work outlives the call.
struct Optional {
  bool present;
  Tensor tensor;
  explicit Optional(const Tensor* given) : present(given != nullptr), tensor(given ? *given : Tensor()) {}
  const Tensor* get() const { return present ? &tensor : nullptr; }
};

struct Statistics {
  double mean, inverse_deviation;
};

struct Rows {
  size_t rows, columns;
  Rows(const Tensor& tensor, int64_t normalized)
      : rows(static_cast<size_t>(tensor.numel() / normalized)), columns(static_cast<size_t>(normalized)) {}
};

Work layer_norm(const Tensor* input, int64_t normalized, const Tensor* weight, const Tensor* bias, double eps,
                const Tensor* out, const Tensor* mean_out, const Tensor* rstd_out) {
  Kernel kernel = vector_kernel("LayerNormV3", {input, weight, bias}, {out, mean_out, rstd_out}, 8);
  return {{kernel},
          [from = *input, w = Optional(weight), b = Optional(bias), to = *out, mean_to = Optional(mean_out),
           rstd_to = Optional(rstd_out), normalized, eps] {
            Values x = load(from);
            Rows shape(from, normalized);
            Values gain = load_or(w.get(), 1, shape.columns), shift = load_or(b.get(), 0, shape.columns);
            Values means, rstds;
            for (size_t row = 0; row < shape.rows; ++row) {
              double* line = &x[row * shape.columns];
              double mean = 0, variance = 0;
              for (size_t i = 0; i < shape.columns; ++i) mean += line[i] / static_cast<double>(shape.columns);
              for (size_t i = 0; i < shape.columns; ++i)
                variance += (line[i] - mean) * (line[i] - mean) / static_cast<double>(shape.columns);
              double rstd = 1 / std::sqrt(variance + eps);
              for (size_t i = 0; i < shape.columns; ++i) line[i] = (line[i] - mean) * rstd * gain[i] + shift[i];
              means.push_back(mean);
              rstds.push_back(rstd);
            }
            store(to, x);
            store_if(mean_to.get(), means);
            store_if(rstd_to.get(), rstds);
          }};
}

Work layer_norm_gradient(const Tensor* grad, const Tensor* input, int64_t normalized, const Tensor* mean,
                         const Tensor* rstd, const Tensor* weight, const Tensor* grad_input, const Tensor* grad_weight,
                         const Tensor* grad_bias) {
  Kernel kernel =
      vector_kernel("LayerNormGradV3", {grad, input, rstd, mean, weight}, {grad_input, grad_weight, grad_bias}, 16);
  return {{kernel},
          [g = *grad, from = *input, m = *mean, r = *rstd, w = Optional(weight), to = Optional(grad_input),
           weight_to = Optional(grad_weight), bias_to = Optional(grad_bias), normalized] {
            Values slope = load(g), x = load(from), means = load(m), rstds = load(r);
            Rows shape(from, normalized);
            Values gain = load_or(w.get(), 1, shape.columns);
            Values for_weight(shape.columns, 0), for_bias(shape.columns, 0);
            for (size_t row = 0; row < shape.rows; ++row) {
              double *dy = &slope[row * shape.columns], *line = &x[row * shape.columns];
              double sum = 0, projection = 0;
              for (size_t i = 0; i < shape.columns; ++i) {
                line[i] = (line[i] - means[row]) * rstds[row];
                for_weight[i] += dy[i] * line[i];
                for_bias[i] += dy[i];
                dy[i] *= gain[i];
                sum += dy[i];
                projection += dy[i] * line[i];
              }
              auto n = static_cast<double>(shape.columns);
              for (size_t i = 0; i < shape.columns; ++i)
                dy[i] = rstds[row] * (dy[i] - sum / n - line[i] * projection / n);
            }
            store_if(to.get(), slope);
            store_if(weight_to.get(), for_weight);
            store_if(bias_to.get(), for_bias);
          }};
}

void rms_norm(Values& x, const Values& gain, double eps, Values& rstds) {
  size_t columns = gain.size();
  for (size_t row = 0; row < x.size() / columns; ++row) {
    double square = 0;
    for (size_t i = 0; i < columns; ++i) square += x[row * columns + i] * x[row * columns + i];
    rstds.push_back(1 / std::sqrt(square / static_cast<double>(columns) + eps));
    for (size_t i = 0; i < columns; ++i) x[row * columns + i] *= rstds.back() * gain[i];
  }
}

// Elements of a [batch, channel, ...] tensor, by channel.
struct Channels {
  size_t outer, channels, inner;
  explicit Channels(const Dims& dims) : outer(static_cast<size_t>(dims[0])), channels(static_cast<size_t>(dims[1])) {
    inner = static_cast<size_t>(count(dims)) / (outer * channels);
  }
  double size() const { return static_cast<double>(outer * inner); }

  template <typename Action>
  void for_each(size_t channel, Action action) const {
    for (size_t before = 0; before < outer; ++before)
      for (size_t after = 0; after < inner; ++after) action((before * channels + channel) * inner + after);
  }
};

Statistics batch_statistics(const Values& x, const Channels& shape, size_t channel, double eps, double* variance) {
  double mean = 0;
  *variance = 0;
  shape.for_each(channel, [&](size_t at) { mean += x[at] / shape.size(); });
  shape.for_each(channel, [&](size_t at) { *variance += (x[at] - mean) * (x[at] - mean) / shape.size(); });
  return {mean, 1 / std::sqrt(*variance + eps)};
}

}  // namespace

ACLNN(LayerNorm, aclTensor* input, aclIntArray* shape, aclTensor* weight, aclTensor* bias, double eps, aclTensor* out,
      aclTensor* mean, aclTensor* rstd) {
  return PREPARE(layer_norm(input, count(shape->values), weight, bias, eps, out, mean, rstd));
}
ACLNN(FastLayerNorm, aclTensor* input, aclIntArray* shape, aclTensor* weight, aclTensor* bias, double eps,
      aclTensor* out, aclTensor* mean, aclTensor* rstd) {
  return PREPARE(layer_norm(input, count(shape->values), weight, bias, eps, out, mean, rstd));
}
ACLNN(LayerNormBackward, aclTensor* grad, aclTensor* input, aclIntArray* shape, aclTensor* mean, aclTensor* rstd,
      aclTensor* weight, aclTensor*, aclBoolArray*, aclTensor* grad_input, aclTensor* grad_weight,
      aclTensor* grad_bias) {
  return PREPARE(
      layer_norm_gradient(grad, input, count(shape->values), mean, rstd, weight, grad_input, grad_weight, grad_bias));
}

ACLNN(RmsNorm, aclTensor* self, aclTensor* gamma, double eps, aclTensor* out, aclTensor* rstd) {
  return PREPARE(Work{{vector_kernel("RmsNorm", {self, gamma}, {out, rstd}, 5)},
                      [from = *self, w = *gamma, to = *out, rstd_to = *rstd, eps] {
                        Values x = load(from), rstds;
                        rms_norm(x, load(w), eps, rstds);
                        store(to, x);
                        store(rstd_to, rstds);
                      }});
}
ACLNN(AddRmsNorm, aclTensor* x1, aclTensor* x2, aclTensor* gamma, double eps, aclTensor* out, aclTensor* rstd,
      aclTensor* sum) {
  return PREPARE(Work{{vector_kernel("AddRmsNorm", {x1, x2, gamma}, {out, rstd, sum}, 6)},
                      [a = *x1, b = *x2, w = *gamma, to = *out, rstd_to = *rstd, sum_to = *sum, eps] {
                        Values x = load(a), other = load(b), rstds;
                        for (size_t i = 0; i < x.size(); ++i) x[i] += other[i];
                        store(sum_to, x);
                        rms_norm(x, load(w), eps, rstds);
                        store(to, x);
                        store(rstd_to, rstds);
                      }});
}
ACLNN(RmsNormGrad, aclTensor* grad, aclTensor* self, aclTensor* rstd, aclTensor* gamma, aclTensor* grad_input,
      aclTensor* grad_gamma) {
  return PREPARE(Work{{vector_kernel("RmsNormGrad", {grad, self, rstd, gamma}, {grad_input, grad_gamma}, 10)},
                      [g = *grad, from = *self, r = *rstd, w = *gamma, to = *grad_input, gamma_to = *grad_gamma] {
                        Values slope = load(g), x = load(from), rstds = load(r), gain = load(w);
                        size_t columns = gain.size();
                        Values for_gamma(columns, 0);
                        for (size_t row = 0; row < rstds.size(); ++row) {
                          double *dy = &slope[row * columns], *line = &x[row * columns];
                          double projection = 0;
                          for (size_t i = 0; i < columns; ++i) {
                            line[i] *= rstds[row];
                            for_gamma[i] += dy[i] * line[i];
                            dy[i] *= gain[i];
                            projection += dy[i] * line[i] / static_cast<double>(columns);
                          }
                          for (size_t i = 0; i < columns; ++i) dy[i] = rstds[row] * (dy[i] - line[i] * projection);
                        }
                        store(to, slope);
                        store(gamma_to, for_gamma);
                      }});
}

ACLNN(BatchNorm, aclTensor* input, aclTensor* weight, aclTensor* bias, aclTensor* running_mean, aclTensor* running_var,
      bool training, double momentum, double eps, aclTensor* out, aclTensor* save_mean, aclTensor* save_invstd) {
  std::vector<Kernel> kernels;
  if (training) {
    kernels.push_back(vector_kernel("BNTrainingReduce", {input}, {save_mean, save_invstd}, 3));
    kernels.push_back(vector_kernel("BNTrainingUpdate", {input, weight, bias}, {out, save_mean, save_invstd}, 4));
  } else {
    kernels.push_back(vector_kernel("BNInfer", {input, weight, bias, running_mean, running_var}, {out}, 4));
  }
  return PREPARE(
      Work{kernels, [from = *input, w = Optional(weight), b = Optional(bias), mean_run = Optional(running_mean),
                     var_run = Optional(running_var), to = *out, mean_to = Optional(save_mean),
                     invstd_to = Optional(save_invstd), training, momentum, eps] {
             Values x = load(from);
             Channels shape(from.dims);
             Values gain = load_or(w.get(), 1, shape.channels), shift = load_or(b.get(), 0, shape.channels);
             Values means = load_or(mean_run.get(), 0, shape.channels),
                    variances = load_or(var_run.get(), 1, shape.channels);
             Values saved_means, saved_invstds;
             for (size_t channel = 0; channel < shape.channels; ++channel) {
               Statistics used{means[channel], 1 / std::sqrt(variances[channel] + eps)};
               if (training) {
                 double variance = 0;
                 used = batch_statistics(x, shape, channel, eps, &variance);
                 double unbiased = variance * shape.size() / (shape.size() - 1);
                 means[channel] += momentum * (used.mean - means[channel]);
                 variances[channel] += momentum * (unbiased - variances[channel]);
               }
               saved_means.push_back(used.mean);
               saved_invstds.push_back(used.inverse_deviation);
               shape.for_each(channel, [&](size_t at) {
                 x[at] = (x[at] - used.mean) * used.inverse_deviation * gain[channel] + shift[channel];
               });
             }
             store(to, x);
             if (!training) return;
             store_if(mean_to.get(), saved_means);
             store_if(invstd_to.get(), saved_invstds);
             store_if(mean_run.get(), means);
             store_if(var_run.get(), variances);
           }});
}
ACLNN(BatchNormBackward, aclTensor* grad, aclTensor* self, aclTensor* weight, aclTensor* running_mean,
      aclTensor* running_var, aclTensor* save_mean, aclTensor* save_invstd, bool training, double eps, aclBoolArray*,
      aclTensor* grad_input, aclTensor* grad_weight, aclTensor* grad_bias) {
  std::vector<Kernel> kernels = {
      vector_kernel("BNTrainingUpdateGrad", {grad, self, save_mean, save_invstd}, {grad_weight, grad_bias}, 4),
      vector_kernel("BNTrainingReduceGrad", {grad, self, weight}, {grad_input}, 6)};
  return PREPARE(Work{
      kernels, [g = *grad, from = *self, w = Optional(weight), mean = *(training ? save_mean : running_mean),
                deviation = *(training ? save_invstd : running_var), to = Optional(grad_input),
                weight_to = Optional(grad_weight), bias_to = Optional(grad_bias), training, eps] {
        Values slope = load(g), x = load(from), means = load(mean), invstds = load(deviation);
        Channels shape(from.dims);
        Values gain = load_or(w.get(), 1, shape.channels), for_weight, for_bias;
        for (size_t channel = 0; channel < shape.channels; ++channel) {
          double invstd = training ? invstds[channel] : 1 / std::sqrt(invstds[channel] + eps);
          double sum = 0, projection = 0;
          shape.for_each(channel, [&](size_t at) {
            x[at] = (x[at] - means[channel]) * invstd;
            sum += slope[at];
            projection += slope[at] * x[at];
          });
          for_weight.push_back(projection);
          for_bias.push_back(sum);
          shape.for_each(channel, [&](size_t at) {
            double centred = training ? slope[at] - sum / shape.size() - x[at] * projection / shape.size() : slope[at];
            slope[at] = gain[channel] * invstd * centred;
          });
        }
        store_if(to.get(), slope);
        store_if(weight_to.get(), for_weight);
        store_if(bias_to.get(), for_bias);
      }});
}
