// aclnn fused attention and its gradient, for the BNSD layout ([batch, head, position, channel]) without dropout and
// without position bias. Key and value may have fewer heads than the query.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "gemm.h"
#include "kernel.h"

namespace {

using namespace sim;
using Floats = std::vector<float>;

// torch_npu's sparse_mode. Causal modes hide the later positions, counted from the upper left or the lower right.
enum SparseMode { kGivenMask = 0, kAllMask = 1, kCausalUpperLeft = 2, kCausalLowerRight = 3 };

struct Attention {
  int64_t batch, heads, kv_heads, queries, keys, channels, value_channels;
  double scale;
  int64_t sparse_mode;
  bool has_mask;
  Tensor mask;

  int64_t query_at(int64_t b, int64_t h) const { return (b * heads + h) * queries * channels; }
  int64_t key_at(int64_t b, int64_t h) const { return kv_index(b, h) * keys * channels; }
  int64_t value_at(int64_t b, int64_t h) const { return kv_index(b, h) * keys * value_channels; }
  int64_t out_at(int64_t b, int64_t h) const { return (b * heads + h) * queries * value_channels; }
  int64_t kv_index(int64_t b, int64_t h) const { return b * kv_heads + h / (heads / kv_heads); }
  double product_operations() const {
    return 2.0 * static_cast<double>(batch * heads * queries * keys * (channels + value_channels));
  }

  template <typename Action>
  void for_each_head(Action action) const {
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t h = 0; h < heads; ++h) action(b, h);
  }
};

Attention describe(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor* mask, double scale,
                   double keep_probability, const char* layout, int64_t sparse_mode) {
  if (std::strncmp(layout, "BNSD", 4) != 0) throw std::runtime_error("fused attention is simulated for BNSD only");
  if (keep_probability != 1) throw std::runtime_error("fused attention is simulated without dropout only");
  if (sparse_mode > kCausalLowerRight) throw std::runtime_error("this sparse_mode of attention is not simulated");
  return {query.dims[0],          query.dims[1], key.dims[1], query.dims[2], key.dims[2],
          query.dims[3],          value.dims[3], scale,       sparse_mode,   mask != nullptr,
          mask ? *mask : Tensor()};
}

// For each score, whether it is hidden.
std::vector<bool> hidden(const Attention& shape) {
  Dims dims = {shape.batch, shape.heads, shape.queries, shape.keys};
  std::vector<bool> out(static_cast<size_t>(count(dims)), false);
  if (shape.sparse_mode >= kCausalUpperLeft) {
    int64_t shift = shape.sparse_mode == kCausalLowerRight ? shape.keys - shape.queries : 0;
    for (size_t i = 0; i < out.size(); ++i) {
      auto at = static_cast<int64_t>(i);
      out[i] = at % shape.keys > at / shape.keys % shape.queries + shift;
    }
  } else if (shape.has_mask) {
    Values given = load(shape.mask, dims);
    for (size_t i = 0; i < out.size(); ++i) out[i] = given[i] != 0;
  }
  return out;
}

// Softmax of the scaled scores of one head, [queries, keys].
Floats probabilities(const Attention& shape, const float* query, const float* key, const std::vector<bool>& masked,
                     int64_t first_score) {
  Floats scores(static_cast<size_t>(shape.queries * shape.keys), 0);
  Floats turned = transposed(key, shape.keys, shape.channels);
  gemm(query, turned.data(), scores.data(), shape.queries, shape.channels, shape.keys);
  for (int64_t row = 0; row < shape.queries; ++row) {
    float* line = &scores[row * shape.keys];
    for (int64_t i = 0; i < shape.keys; ++i)
      line[i] = masked[first_score + row * shape.keys + i] ? -INFINITY : line[i] * static_cast<float>(shape.scale);
    float largest = *std::max_element(line, line + shape.keys), sum = 0;
    for (int64_t i = 0; i < shape.keys; ++i) sum += line[i] = std::exp(line[i] - largest);
    for (int64_t i = 0; i < shape.keys; ++i) line[i] /= sum;
  }
  return scores;
}

struct Gradients {
  Floats query, key, value;
};

