#include "tensor.h"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

namespace sim {
namespace {

struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};

float bits_to_float(uint32_t bits) {
  float out;
  std::memcpy(&out, &bits, sizeof(out));
  return out;
}

uint32_t float_to_bits(float value) {
  uint32_t out;
  std::memcpy(&out, &value, sizeof(out));
  return out;
}

float to_number(BFloat value) { return bits_to_float(static_cast<uint32_t>(value.bits) << 16); }

// Exponent and mantissa moved to where a float has them, and the exponent's bias made good by a product, which also
// brings numbers below the smallest normal one to their value.
float to_number(Half value) {
  uint32_t magnitude = static_cast<uint32_t>(value.bits & 0x7fff) << 13;
  bool finite = (value.bits & 0x7c00) != 0x7c00;
  float number = finite ? bits_to_float(magnitude) * 0x1p112f : bits_to_float(magnitude | 0x7f800000);
  return value.bits & 0x8000 ? -number : number;
}

template <typename T>
T to_number(T value) {
  return value;
}

template <typename T>
T from_number(double value) {
  return static_cast<T>(value);
}

template <>
bool from_number<bool>(double value) {
  return value != 0;
}

template <>
BFloat from_number<BFloat>(double value) {
  uint32_t bits = float_to_bits(static_cast<float>(value));
  if (std::isnan(value)) return BFloat{0x7fc0};
  return BFloat{static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};  // to nearest, ties to even
}

template <>
Half from_number<Half>(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value)) return Half{0x7e00};
  if (magnitude >= 65520) return Half{static_cast<uint16_t>(sign | 0x7c00)};
  if (magnitude < 0x1p-14) return Half{static_cast<uint16_t>(sign | std::lrint(magnitude * 0x1p24))};
  uint64_t bits;
  std::memcpy(&bits, &magnitude, sizeof(bits));
  constexpr int kDropped = 52 - 10;
  constexpr uint64_t kHalfStep = uint64_t{1} << (kDropped - 1);
  constexpr uint64_t kBiases = uint64_t{1023 - 15} << 10;
  bits = ((bits + kHalfStep - 1 + ((bits >> kDropped) & 1)) >> kDropped) - kBiases;  // ties to even
  return Half{static_cast<uint16_t>(sign | bits)};
}

// Calls action(T{}) with the C++ type of `dtype`.
template <typename Action>
void with_type(aclDataType dtype, Action action) {
  switch (dtype) {
    case ACL_FLOAT:
      return action(float{});
    case ACL_FLOAT16:
      return action(Half{});
    case ACL_BF16:
      return action(BFloat{});
    case ACL_DOUBLE:
      return action(double{});
    case ACL_INT8:
      return action(int8_t{});
    case ACL_INT16:
      return action(int16_t{});
    case ACL_INT32:
      return action(int32_t{});
    case ACL_INT64:
      return action(int64_t{});
    case ACL_UINT8:
      return action(uint8_t{});
    case ACL_UINT16:
      return action(uint16_t{});
    case ACL_UINT32:
      return action(uint32_t{});
    case ACL_UINT64:
      return action(uint64_t{});
    case ACL_BOOL:
      return action(bool{});
    default:
      throw std::runtime_error("the simulator has no numbers of dtype " + std::to_string(dtype));
  }
}

