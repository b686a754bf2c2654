// aclnn arithmetic, comparison and logic, with tensors and with scalars, out of place and in place.
#include <cmath>

#include "op_elementwise.h"

namespace {

using sim::map1;
using sim::map2;
using sim::map3;
using sim::Work;

double rounded(double quotient, int mode) {
  return mode == 1 ? std::trunc(quotient) : mode == 2 ? std::floor(quotient) : quotient;
}

double floored(double x, double y) { return std::floor(x / y); }
// With the sign of the divisor.
double floor_remainder(double x, double y) { return x - y * std::floor(x / y); }

auto plus(double alpha) {
  return [alpha](double x, double y) { return x + alpha * y; };
}
auto plus_constant(double constant) {
  return [constant](double x) { return x + constant; };
}
auto times_constant(double constant) {
  return [constant](double x) { return x * constant; };
}
auto power(double exponent) {
  return [exponent](double x) { return std::pow(x, exponent); };
}
double product(double x, double y) { return x * y; }
double quotient(double x, double y) { return x / y; }
int64_t as_bits(double x) { return static_cast<int64_t>(x); }

}  // namespace

ACLNN(Add, aclTensor* self, aclTensor* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map2("Add", self, other, out, plus(alpha->number)));
}
ACLNN(InplaceAdd, aclTensor* self, aclTensor* other, aclScalar* alpha) {
  return PREPARE(map2("Add", self, other, self, plus(alpha->number)));
}
ACLNN(Adds, aclTensor* self, aclScalar* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map1("Adds", self, out, plus_constant(alpha->number * other->number)));
}
ACLNN(InplaceAdds, aclTensor* self, aclScalar* other, aclScalar* alpha) {
  return PREPARE(map1("Adds", self, self, plus_constant(alpha->number * other->number)));
}
ACLNN(Sub, aclTensor* self, aclTensor* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map2("Sub", self, other, out, plus(-alpha->number)));
}
ACLNN(InplaceSub, aclTensor* self, aclTensor* other, aclScalar* alpha) {
  return PREPARE(map2("Sub", self, other, self, plus(-alpha->number)));
}
ACLNN(Subs, aclTensor* self, aclScalar* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map1("Adds", self, out, plus_constant(-alpha->number * other->number)));
}
ACLNN(InplaceSubs, aclTensor* self, aclScalar* other, aclScalar* alpha) {
  return PREPARE(map1("Adds", self, self, plus_constant(-alpha->number * other->number)));
}
ACLNN(Rsub, aclTensor* self, aclTensor* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map2("Sub", other, self, out, plus(-alpha->number)));
}
ACLNN(Rsubs, aclTensor* self, aclScalar* other, aclScalar* alpha, aclTensor* out) {
  return PREPARE(map1("Adds", self, out, [c = other->number, a = alpha->number](double x) { return c - a * x; }));
}
ACLNN(Mul, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("Mul", self, other, out, product));
}
ACLNN(InplaceMul, aclTensor* self, aclTensor* other) { return PREPARE(map2("Mul", self, other, self, product)); }
ACLNN(Muls, aclTensor* self, aclScalar* other, aclTensor* out) {
  return PREPARE(map1("Muls", self, out, times_constant(other->number)));
}
ACLNN(InplaceMuls, aclTensor* self, aclScalar* other) {
  return PREPARE(map1("Muls", self, self, times_constant(other->number)));
}
ACLNN(Div, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("RealDiv", self, other, out, quotient));
}
ACLNN(InplaceDiv, aclTensor* self, aclTensor* other) { return PREPARE(map2("RealDiv", self, other, self, quotient)); }
ACLNN(Divs, aclTensor* self, aclScalar* other, aclTensor* out) {
  return PREPARE(map1("RealDiv", self, out, [c = other->number](double x) { return x / c; }));
}
ACLNN(InplaceDivs, aclTensor* self, aclScalar* other) {
  return PREPARE(map1("RealDiv", self, self, [c = other->number](double x) { return x / c; }));
}
ACLNN(DivMod, aclTensor* self, aclTensor* other, int mode, aclTensor* out) {
  return PREPARE(map2("Div", self, other, out, [mode](double x, double y) { return rounded(x / y, mode); }));
}
ACLNN(DivMods, aclTensor* self, aclScalar* other, int mode, aclTensor* out) {
  return PREPARE(map1("Div", self, out, [mode, c = other->number](double x) { return rounded(x / c, mode); }));
}
ACLNN(PowTensorScalar, aclTensor* self, aclScalar* exponent, aclTensor* out) {
  return PREPARE(map1("Pows", self, out, power(exponent->number), 8));
}
ACLNN(InplacePowTensorScalar, aclTensor* self, aclScalar* exponent) {
  return PREPARE(map1("Pows", self, self, power(exponent->number), 8));
}
ACLNN(PowTensorTensor, aclTensor* self, aclTensor* exponent, aclTensor* out) {
  return PREPARE(map2("Pow", self, exponent, out, [](double x, double y) { return std::pow(x, y); }, 8));
}
ACLNN(PowScalarTensor, aclScalar* self, aclTensor* exponent, aclTensor* out) {
  return PREPARE(map1("Pow", exponent, out, [base = self->number](double x) { return std::pow(base, x); }, 8));
}
ACLNN(FloorDivide, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("FloorDiv", self, other, out, floored));
}
ACLNN(FloorDivides, aclTensor* self, aclScalar* other, aclTensor* out) {
  return PREPARE(map1("FloorDiv", self, out, [c = other->number](double x) { return floored(x, c); }));
}
ACLNN(RemainderTensorTensor, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("FloorMod", self, other, out, floor_remainder));
}
ACLNN(RemainderTensorScalar, aclTensor* self, aclScalar* other, aclTensor* out) {
  return PREPARE(map1("FloorMod", self, out, [c = other->number](double x) { return floor_remainder(x, c); }));
}
ACLNN(Addcmul, aclTensor* self, aclTensor* x, aclTensor* y, aclScalar* value, aclTensor* out) {
  return PREPARE(
      map3("Addcmul", self, x, y, out, [v = value->number](double s, double a, double b) { return s + v * a * b; }));
}
ACLNN(InplaceAddcmul, aclTensor* self, aclTensor* x, aclTensor* y, aclScalar* value) {
  return PREPARE(
      map3("Addcmul", self, x, y, self, [v = value->number](double s, double a, double b) { return s + v * a * b; }));
}
ACLNN(Addcdiv, aclTensor* self, aclTensor* x, aclTensor* y, aclScalar* value, aclTensor* out) {
  return PREPARE(
      map3("Addcdiv", self, x, y, out, [v = value->number](double s, double a, double b) { return s + v * a / b; }));
}
ACLNN(InplaceAddcdiv, aclTensor* self, aclTensor* x, aclTensor* y, aclScalar* value) {
  return PREPARE(
      map3("Addcdiv", self, x, y, self, [v = value->number](double s, double a, double b) { return s + v * a / b; }));
}
ACLNN(Lerp, aclTensor* self, aclTensor* end, aclTensor* weight, aclTensor* out) {
  return PREPARE(map3("Lerp", self, end, weight, out, [](double x, double y, double w) { return x + w * (y - x); }));
}
ACLNN(InplaceLerp, aclTensor* self, aclTensor* end, aclTensor* weight) {
  return PREPARE(map3("Lerp", self, end, weight, self, [](double x, double y, double w) { return x + w * (y - x); }));
}
ACLNN(Lerps, aclTensor* self, aclTensor* end, aclScalar* weight, aclTensor* out) {
  return PREPARE(map2("Lerp", self, end, out, [w = weight->number](double x, double y) { return x + w * (y - x); }));
}
ACLNN(InplaceLerps, aclTensor* self, aclTensor* end, aclScalar* weight) {
  return PREPARE(map2("Lerp", self, end, self, [w = weight->number](double x, double y) { return x + w * (y - x); }));
}
ACLNN(Maximum, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("Maximum", self, other, out, [](double x, double y) { return std::fmax(x, y); }));
}
ACLNN(Minimum, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("Minimum", self, other, out, [](double x, double y) { return std::fmin(x, y); }));
}
ACLNN(Clamp, aclTensor* self, aclScalar* low, aclScalar* high, aclTensor* out) {
  double least = low ? low->number : -INFINITY;
  double most = high ? high->number : INFINITY;
  return PREPARE(map1("ClipByValueV2", self, out, [=](double x) { return std::fmin(std::fmax(x, least), most); }));
}
ACLNN(ClampMin, aclTensor* self, aclScalar* low, aclTensor* out) {
  return PREPARE(map1("Maximum", self, out, [c = low->number](double x) { return std::fmax(x, c); }));
}
ACLNN(ClampMax, aclTensor* self, aclScalar* high, aclTensor* out) {
  return PREPARE(map1("Minimum", self, out, [c = high->number](double x) { return std::fmin(x, c); }));
}

