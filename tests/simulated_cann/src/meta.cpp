// Making and destroying the opaque objects that operators are called with.
#include <cstring>

#include "tensor.h"

namespace {

double read_number(const void* value, aclDataType dtype) {
  return sim::load(sim::dense_tensor({1}, dtype, const_cast<void*>(value)))[0];
}

}  // namespace

extern "C" {

aclTensor* aclCreateTensor(const int64_t* dims, uint64_t rank, aclDataType dtype, const int64_t* strides,
                           int64_t offset, aclFormat format, const int64_t*, uint64_t, void* data) {
  auto* tensor = new aclTensor();
  tensor->dims.assign(dims, dims + rank);
  tensor->strides.assign(strides, strides + rank);
  tensor->offset = offset;
  tensor->dtype = dtype;
  tensor->format = format;
  tensor->data = data;
  return tensor;
}

aclScalar* aclCreateScalar(void* value, aclDataType dtype) { return new aclScalar{read_number(value, dtype), dtype}; }

aclIntArray* aclCreateIntArray(const int64_t* values, uint64_t n) {
  return new aclIntArray{std::vector<int64_t>(values, values + n)};
}

aclFloatArray* aclCreateFloatArray(const float* values, uint64_t n) {
  return new aclFloatArray{std::vector<float>(values, values + n)};
}

aclBoolArray* aclCreateBoolArray(const bool* values, uint64_t n) {
  return new aclBoolArray{std::vector<bool>(values, values + n)};
}

// A list takes its members over.
aclTensorList* aclCreateTensorList(const aclTensor* const* tensors, uint64_t n) {
  auto* list = new aclTensorList();
  for (uint64_t i = 0; i < n; ++i) {
    list->tensors.push_back(tensors[i] ? *tensors[i] : aclTensor());
    delete tensors[i];
  }
  return list;
}

aclScalarList* aclCreateScalarList(const aclScalar* const* scalars, uint64_t n) {
  auto* list = new aclScalarList();
  for (uint64_t i = 0; i < n; ++i) {
    list->scalars.push_back(*scalars[i]);
    delete scalars[i];
  }
  return list;
}

int aclDestroyTensor(const aclTensor* tensor) { return delete tensor, 0; }
int aclDestroyScalar(const aclScalar* scalar) { return delete scalar, 0; }
int aclDestroyIntArray(const aclIntArray* array) { return delete array, 0; }
int aclDestroyFloatArray(const aclFloatArray* array) { return delete array, 0; }
int aclDestroyBoolArray(const aclBoolArray* array) { return delete array, 0; }
int aclDestroyTensorList(const aclTensorList* list) { return delete list, 0; }
int aclDestroyScalarList(const aclScalarList* list) { return delete list, 0; }

}  // extern "C"
