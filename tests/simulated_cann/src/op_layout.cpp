// aclnn operators that move, fill or convert elements without computing on them.
#include <algorithm>

#include "op_elementwise.h"

namespace {

using namespace sim;

Work copying(const char* type, const Tensor* from, const Tensor* to) {
  return {{vector_kernel(type, {from}, {to}, 0)}, [source = *from, target = *to] { copy_elements(source, target); }};
}

Work filling(const char* type, const Tensor* to, double value) {
  return {{vector_kernel(type, {}, {to}, 0)},
          [target = *to, value] { store(target, Values(static_cast<size_t>(target.numel()), value)); }};
}

const char* copy_type(const Tensor& from, const Tensor& to) {
  if (from.dtype != to.dtype) return "Cast";
  return is_dense(from) ? "TensorMove" : is_dense(to) ? "Transpose" : "ViewCopy";
}

// The part of `whole` that starts at `start` along `axis` and is `length` long.
Tensor part_of(Tensor whole, int64_t axis, int64_t start, int64_t length) {
  whole.offset += start * whole.strides[static_cast<size_t>(axis)];
  whole.dims[static_cast<size_t>(axis)] = length;
  return whole;
}

bool is_legacy_empty(const Tensor& tensor) { return tensor.rank() == 1 && tensor.numel() == 0; }

Work concatenating(const std::vector<Tensor>& tensors, int64_t dim, const Tensor& out) {
  Tensors inputs;
  for (const Tensor& tensor : tensors) inputs.push_back(&tensor);
  return {{vector_kernel("ConcatD", inputs, {&out}, 0)}, [tensors, out, axis = wrap_axis(dim, out.rank())] {
            int64_t start = 0;
            for (const Tensor& tensor : tensors) {
              if (is_legacy_empty(tensor)) continue;
              int64_t length = tensor.dims[static_cast<size_t>(axis)];
              copy_elements(tensor, part_of(out, axis, start, length));
              start += length;
            }
          }};
}

// The tensor seen with a dimension of one at `axis`.
Tensor unsqueezed(Tensor tensor, int64_t axis) {
  tensor.dims.insert(tensor.dims.begin() + axis, 1);
  tensor.strides.insert(tensor.strides.begin() + axis, 1);
  return tensor;
}

Work triangle(const char* type, const Tensor* in, const Tensor* out, int64_t diagonal, bool lower) {
  return {{vector_kernel(type, {in}, {out})}, [from = *in, to = *out, diagonal, lower] {
            Values values = load(from);
            int64_t columns = from.dims.back();
            int64_t rows = from.dims[from.dims.size() - 2];
            for (size_t i = 0; i < values.size(); ++i) {
              auto at = static_cast<int64_t>(i);
              int64_t distance = at % columns - at / columns % rows;
              if (lower ? distance > diagonal : distance < diagonal) values[i] = 0;
            }
            store(to, values);
          }};
}

}  // namespace

