// aclnn operators that pick or add elements by index.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "axis.h"
#include "kernel.h"

namespace {

using namespace sim;

// A negative index counts from the end.
int64_t checked(double index, int64_t size) {
  auto at = static_cast<int64_t>(index);
  if (at < 0) at += size;
  if (at < 0 || at >= size) throw std::runtime_error("index " + std::to_string(at) + " is out of range");
  return at;
}

// Slices of `self` along `dim`, in the order of `index`.
Work select(const char* type, const Tensor* self, int64_t dim, const Tensor* index, const Tensor* out) {
  return {{vector_kernel(type, {self, index}, {out}, 0)}, [from = *self, dim, picks = *index, to = *out] {
            Values x = load(from), wanted = load(picks), values;
            Axis axis(from.dims, dim);
            for (int64_t before = 0; before < axis.outer; ++before)
              for (double pick : wanted) {
                auto first = x.begin() + static_cast<int64_t>(axis.place(before, checked(pick, axis.length), 0));
                values.insert(values.end(), first, first + axis.inner);
              }
            store(to, values);
          }};
}

// Advanced indexing: for each element of self[indices], its place in a dense copy of `self`. An index tensor without
// elements stands for a whole dimension.
std::vector<size_t> indexed_places(const Tensor& self, const std::vector<Tensor>& indices) {
  auto is_index = [&](size_t dim) { return dim < indices.size() && indices[dim].numel() > 0; };
  Dims chosen;  // the broadcast shape of the index tensors
  for (size_t dim = 0; dim < indices.size(); ++dim) {
    if (!is_index(dim)) continue;
    const Dims& dims = indices[dim].dims;
    if (dims.size() > chosen.size()) chosen.insert(chosen.begin(), dims.size() - chosen.size(), 1);
    for (size_t i = 0; i < dims.size(); ++i) {
      int64_t& size = chosen[chosen.size() - dims.size() + i];
      size = std::max(size, dims[i]);
    }
  }
  // Places along indexed dimensions, by element of `chosen`, and along each other dimension.
  std::vector<int64_t> by_choice(static_cast<size_t>(count(chosen)), 0);
  size_t first = self.dims.size(), last = 0, indexed = 0;
  int64_t step = count(self.dims);
  std::vector<std::pair<size_t, int64_t>> whole;  // dimension and step
  for (size_t dim = 0; dim < self.dims.size(); ++dim) {
    step /= self.dims[dim];
    if (!is_index(dim)) {
      whole.emplace_back(dim, step);
      continue;
    }
    first = std::min(first, dim);
    last = dim;
    ++indexed;
    Values picks = load(indices[dim], chosen);
    for (size_t i = 0; i < picks.size(); ++i) by_choice[i] += step * checked(picks[i], self.dims[dim]);
  }
  bool adjacent = last - first + 1 == indexed;  // otherwise the chosen dimensions come first
  std::vector<size_t> places = {0};
  auto extend = [&](const std::vector<int64_t>& offsets) {
    std::vector<size_t> longer;
    longer.reserve(places.size() * offsets.size());
    for (size_t place : places)
      for (int64_t offset : offsets) longer.push_back(place + static_cast<size_t>(offset));
    places = std::move(longer);
  };
  auto extend_whole = [&](bool before) {
    for (auto [dim, stride] : whole) {
      if ((adjacent && dim < first) != before) continue;
      std::vector<int64_t> offsets;
      for (int64_t i = 0; i < self.dims[dim]; ++i) offsets.push_back(i * stride);
      extend(offsets);
    }
  };
  extend_whole(true);
  extend(by_choice);
  extend_whole(false);
  return places;
}

// For each element of `index` along `dim`, its place in a dense `target`.
template <typename Visit>
void for_each_scattered(const Tensor& target, int64_t dim, const Tensor& index, Visit visit) {
  Values wanted = load(index);
  auto axis = static_cast<size_t>(wrap_axis(dim, target.rank()));
  for (size_t at = 0; at < wanted.size(); ++at) {
    int64_t rest = static_cast<int64_t>(at), place = 0, step = 1;
    for (size_t i = target.dims.size(); i-- > 0;) {
      int64_t along = rest % index.dims[i];
      rest /= index.dims[i];
      place += step * (i == axis ? checked(wanted[at], target.dims[i]) : along);
      step *= target.dims[i];
    }
    visit(at, static_cast<size_t>(place));
  }
}

enum ScatterReduction { kReplace = 0, kAdd = 1, kMultiply = 2 };

// torch scatters from the corner of `source` that has the shape of `index`.
Work scatter(const Tensor* self, int64_t dim, const Tensor* index, const Tensor* source, double value,
             int64_t reduction, const Tensor* out) {
  Tensor from = source ? *source : Tensor();
  from.dims = source ? index->dims : from.dims;
  return {{vector_kernel("ScatterElements", {self, index, source}, {out})},
          [base = *self, dim, picks = *index, from, has_source = source != nullptr, value, reduction, to = *out] {
            Values x = load(base), added = has_source ? load(from) : Values(static_cast<size_t>(picks.numel()), value);
            for_each_scattered(base, dim, picks, [&](size_t at, size_t place) {
              x[place] = reduction == kAdd        ? x[place] + added[at]
                         : reduction == kMultiply ? x[place] * added[at]
                                                  : added[at];
            });
            store(to, x);
          }};
}

}  // namespace