// Each with one tensor in and one out.
#define UNARY(api, type, expression)                                            \
  ACLNN(api, aclTensor* self, aclTensor* out) {                                 \
    return PREPARE(map1(type, self, out, [](double x) { return expression; })); \
  }
#define INPLACE_UNARY(api, type, expression)                                     \
  ACLNN(api, aclTensor* self) {                                                  \
    return PREPARE(map1(type, self, self, [](double x) { return expression; })); \
  }

UNARY(Neg, "Neg", -x)
UNARY(Exp, "Exp", std::exp(x))
UNARY(Log, "Log", std::log(x))
UNARY(Sqrt, "Sqrt", std::sqrt(x))
UNARY(Rsqrt, "Rsqrt", 1 / std::sqrt(x))
UNARY(Reciprocal, "Reciprocal", 1 / x)
UNARY(Abs, "Abs", std::fabs(x))
UNARY(Sin, "Sin", std::sin(x))
UNARY(Cos, "Cos", std::cos(x))
UNARY(Erf, "Erf", std::erf(x))
UNARY(Floor, "Floor", std::floor(x))
UNARY(Ceil, "Ceil", std::ceil(x))
UNARY(Round, "Round", std::nearbyint(x))
UNARY(Sign, "Sign", (x > 0) - (x < 0))
UNARY(LogicalNot, "LogicalNot", x == 0)
UNARY(IsFinite, "IsFinite", std::isfinite(x))
INPLACE_UNARY(InplaceLogicalNot, "LogicalNot", x == 0)
INPLACE_UNARY(InplaceNeg, "Neg", -x)
INPLACE_UNARY(InplaceExp, "Exp", std::exp(x))
INPLACE_UNARY(InplaceSqrt, "Sqrt", std::sqrt(x))
INPLACE_UNARY(InplaceRsqrt, "Rsqrt", 1 / std::sqrt(x))
INPLACE_UNARY(InplaceReciprocal, "Reciprocal", 1 / x)