// Calls visit(offset) for each element in row-major order.
template <typename Visit>
void for_each_offset(const Dims& dims, const Dims& strides, int64_t start, Visit visit) {
  if (count(dims) == 0) return;
  if (dims.empty()) return visit(start);
  size_t last = dims.size() - 1;
  Dims index(dims.size(), 0);
  int64_t row = start;
  while (true) {
    for (int64_t i = 0; i < dims[last]; ++i) visit(row + i * strides[last]);
    size_t axis = last;
    while (axis > 0) {
      --axis;
      row += strides[axis];
      if (++index[axis] < dims[axis]) break;
      row -= strides[axis] * dims[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (last == 0) return;
  }
}

Tensor broadcast(const Tensor& tensor, const Dims& shape) {
  Tensor out = tensor;
  if (tensor.dims.size() > shape.size()) throw std::runtime_error("cannot broadcast to fewer dimensions");
  size_t lead = shape.size() - tensor.dims.size();
  out.dims = shape;
  out.strides.assign(shape.size(), 0);
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    if (tensor.dims[i] == shape[lead + i])
      out.strides[lead + i] = tensor.strides[i];
    else if (tensor.dims[i] != 1)
      throw std::runtime_error("shapes do not broadcast");
  }
  return out;
}

template <typename Out>
std::vector<Out> gather(const Tensor& tensor) {
  std::vector<Out> out(static_cast<size_t>(tensor.numel()));
  with_type(tensor.dtype, [&](auto zero) {
    const auto* data = static_cast<const decltype(zero)*>(tensor.data);
    Out* next = out.data();
    if (is_dense(tensor)) {
      data += tensor.offset;
      for (size_t i = 0; i < out.size(); ++i) next[i] = static_cast<Out>(to_number(data[i]));
    } else {
      for_each_offset(tensor.dims, tensor.strides, tensor.offset,
                      [&](int64_t offset) { *next++ = static_cast<Out>(to_number(data[offset])); });
    }
  });
  return out;
}

template <typename In>
void scatter(const Tensor& tensor, const std::vector<In>& values) {
  if (static_cast<int64_t>(values.size()) != tensor.numel())
    throw std::runtime_error("an operator computed " + std::to_string(values.size()) + " elements for an output of " +
                             std::to_string(tensor.numel()));
  with_type(tensor.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* data = static_cast<T*>(tensor.data);
    const In* next = values.data();
    for_each_offset(tensor.dims, tensor.strides, tensor.offset,
                    [&](int64_t offset) { data[offset] = from_number<T>(*next++); });
  });
}

}  // namespace

int64_t count(const Dims& dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= dim;
  return product;
}

size_t element_size(aclDataType dtype) {
  size_t size = 0;
  with_type(dtype, [&](auto zero) { size = sizeof(zero); });
  return size;
}

const char* dtype_name(aclDataType dtype) {
  switch (dtype) {
    case ACL_FLOAT:
      return "FLOAT";
    case ACL_FLOAT16:
      return "FLOAT16";
    case ACL_BF16:
      return "DT_BF16";
    case ACL_DOUBLE:
      return "DOUBLE";
    case ACL_INT8:
      return "INT8";
    case ACL_INT16:
      return "INT16";
    case ACL_INT32:
      return "INT32";
    case ACL_INT64:
      return "INT64";
    case ACL_UINT8:
      return "UINT8";
    case ACL_BOOL:
      return "BOOL";
    default:
      return "UNDEFINED";
  }
}

bool is_floating(aclDataType dtype) {
  return dtype == ACL_FLOAT || dtype == ACL_FLOAT16 || dtype == ACL_BF16 || dtype == ACL_DOUBLE;
}

Tensor dense_tensor(const Dims& dims, aclDataType dtype, void* data) {
  Tensor out;
  out.dims = dims;
  out.strides.assign(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) out.strides[i - 1] = out.strides[i] * dims[i];
  out.dtype = dtype;
  out.data = data;
  return out;
}

bool is_dense(const Tensor& tensor) {
  int64_t expected = 1;
  for (size_t i = tensor.dims.size(); i-- > 0;) {
    if (tensor.dims[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.dims[i];
  }
  return true;
}

int64_t wrap_axis(int64_t axis, int64_t rank) { return axis < 0 ? axis + std::max<int64_t>(rank, 1) : axis; }

Values load(const Tensor& tensor) { return gather<double>(tensor); }

Values load(const Tensor& tensor, const Dims& shape) { return gather<double>(broadcast(tensor, shape)); }

std::vector<float> load_floats(const Tensor& tensor) { return gather<float>(tensor); }

void store(const Tensor& tensor, const Values& values) { scatter(tensor, values); }

void store(const Tensor& tensor, const std::vector<float>& values) { scatter(tensor, values); }

void copy_elements(const Tensor& from, const Tensor& to) {
  Tensor source = from.numel() == to.numel() ? from : broadcast(from, to.dims);
  if (source.dtype != to.dtype) return store(to, load(source));
  with_type(to.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto* read = static_cast<const T*>(source.data);
    auto* write = static_cast<T*>(to.data);
    if (is_dense(source) && is_dense(to)) {
      std::memmove(write + to.offset, read + source.offset, static_cast<size_t>(to.numel()) * sizeof(T));
      return;
    }
    std::vector<T> staged;  // the two views may overlap
    staged.reserve(static_cast<size_t>(to.numel()));
    for_each_offset(source.dims, source.strides, source.offset, [&](int64_t at) { staged.push_back(read[at]); });
    size_t next = 0;
    for_each_offset(to.dims, to.strides, to.offset, [&](int64_t at) { write[at] = staged[next++]; });
  });
}

}  // namespace sim