ACLNN(Index, aclTensor* self, aclTensorList* indices, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Index", {self}, {out}, 0)}, [from = *self, picks = indices->tensors, to = *out] {
                        Values x = load(from), values;
                        for (size_t place : indexed_places(from, picks)) values.push_back(x[place]);
                        store(to, values);
                      }});
}
ACLNN(IndexPutImpl, aclTensor* self, aclTensorList* indices, aclTensor* source, bool accumulate, bool) {
  return PREPARE(Work{{vector_kernel("IndexPutV2", {self, source}, {self}, 0)},
                      [to = *self, picks = indices->tensors, from = *source, accumulate] {
                        Values x = load(to), added = load(from);
                        std::vector<size_t> places = indexed_places(to, picks);
                        for (size_t i = 0; i < places.size(); ++i) {
                          double value = added[i % added.size()];
                          x[places[i]] = accumulate ? x[places[i]] + value : value;
                        }
                        store(to, x);
                      }});
}
ACLNN(Scatter, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* source, int64_t reduction, aclTensor* out) {
  return PREPARE(scatter(self, dim, index, source, 0, reduction, out));
}
ACLNN(ScatterValue, aclTensor* self, int64_t dim, aclTensor* index, aclScalar* value, int64_t reduction,
      aclTensor* out) {
  return PREPARE(scatter(self, dim, index, nullptr, value->number, reduction, out));
}
ACLNN(InplaceScatter, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* source, int64_t reduction) {
  return PREPARE(scatter(self, dim, index, source, 0, reduction, self));
}
ACLNN(InplaceScatterValue, aclTensor* self, int64_t dim, aclTensor* index, aclScalar* value, int64_t reduction) {
  return PREPARE(scatter(self, dim, index, nullptr, value->number, reduction, self));
}
ACLNN(ScatterAdd, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* source, aclTensor* out) {
  return PREPARE(scatter(self, dim, index, source, 0, kAdd, out));
}
ACLNN(IndexAdd, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* source, aclScalar* alpha, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("InplaceIndexAdd", {self, index, source}, {out})},
                      [base = *self, dim, picks = *index, from = *source, factor = alpha->number, to = *out] {
                        Values x = load(base), wanted = load(picks), added = load(from);
                        Axis target(base.dims, dim), read(from.dims, dim);
                        read.for_each_line([&](int64_t before, int64_t after) {
                          for (int64_t i = 0; i < read.length; ++i) {
                            int64_t row = checked(wanted[static_cast<size_t>(i)], target.length);
                            x[target.place(before, row, after)] += factor * added[read.place(before, i, after)];
                          }
                        });
                        store(to, x);
                      }});
}
ACLNN(Embedding, aclTensor* weight, aclTensor* indices, aclTensor* out) {
  return PREPARE(select("GatherV2", weight, 0, indices, out));
}
ACLNN(IndexSelect, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* out) {
  return PREPARE(select("GatherV2", self, dim, index, out));
}
ACLNN(EmbeddingDenseBackward, aclTensor* grad, aclTensor* indices, uint64_t, int64_t padding_index, bool,
      aclTensor* out) {
  return PREPARE(Work{{vector_kernel("EmbeddingDenseGradV2", {grad, indices}, {out})},
                      [g = *grad, picks = *indices, padding_index, to = *out] {
                        Values slope = load(g), wanted = load(picks), values(static_cast<size_t>(to.numel()), 0);
                        auto columns = static_cast<size_t>(to.dims.back());
                        for (size_t row = 0; row < wanted.size(); ++row) {
                          int64_t at = checked(wanted[row], to.dims[0]);
                          if (at == padding_index) continue;
                          for (size_t i = 0; i < columns; ++i)
                            values[static_cast<size_t>(at) * columns + i] += slope[row * columns + i];
                        }
                        store(to, values);
                      }});
}
ACLNN(Gather, aclTensor* self, int64_t dim, aclTensor* index, aclTensor* out) {
  return PREPARE(
      Work{{vector_kernel("GatherElements", {self, index}, {out}, 0)}, [from = *self, dim, picks = *index, to = *out] {
             Values x = load(from), wanted = load(picks), values(wanted.size());
             Axis source(from.dims, dim), target(picks.dims, dim);
             if (source.inner != target.inner || source.outer < target.outer)
               throw std::runtime_error("gather needs an index that spans the other dimensions");
             target.for_each_line([&](int64_t before, int64_t after) {
               for (int64_t i = 0; i < target.length; ++i) {
                 size_t at = target.place(before, i, after);
                 values[at] = x[source.place(before, checked(wanted[at], source.length), after)];
               }
             });
             store(to, values);
           }});
}