// Each comparison with a tensor and with a scalar.
#define COMPARISON(name, type, sign)                                                           \
  ACLNN(name##Tensor, aclTensor* self, aclTensor* other, aclTensor* out) {                     \
    return PREPARE(map2(type, self, other, out, [](double x, double y) { return x sign y; })); \
  }                                                                                            \
  ACLNN(name##Scalar, aclTensor* self, aclScalar* other, aclTensor* out) {                     \
    return PREPARE(map1(type, self, out, [c = other->number](double x) { return x sign c; })); \
  }

COMPARISON(Eq, "Equal", ==)
COMPARISON(Ne, "NotEqual", !=)
COMPARISON(Lt, "Less", <)
COMPARISON(Le, "LessEqual", <=)
COMPARISON(Gt, "Greater", >)
COMPARISON(Ge, "GreaterEqual", >=)

ACLNN(InplaceLogicalAnd, aclTensor* self, aclTensor* other) {
  return PREPARE(map2("LogicalAnd", self, other, self, [](double x, double y) { return x != 0 && y != 0; }));
}
ACLNN(InplaceLogicalOr, aclTensor* self, aclTensor* other) {
  return PREPARE(map2("LogicalOr", self, other, self, [](double x, double y) { return x != 0 || y != 0; }));
}
ACLNN(LogicalAnd, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("LogicalAnd", self, other, out, [](double x, double y) { return x != 0 && y != 0; }));
}
ACLNN(LogicalOr, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(map2("LogicalOr", self, other, out, [](double x, double y) { return x != 0 || y != 0; }));
}

// On truth values the bitwise operators are the logical ones.
#define BITWISE(name, type, sign)                                                                                 \
  ACLNN(Bitwise##name##Tensor, aclTensor* self, aclTensor* other, aclTensor* out) {                               \
    return PREPARE(map2(type, self, other, out, [](double x, double y) { return as_bits(x) sign as_bits(y); }));  \
  }                                                                                                               \
  ACLNN(Bitwise##name##Scalar, aclTensor* self, aclScalar* other, aclTensor* out) {                               \
    return PREPARE(map1(type, self, out, [c = other->number](double x) { return as_bits(x) sign as_bits(c); }));  \
  }                                                                                                               \
  ACLNN(InplaceBitwise##name##Tensor, aclTensor* self, aclTensor* other) {                                        \
    return PREPARE(map2(type, self, other, self, [](double x, double y) { return as_bits(x) sign as_bits(y); })); \
  }                                                                                                               \
  ACLNN(InplaceBitwise##name##Scalar, aclTensor* self, aclScalar* other) {                                        \
    return PREPARE(map1(type, self, self, [c = other->number](double x) { return as_bits(x) sign as_bits(c); })); \
  }

BITWISE(And, "BitwiseAnd", &)
BITWISE(Or, "BitwiseOr", |)
BITWISE(Xor, "BitwiseXor", ^)

ACLNN(BitwiseNot, aclTensor* self, aclTensor* out) {
  bool truth = self->dtype == ACL_BOOL;
  return PREPARE(map1("Invert", self, out, [truth](double x) { return truth ? double(x == 0) : -x - 1; }));
}
ACLNN(IsClose, aclTensor* self, aclTensor* other, double rtol, double atol, bool equal_nan, aclTensor* out) {
  return PREPARE(map2("IsClose", self, other, out, [=](double x, double y) {
    return x == y || std::fabs(x - y) <= atol + rtol * std::fabs(y) || (equal_nan && std::isnan(x) && std::isnan(y));
  }));
}
ACLNN(Equal, aclTensor* self, aclTensor* other, aclTensor* out) {
  return PREPARE(Work{{sim::vector_kernel("TensorEqual", {self, other}, {out})}, [x = *self, y = *other, to = *out] {
                        sim::store(to, sim::Values{x.dims == y.dims && sim::load(x) == sim::load(y) ? 1.0 : 0.0});
                      }});
}
ACLNN(SWhere, aclTensor* condition, aclTensor* yes, aclTensor* no, aclTensor* out) {
  return PREPARE(
      map3("SelectV2", condition, yes, no, out, [](double c, double x, double y) { return c != 0 ? x : y; }));
}
