// aclnn operators on lists of tensors: one kernel for the whole list, element by element as for single tensors.
#include <cmath>

#include "op_elementwise.h"

namespace {

using namespace sim;

Tensors pointers(const std::vector<Tensor>& tensors) {
  Tensors out;
  for (const Tensor& tensor : tensors) out.push_back(&tensor);
  return out;
}

// One kernel over all `lists`; `each(i)` is the work on the i-th tensor of each list.
template <typename Each>
Work foreach (const char* type, const std::vector<const aclTensorList*>& lists, const aclTensorList* out, Each each) {
  Tensors inputs;
  for (const aclTensorList* list : lists)
    for (const Tensor& tensor : list->tensors) inputs.push_back(&tensor);
  Kernel kernel = vector_kernel(type, inputs, pointers(out->tensors));
  kernel.operations = 0;
  std::vector<Work> parts;
  for (size_t i = 0; i < out->tensors.size(); ++i) {
    parts.push_back(each(i));
    kernel.operations += parts.back().kernels[0].operations;
  }
  return {{kernel}, [parts] {
            for (const Work& part : parts) part.compute();
          }};
}

template <typename Function>
Work unary(const char* type, const aclTensorList* x, const aclTensorList* out, Function function) {
  return foreach (type, {x}, out, [&](size_t i) { return map1(type, &x->tensors[i], &out->tensors[i], function); });
}

template <typename Function>
Work binary(const char* type, const aclTensorList* x, const aclTensorList* y, const aclTensorList* out,
            Function function) {
  return foreach (type, {x, y}, out,
                  [&](size_t i) { return map2(type, &x->tensors[i], &y->tensors[i], &out->tensors[i], function); });
}

template <typename Function>
Work ternary(const char* type, const aclTensorList* x, const aclTensorList* y, const aclTensorList* z,
             const aclTensorList* out, Function function) {
  return foreach (type, {x, y, z}, out, [&](size_t i) {
    return map3(type, &x->tensors[i], &y->tensors[i], &z->tensors[i], &out->tensors[i], function);
  });
}

// As `unary`, with a scalar of its own for each tensor: function(x, scalar).
template <typename Function>
Work with_scalars(const char* type, const aclTensorList* x, const aclScalarList* scalars, const aclTensorList* out,
                  Function function) {
  return foreach (type, {x}, out, [&](size_t i) {
    double scalar = scalars->scalars[i].number;
    return map1(type, &x->tensors[i], &out->tensors[i],
                [function, scalar](double value) { return function(value, scalar); });
  });
}

double add(double x, double y) { return x + y; }
double subtract(double x, double y) { return x - y; }
double multiply(double x, double y) { return x * y; }
double divide(double x, double y) { return x / y; }

}  // namespace

#define FOREACH_UNARY(name, expression)                                                  \
  ACLNN(Foreach##name, aclTensorList* x, aclTensorList* out) {                           \
    return PREPARE(unary("Foreach" #name, x, out, [](double v) { return expression; })); \
  }
FOREACH_UNARY(Sqrt, std::sqrt(v))
FOREACH_UNARY(Neg, -v)
FOREACH_UNARY(Reciprocal, 1 / v)
FOREACH_UNARY(Exp, std::exp(v))
FOREACH_UNARY(Abs, std::fabs(v))

#define FOREACH_SCALAR(name, function)                                                                       \
  ACLNN(Foreach##name##ScalarV2, aclTensorList* x, aclScalar* scalar, aclTensorList* out) {                  \
    return PREPARE(                                                                                          \
        unary("Foreach" #name "Scalar", x, out, [c = scalar->number](double v) { return function(v, c); })); \
  }                                                                                                          \
  ACLNN(Foreach##name##ScalarList, aclTensorList* x, aclScalarList* scalars, aclTensorList* out) {           \
    return PREPARE(with_scalars("Foreach" #name "ScalarList", x, scalars, out, function));                   \
  }
FOREACH_SCALAR(Add, add)
FOREACH_SCALAR(Sub, subtract)
FOREACH_SCALAR(Mul, multiply)
FOREACH_SCALAR(Div, divide)

ACLNN(ForeachAddListV2, aclTensorList* x, aclTensorList* y, aclScalar* alpha, aclTensorList* out) {
  return PREPARE(binary("ForeachAddList", x, y, out, [a = alpha->number](double v, double w) { return v + a * w; }));
}
ACLNN(ForeachSubListV2, aclTensorList* x, aclTensorList* y, aclScalar* alpha, aclTensorList* out) {
  return PREPARE(binary("ForeachSubList", x, y, out, [a = alpha->number](double v, double w) { return v - a * w; }));
}
ACLNN(ForeachMulList, aclTensorList* x, aclTensorList* y, aclTensorList* out) {
  return PREPARE(binary("ForeachMulList", x, y, out, multiply));
}
ACLNN(ForeachDivList, aclTensorList* x, aclTensorList* y, aclTensorList* out) {
  return PREPARE(binary("ForeachDivList", x, y, out, divide));
}
ACLNN(ForeachLerpScalar, aclTensorList* x, aclTensorList* end, aclScalar* weight, aclTensorList* out) {
  return PREPARE(
      binary("ForeachLerpScalar", x, end, out, [w = weight->number](double v, double e) { return v + w * (e - v); }));
}
ACLNN(ForeachAddcmulScalarV2, aclTensorList* x, aclTensorList* y, aclTensorList* z, aclScalar* value,
      aclTensorList* out) {
  return PREPARE(ternary("ForeachAddcmulScalar", x, y, z, out,
                         [c = value->number](double v, double a, double b) { return v + c * a * b; }));
}
ACLNN(ForeachAddcdivScalarV2, aclTensorList* x, aclTensorList* y, aclTensorList* z, aclScalar* value,
      aclTensorList* out) {
  return PREPARE(ternary("ForeachAddcdivScalar", x, y, z, out,
                         [c = value->number](double v, double a, double b) { return v + c * a / b; }));
}
// Here the scalars come as a tensor on the device: their values are read when the work runs.
ACLNN(ForeachAddcdivScalarList, aclTensorList* x, aclTensorList* y, aclTensorList* z, aclTensor* values,
      aclTensorList* out) {
  Work shape = ternary("ForeachAddcdivScalarList", x, y, z, out, [](double v, double, double) { return v; });
  return PREPARE(Work{shape.kernels,
                      [from = x->tensors, top = y->tensors, bottom = z->tensors, scalars = *values, to = out->tensors] {
                        Values factors = load(scalars);
                        for (size_t i = 0; i < to.size(); ++i) {
                          auto step = [c = factors[i]](double v, double a, double b) { return v + c * a / b; };
                          map3("ForeachAddcdivScalarList", &from[i], &top[i], &bottom[i], &to[i], step).compute();
                        }
                      }});
}