ACLNN(InplaceCopy, aclTensor* self, aclTensor* from) { return PREPARE(copying(copy_type(*from, *self), from, self)); }
ACLNN(Cast, aclTensor* self, aclDataType, aclTensor* out) { return PREPARE(copying("Cast", self, out)); }
ACLNN(InplaceZero, aclTensor* self) { return PREPARE(filling("ZerosLike", self, 0)); }
ACLNN(InplaceOne, aclTensor* self) { return PREPARE(filling("Fill", self, 1)); }
ACLNN(InplaceFillScalar, aclTensor* self, aclScalar* value) { return PREPARE(filling("Fill", self, value->number)); }
ACLNN(InplaceFillTensor, aclTensor* self, aclTensor* value) { return PREPARE(copying("Fill", value, self)); }
ACLNN(Cat, aclTensorList* tensors, int64_t dim, aclTensor* out) {
  return PREPARE(concatenating(tensors->tensors, dim, *out));
}
ACLNN(Stack, aclTensorList* tensors, int64_t dim, aclTensor* out) {
  std::vector<Tensor> parts;
  for (const Tensor& tensor : tensors->tensors) parts.push_back(unsqueezed(tensor, wrap_axis(dim, out->rank())));
  return PREPARE(concatenating(parts, dim, *out));
}
ACLNN(Tril, aclTensor* self, int64_t diagonal, aclTensor* out) {
  return PREPARE(triangle("Tril", self, out, diagonal, true));
}
ACLNN(Triu, aclTensor* self, int64_t diagonal, aclTensor* out) {
  return PREPARE(triangle("Triu", self, out, diagonal, false));
}
ACLNN(Arange, aclScalar* start, aclScalar*, aclScalar* step, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Range", {}, {out})}, [to = *out, first = start->number, by = step->number] {
                        Values values(static_cast<size_t>(to.numel()));
                        for (size_t i = 0; i < values.size(); ++i) values[i] = first + by * static_cast<double>(i);
                        store(to, values);
                      }});
}
ACLNN(InplaceMaskedFillScalar, aclTensor* self, aclTensor* mask, aclScalar* value) {
  return PREPARE(
      map2("MaskedFill", self, mask, self, [v = value->number](double x, double m) { return m != 0 ? v : x; }));
}
ACLNN(InplaceMaskedFillTensor, aclTensor* self, aclTensor* mask, aclTensor* value) {
  return PREPARE(
      map3("MaskedFill", self, mask, value, self, [](double x, double m, double v) { return m != 0 ? v : x; }));
}
ACLNN(Eye, int64_t, int64_t columns, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Eye", {}, {out})}, [to = *out, columns] {
                        Values values(static_cast<size_t>(to.numel()), 0);
                        auto diagonal = static_cast<size_t>(columns) + 1;
                        for (size_t i = 0; i < values.size() && i < diagonal * static_cast<size_t>(columns);
                             i += diagonal)
                          values[i] = 1;
                        store(to, values);
                      }});
}
ACLNN(Linspace, aclScalar* start, aclScalar* end, int64_t steps, aclTensor* out) {
  double by = steps > 1 ? (end->number - start->number) / static_cast<double>(steps - 1) : 0;
  return PREPARE(Work{{vector_kernel("LinSpace", {}, {out})}, [to = *out, first = start->number, by] {
                        Values values(static_cast<size_t>(to.numel()));
                        for (size_t i = 0; i < values.size(); ++i) values[i] = first + by * static_cast<double>(i);
                        store(to, values);
                      }});
}
ACLNN(Repeat, aclTensor* self, aclIntArray* repeats, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Tile", {self}, {out}, 0)}, [from = *self, to = *out, times = repeats->values] {
                        // Each output dimension is seen as (repeats, size), and the input stands still along repeats.
                        Tensor target = to;
                        target.dims.clear();
                        target.strides.clear();
                        size_t lead = times.size() - from.dims.size();
                        for (size_t i = 0; i < times.size(); ++i) {
                          int64_t size = i < lead ? 1 : from.dims[i - lead];
                          target.dims.insert(target.dims.end(), {times[i], size});
                          target.strides.insert(target.strides.end(), {to.strides[i] * size, to.strides[i]});
                        }
                        Tensor source = from;
                        for (size_t i = 0; i < from.dims.size(); ++i) {
                          source.dims.insert(source.dims.begin() + static_cast<int64_t>(2 * i), 1);
                          source.strides.insert(source.strides.begin() + static_cast<int64_t>(2 * i), 0);
                        }
                        store(target, load(source, target.dims));
                      }});
}
ACLNN(Flip, aclTensor* self, aclIntArray* dims, aclTensor* out) {
  Tensor turned = *out;  // seen backwards along each of the dimensions
  for (int64_t dim : dims->values) {
    auto axis = static_cast<size_t>(wrap_axis(dim, out->rank()));
    turned.offset += (turned.dims[axis] - 1) * turned.strides[axis];
    turned.strides[axis] *= -1;
  }
  return PREPARE(
      Work{{vector_kernel("ReverseV2", {self}, {out}, 0)}, [from = *self, turned] { store(turned, load(from)); }});
}
ACLNN(ConstantPadNd, aclTensor* self, aclIntArray* pad, aclScalar* value, aclTensor* out) {
  Tensor inner = *out, kept = *self;  // the parts that coincide; a negative padding cuts the input
  for (size_t i = 0; 2 * i < pad->values.size(); ++i) {
    auto axis = static_cast<int64_t>(out->dims.size() - 1 - i);
    int64_t before = pad->values[2 * i], after = pad->values[2 * i + 1];
    int64_t length = self->dims[static_cast<size_t>(axis)] + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
    inner = part_of(inner, axis, std::max<int64_t>(before, 0), length);
    kept = part_of(kept, axis, std::max<int64_t>(-before, 0), length);
  }
  Work fill = filling("PadV3", out, value->number);
  return PREPARE(Work{{vector_kernel("PadV3", {self}, {out}, 0)}, [fill, kept, inner] {
                        fill.compute();
                        copy_elements(kept, inner);
                      }});
}
