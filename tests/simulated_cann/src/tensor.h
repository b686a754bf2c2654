// The opaque objects of the aclnn interface (tensors, scalars, lists), as torch_npu creates and hands them over,
// and reading and writing their elements as numbers.
#pragma once

#include <acl/acl.h>

#include <cstdint>
#include <vector>

namespace sim {

using Dims = std::vector<int64_t>;
using Values = std::vector<double>;

int64_t count(const Dims& dims);

}  // namespace sim

// A view of device memory. `offset` and `strides` are in elements.
struct aclTensor {
  sim::Dims dims;
  sim::Dims strides;
  int64_t offset = 0;
  aclDataType dtype = ACL_FLOAT;
  aclFormat format = ACL_FORMAT_ND;
  void* data = nullptr;

  int64_t numel() const { return sim::count(dims); }
  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
};

struct aclScalar {
  double number = 0;
  aclDataType dtype = ACL_FLOAT;
};
struct aclIntArray {
  std::vector<int64_t> values;
};
struct aclFloatArray {
  std::vector<float> values;
};
struct aclBoolArray {
  std::vector<bool> values;
};
struct aclTensorList {
  std::vector<aclTensor> tensors;
};
struct aclScalarList {
  std::vector<aclScalar> scalars;
};

namespace sim {

using Tensor = aclTensor;

size_t element_size(aclDataType dtype);
const char* dtype_name(aclDataType dtype);  // as the profiler writes it: FLOAT, DT_BF16, ...
bool is_floating(aclDataType dtype);

// A dense row-major tensor over memory that the caller keeps alive.
Tensor dense_tensor(const Dims& dims, aclDataType dtype, void* data);
bool is_dense(const Tensor& tensor);
int64_t wrap_axis(int64_t axis, int64_t rank);

// Elements in row-major order; the second form broadcasts to `shape` first.
Values load(const Tensor& tensor);
Values load(const Tensor& tensor, const Dims& shape);
std::vector<float> load_floats(const Tensor& tensor);
void store(const Tensor& tensor, const Values& values);
void store(const Tensor& tensor, const std::vector<float>& values);

// Elements of `from` into `to` of the same number of elements, both in row-major order, bit for bit where the
// dtypes agree, broadcasting `from`.
void copy_elements(const Tensor& from, const Tensor& to);

}  // namespace sim
