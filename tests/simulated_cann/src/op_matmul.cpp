// aclnn matrix products. The kernel types are those of the 910B: MatMulV3 for matrices, BatchMatMulV3 for batches.
#include <algorithm>

#include "gemm.h"
#include "kernel.h"

namespace {

using namespace sim;

Tensor as_matrix(Tensor tensor, bool left) {
  if (tensor.rank() != 1) return tensor;
  auto place = left ? tensor.dims.begin() : tensor.dims.end();
  auto stride = left ? tensor.strides.begin() : tensor.strides.end();
  tensor.dims.insert(place, 1);
  tensor.strides.insert(stride, 0);
  return tensor;
}

int64_t columns(const Tensor& tensor) { return tensor.dims.back(); }
int64_t rows(const Tensor& tensor) { return tensor.dims[tensor.dims.size() - 2]; }
Dims batch(const Tensor& tensor) { return Dims(tensor.dims.begin(), tensor.dims.end() - 2); }

Dims broadcast_batch(const Tensor& a, const Tensor& b) {
  Dims first = batch(a), second = batch(b);
  Dims out(std::max(first.size(), second.size()), 1);
  for (const Dims& dims : {first, second})
    for (size_t i = 0; i < dims.size(); ++i) {
      int64_t& size = out[out.size() - dims.size() + i];
      size = std::max(size, dims[i]);
    }
  return out;
}

std::vector<float> load_batches(const Tensor& tensor, Dims shape) {
  shape.insert(shape.end(), tensor.dims.end() - 2, tensor.dims.end());
  Values values = load(tensor, shape);
  return std::vector<float>(values.begin(), values.end());
}

// The product in row-major order, over broadcast batches.
std::vector<float> multiply(const Tensor& a, const Tensor& b) {
  int64_t m = rows(a), k = columns(a), n = columns(b);
  Dims shape = broadcast_batch(a, b);
  std::vector<float> left = load_batches(a, shape), right = load_batches(b, shape);
  std::vector<float> out(static_cast<size_t>(count(shape) * m * n), 0);
  for (int64_t i = 0; i < count(shape); ++i) gemm(&left[i * m * k], &right[i * k * n], &out[i * m * n], m, k, n);
  return out;
}

double operations(const Tensor& a, const Tensor& b) {
  return 2.0 * static_cast<double>(count(broadcast_batch(a, b)) * rows(a) * columns(a) * columns(b));
}

// out = alpha * a @ b, plus beta * bias where there is a bias.
Work product(const Tensor* first, const Tensor* second, const Tensor* out, const Tensor* bias = nullptr,
             double beta = 1, double alpha = 1) {
  Tensor a = as_matrix(*first, true), b = as_matrix(*second, false);
  bool batched = a.rank() > 2 && b.rank() > 2;
  const char* type = batched ? "BatchMatMulV3" : "MatMulV3";
  Kernel kernel = cube_kernel(type, {first, second, bias}, {out}, operations(a, b));
  Tensor added = bias ? *bias : Tensor();
  return {{kernel}, [a, b, to = *out, has_bias = bias != nullptr, added, beta, alpha] {
            std::vector<float> values = multiply(a, b);
            for (float& value : values) value *= static_cast<float>(alpha);
            if (has_bias && beta != 0) {
              Values addend = load(added, to.dims);
              for (size_t i = 0; i < values.size(); ++i) values[i] += static_cast<float>(beta * addend[i]);
            }
            store(to, values);
          }};
}

}  // namespace

ACLNN(Matmul, aclTensor* self, aclTensor* other, aclTensor* out, int8_t) { return PREPARE(product(self, other, out)); }
ACLNN(Mm, aclTensor* self, aclTensor* other, aclTensor* out, int8_t) { return PREPARE(product(self, other, out)); }
ACLNN(BatchMatMul, aclTensor* self, aclTensor* other, aclTensor* out, int8_t) {
  return PREPARE(product(self, other, out));
}
ACLNN(Addmm, aclTensor* self, aclTensor* a, aclTensor* b, aclScalar* beta, aclScalar* alpha, aclTensor* out, int8_t) {
  return PREPARE(product(a, b, out, self, beta->number, alpha->number));
}
ACLNN(InplaceAddmm, aclTensor* self, aclTensor* a, aclTensor* b, aclScalar* beta, aclScalar* alpha, int8_t) {
  return PREPARE(product(a, b, self, self, beta->number, alpha->number));
}
ACLNN(Baddbmm, aclTensor* self, aclTensor* a, aclTensor* b, aclScalar* beta, aclScalar* alpha, aclTensor* out, int8_t) {
  return PREPARE(product(a, b, out, self, beta->number, alpha->number));
}
ACLNN(InplaceBaddbmm, aclTensor* self, aclTensor* a, aclTensor* b, aclScalar* beta, aclScalar* alpha, int8_t) {
  return PREPARE(product(a, b, self, self, beta->number, alpha->number));
}
ACLNN(Mv, aclTensor* self, aclTensor* vector, aclTensor* out, int8_t) { return PREPARE(product(self, vector, out)); }
ACLNN(Dot, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Dot", {self, other}, {out}, 2)}, [x = *self, y = *other, to = *out] {
                        Values left = load(x), right = load(y);
                        double sum = 0;
                        for (size_t i = 0; i < left.size(); ++i) sum += left[i] * right[i];
                        store(to, Values{sum});
                      }});
}