// Adds the gradients of one head to those of the whole.
void add_head_gradient(const Attention& shape, int64_t b, int64_t h, const Gradients& in, const Floats& grad,
                       const std::vector<bool>& masked, Gradients& out) {
  const float *query = &in.query[shape.query_at(b, h)], *key = &in.key[shape.key_at(b, h)];
  const float *value = &in.value[shape.value_at(b, h)], *slope = &grad[shape.out_at(b, h)];
  int64_t first_score = (b * shape.heads + h) * shape.queries * shape.keys;
  Floats chance = probabilities(shape, query, key, masked, first_score);
  Floats chance_turned = transposed(chance.data(), shape.queries, shape.keys);
  gemm(chance_turned.data(), slope, &out.value[shape.value_at(b, h)], shape.keys, shape.queries, shape.value_channels);
  Floats for_scores(chance.size(), 0), value_turned = transposed(value, shape.keys, shape.value_channels);
  gemm(slope, value_turned.data(), for_scores.data(), shape.queries, shape.value_channels, shape.keys);
  for (int64_t row = 0; row < shape.queries; ++row) {
    float *line = &for_scores[row * shape.keys], *weight = &chance[row * shape.keys], sum = 0;
    for (int64_t i = 0; i < shape.keys; ++i) sum += line[i] * weight[i];
    for (int64_t i = 0; i < shape.keys; ++i) line[i] = weight[i] * (line[i] - sum) * static_cast<float>(shape.scale);
  }
  gemm(for_scores.data(), key, &out.query[shape.query_at(b, h)], shape.queries, shape.keys, shape.channels);
  Floats scores_turned = transposed(for_scores.data(), shape.queries, shape.keys);
  gemm(scores_turned.data(), query, &out.key[shape.key_at(b, h)], shape.keys, shape.queries, shape.channels);
}

Kernel mixed_kernel(const char* type, const Tensors& inputs, const Tensors& outputs, double operations) {
  Kernel kernel = cube_kernel(type, inputs, outputs, operations);
  kernel.core = Core::mix;
  return kernel;
}

}  // namespace

ACLNN(FlashAttentionScore, aclTensor* query, aclTensor* key, aclTensor* value, aclTensor*, aclTensor*, aclTensor*,
      aclTensor* mask, aclIntArray*, double scale, double keep_probability, int64_t, int64_t, int64_t, char* layout,
      int64_t, int64_t sparse_mode, aclTensor* softmax_max, aclTensor* softmax_sum, aclTensor*, aclTensor* out) {
  Attention shape = describe(*query, *key, *value, mask, scale, keep_probability, layout, sparse_mode);
  Kernel kernel = mixed_kernel("FlashAttentionScore", {query, key, value, mask}, {softmax_max, softmax_sum, out},
                               shape.product_operations());
  return PREPARE(Work{{kernel}, [shape, q = *query, k = *key, v = *value, to = *out] {
                        Floats from = load_floats(q), keys = load_floats(k), values = load_floats(v);
                        Floats result(static_cast<size_t>(to.numel()), 0);
                        std::vector<bool> masked = hidden(shape);
                        shape.for_each_head([&](int64_t b, int64_t h) {
                          int64_t first_score = (b * shape.heads + h) * shape.queries * shape.keys;
                          Floats chance = probabilities(shape, &from[shape.query_at(b, h)], &keys[shape.key_at(b, h)],
                                                        masked, first_score);
                          gemm(chance.data(), &values[shape.value_at(b, h)], &result[shape.out_at(b, h)], shape.queries,
                               shape.keys, shape.value_channels);
                        });
                        store(to, result);
                      }});
}

// The statistics of the forward pass are not needed: the gradient takes the softmax again.
ACLNN(FlashAttentionScoreGrad, aclTensor* query, aclTensor* key, aclTensor* value, aclTensor* grad, aclTensor*,
      aclTensor*, aclTensor*, aclTensor* mask, aclTensor*, aclTensor*, aclTensor*, aclTensor*, aclIntArray*,
      double scale, double keep_probability, int64_t, int64_t, int64_t, char* layout, int64_t, int64_t sparse_mode,
      aclTensor* grad_query, aclTensor* grad_key, aclTensor* grad_value, aclTensor*) {
  Attention shape = describe(*query, *key, *value, mask, scale, keep_probability, layout, sparse_mode);
  Kernel kernel = mixed_kernel("FlashAttentionScoreGrad", {query, key, value, grad, mask},
                               {grad_query, grad_key, grad_value}, 2.5 * shape.product_operations());
  return PREPARE(Work{{kernel},
                      [shape, q = *query, k = *key, v = *value, g = *grad, to_query = *grad_query, to_key = *grad_key,
                       to_value = *grad_value] {
                        Gradients in{load_floats(q), load_floats(k), load_floats(v)};
                        Gradients out{Floats(in.query.size(), 0), Floats(in.key.size(), 0), Floats(in.value.size(), 0)};
                        Floats slope = load_floats(g);
                        std::vector<bool> masked = hidden(shape);
                        shape.for_each_head(
                            [&](int64_t b, int64_t h) { add_head_gradient(shape, b, h, in, slope, masked, out); });
                        store(to_query, out.query);
                        store(to_key, out.key);
                        store(to_value, out.value);
                      }});
}
