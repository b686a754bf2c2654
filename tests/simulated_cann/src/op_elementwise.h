// Operators that compute each element of the output from the elements at the same place of their inputs.
#pragma once

#include <cstring>
#include <utility>

#include "kernel.h"

namespace sim {

// Equal neighbours are computed once: reference work is a million times the same number. Equal in their bits, as the
// reciprocals of the two zeros differ.
template <typename Function>
void map_each(Values& values, Function function) {
  double last = 0, result = function(last);
  for (double& value : values) {
    if (std::memcmp(&value, &last, sizeof(value)) != 0) {
      last = value;
      result = function(value);
    }
    value = result;
  }
}

// `function` maps one, two or three numbers to one. Inputs broadcast to the output's shape.
template <typename Function>
Work map1(const char* type, const Tensor* in, const Tensor* out, Function function, double operations_each = 1) {
  return {{vector_kernel(type, {in}, {out}, operations_each)}, [from = *in, to = *out, function] {
            Values values = load(from, to.dims);
            map_each(values, function);
            store(to, values);
          }};
}

template <typename Function>
Work map2(const char* type, const Tensor* a, const Tensor* b, const Tensor* out, Function function,
          double operations_each = 1) {
  return {{vector_kernel(type, {a, b}, {out}, operations_each)}, [x = *a, y = *b, to = *out, function] {
            Values values = load(x, to.dims);
            Values other = load(y, to.dims);
            for (size_t i = 0; i < values.size(); ++i) values[i] = function(values[i], other[i]);
            store(to, values);
          }};
}

template <typename Function>
Work map3(const char* type, const Tensor* a, const Tensor* b, const Tensor* c, const Tensor* out, Function function,
          double operations_each = 1) {
  return {{vector_kernel(type, {a, b, c}, {out}, operations_each)}, [x = *a, y = *b, z = *c, to = *out, function] {
            Values values = load(x, to.dims);
            Values second = load(y, to.dims);
            Values third = load(z, to.dims);
            for (size_t i = 0; i < values.size(); ++i) values[i] = function(values[i], second[i], third[i]);
            store(to, values);
          }};
}

}  // namespace sim
