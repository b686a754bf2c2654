// aclnn operators whose output's size depends on the values (nonzero, masked_select), and orderings.
#include <algorithm>
#include <numeric>

#include "axis.h"
#include "kernel.h"

namespace {

using namespace sim;

// Writes `values` to the front of `out` and gives the tensor object their shape, which torch_npu reads afterwards.
void store_and_reshape(aclTensor* out, const Values& values, const Dims& dims) {
  *out = dense_tensor(dims, out->dtype, out->data);
  store(*out, values);
}

std::vector<int64_t> nonzero_places(const Tensor& tensor) {
  Values x = load(tensor);
  std::vector<int64_t> places;
  for (size_t i = 0; i < x.size(); ++i)
    if (x[i] != 0) places.push_back(static_cast<int64_t>(i));
  return places;
}

// The index along `dim` of the element at `place` in row-major order.
double coordinate(const Dims& dims, int64_t place, size_t dim) {
  for (size_t i = dims.size() - 1; i > dim; --i) place /= dims[i];
  return static_cast<double>(place % dims[dim]);
}

// The places of a line's elements, best first; equal elements keep their order.
std::vector<int64_t> ranking(const Values& x, const Axis& axis, int64_t before, int64_t after, bool descending) {
  std::vector<int64_t> order(static_cast<size_t>(axis.length));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    double first = x[axis.place(before, a, after)], second = x[axis.place(before, b, after)];
    return descending ? first > second : first < second;
  });
  return order;
}

// The first elements of each line in order, as many as the outputs hold, and where they were.
Work ranked(const char* type, const Tensor* self, int64_t dim, bool descending, const Tensor* values,
            const Tensor* indices) {
  return {{vector_kernel(type, {self}, {values, indices}, 16)},
          [from = *self, dim, descending, values_to = *values, indices_to = *indices] {
            Values x = load(from), found(static_cast<size_t>(values_to.numel())), places(found.size());
            Axis source(from.dims, dim), target(values_to.dims, dim);
            target.for_each_line([&](int64_t before, int64_t after) {
              std::vector<int64_t> order = ranking(x, source, before, after, descending);
              for (int64_t i = 0; i < target.length; ++i) {
                places[target.place(before, i, after)] = static_cast<double>(order[static_cast<size_t>(i)]);
                found[target.place(before, i, after)] = x[source.place(before, order[static_cast<size_t>(i)], after)];
              }
            });
            store(values_to, found);
            store(indices_to, places);
          }};
}

}  // namespace

// The shape of a tensor object; the caller frees the array with delete[].
extern "C" int aclGetViewShape(const aclTensor* tensor, int64_t** dims, uint64_t* rank) {
  *rank = tensor->dims.size();
  *dims = new int64_t[tensor->dims.size()];
  std::copy(tensor->dims.begin(), tensor->dims.end(), *dims);
  return 0;
}

// These three are called so that `out` outlives the launch.
ACLNN(MaskedSelect, aclTensor* self, aclTensor* mask, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("MaskedSelect", {self, mask}, {out})}, [from = *self, m = *mask, out] {
                        Dims shape = from.numel() >= m.numel() ? from.dims : m.dims;
                        Values x = load(from, shape), wanted = load(m, shape), found;
                        for (size_t i = 0; i < x.size(); ++i)
                          if (wanted[i] != 0) found.push_back(x[i]);
                        store_and_reshape(out, found, {static_cast<int64_t>(found.size())});
                      }});
}
ACLNN(Nonzero, aclTensor* self, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("NonZero", {self}, {out})}, [from = *self, out] {
                        std::vector<int64_t> found = nonzero_places(from);
                        Values rows;
                        for (int64_t place : found)
                          for (size_t dim = 0; dim < from.dims.size(); ++dim)
                            rows.push_back(coordinate(from.dims, place, dim));
                        store_and_reshape(out, rows, {static_cast<int64_t>(found.size()), from.rank()});
                      }});
}
// As Nonzero, with a row for each dimension.
ACLNN(NonzeroV2, aclTensor* self, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("NonZero", {self}, {out})}, [from = *self, out] {
                        std::vector<int64_t> found = nonzero_places(from);
                        Values rows;
                        for (size_t dim = 0; dim < from.dims.size(); ++dim)
                          for (int64_t place : found) rows.push_back(coordinate(from.dims, place, dim));
                        store_and_reshape(out, rows, {from.rank(), static_cast<int64_t>(found.size())});
                      }});
}
ACLNN(Topk, aclTensor* self, int64_t, int64_t dim, bool largest, bool, aclTensor* values, aclTensor* indices) {
  return PREPARE(ranked("TopKV2", self, dim, largest, values, indices));
}
ACLNN(Sort, aclTensor* self, bool, int64_t dim, bool descending, aclTensor* values, aclTensor* indices) {
  return PREPARE(ranked("Sort", self, dim, descending, values, indices));
}
