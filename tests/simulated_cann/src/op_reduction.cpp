// aclnn reductions over one or more dimensions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "axis.h"
#include "kernel.h"

namespace {

using namespace sim;

// For each element of `dims` in row-major order, the place in the reduced tensor that it goes to.
std::vector<size_t> reduced_places(const Dims& dims, std::vector<int64_t> axes) {
  auto rank = static_cast<int64_t>(dims.size());
  if (axes.empty())
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  Dims steps(dims.size(), 0);
  int64_t step = 1;
  for (int64_t i = rank; i-- > 0;) {
    bool reduced = std::any_of(axes.begin(), axes.end(), [&](int64_t axis) { return wrap_axis(axis, rank) == i; });
    if (reduced) continue;
    steps[static_cast<size_t>(i)] = step;
    step *= dims[static_cast<size_t>(i)];
  }
  std::vector<size_t> places(static_cast<size_t>(count(dims)));
  for (size_t at = 0; at < places.size(); ++at) {
    auto rest = static_cast<int64_t>(at);
    int64_t place = 0;
    for (size_t i = dims.size(); i-- > 0;) {
      place += rest % dims[i] * steps[i];
      rest /= dims[i];
    }
    places[at] = static_cast<size_t>(place);
  }
  return places;
}

template <typename Step>
Values fold(const Values& values, const std::vector<size_t>& places, size_t size, double start, Step step) {
  Values out(size, start);
  for (size_t i = 0; i < values.size(); ++i) out[places[i]] = step(out[places[i]], values[i]);
  return out;
}

// Folds all elements that meet in one place, from `start`, then divides by how many they are if `averaged`.
template <typename Step>
Work reduction(const char* type, const Tensor* self, const std::vector<int64_t>& axes, const Tensor* out, double start,
               Step step, bool averaged = false) {
  return {{vector_kernel(type, {self}, {out})}, [from = *self, axes, to = *out, start, step, averaged] {
            Values values =
                fold(load(from), reduced_places(from.dims, axes), static_cast<size_t>(to.numel()), start, step);
            double members = averaged ? static_cast<double>(from.numel()) / static_cast<double>(to.numel()) : 1;
            for (double& value : values) value /= members;
            store(to, values);
          }};
}

double sum(double a, double b) { return a + b; }
double larger(double a, double b) { return std::max(a, b); }
double smaller(double a, double b) { return std::min(a, b); }
double either(double a, double b) { return a != 0 || b != 0; }
double both(double a, double b) { return a != 0 && b != 0; }

Work variance(const Tensor* self, const std::vector<int64_t>& axes, int64_t correction, const Tensor* out,
              const Tensor* mean_out) {
  Tensor means_to = mean_out ? *mean_out : Tensor();
  return {{vector_kernel("ReduceStdV2", {self}, {out, mean_out}, 4)},
          [from = *self, axes, correction, to = *out, means_to, has_mean = mean_out != nullptr] {
            Values x = load(from);
            std::vector<size_t> places = reduced_places(from.dims, axes);
            auto size = static_cast<size_t>(to.numel());
            double members = static_cast<double>(x.size()) / static_cast<double>(size);
            Values means = fold(x, places, size, 0, sum);
            for (double& mean : means) mean /= members;
            for (size_t i = 0; i < x.size(); ++i) x[i] = (x[i] - means[places[i]]) * (x[i] - means[places[i]]);
            Values spread = fold(x, places, size, 0, sum);
            for (double& value : spread) value /= std::max(0.0, members - static_cast<double>(correction));
            store(to, spread);
            if (has_mean) store(means_to, means);
          }};
}

// The best element along `dim` and where it is; `better(a, b)`: a goes before b.
template <typename Better>
Work best(const char* type, const Tensor* self, int64_t dim, const Tensor* out, const Tensor* indices, Better better) {
  Tensor values_to = out ? *out : Tensor();
  return {{vector_kernel(type, {self}, {out, indices})},
          [from = *self, dim, values_to, has_values = out != nullptr, indices_to = *indices, better] {
            Values x = load(from), values, places;
            Axis axis(from.dims, dim);
            axis.for_each_line([&](int64_t before, int64_t after) {
              int64_t found = 0;
              for (int64_t i = 1; i < axis.length; ++i)
                if (better(x[axis.place(before, i, after)], x[axis.place(before, found, after)])) found = i;
              values.push_back(x[axis.place(before, found, after)]);
              places.push_back(static_cast<double>(found));
            });
            if (has_values) store(values_to, values);
            store(indices_to, places);
          }};
}

double p_norm(const Values& values, double p) {
  double total = 0;
  for (double value : values) total += std::pow(std::fabs(value), p);
  return std::pow(total, 1 / p);
}

}  // namespace

ACLNN(ReduceSum, aclTensor* self, aclIntArray* dims, bool, aclDataType, aclTensor* out) {
  return PREPARE(reduction("ReduceSum", self, dims->values, out, 0, sum));
}
ACLNN(Mean, aclTensor* self, aclIntArray* dims, bool, aclDataType, aclTensor* out) {
  return PREPARE(reduction("ReduceMean", self, dims->values, out, 0, sum, true));
}
ACLNN(Amax, aclTensor* self, aclIntArray* dims, bool, aclTensor* out) {
  return PREPARE(reduction("ReduceMax", self, dims->values, out, -INFINITY, larger));
}
ACLNN(Amin, aclTensor* self, aclIntArray* dims, bool, aclTensor* out) {
  return PREPARE(reduction("ReduceMin", self, dims->values, out, INFINITY, smaller));
}
ACLNN(Max, aclTensor* self, aclTensor* out) {
  return PREPARE(reduction("ReduceMax", self, {}, out, -INFINITY, larger));
}
ACLNN(Min, aclTensor* self, aclTensor* out) {
  return PREPARE(reduction("ReduceMin", self, {}, out, INFINITY, smaller));
}
ACLNN(Any, aclTensor* self, aclIntArray* dims, bool, aclTensor* out) {
  return PREPARE(reduction("ReduceAny", self, dims->values, out, 0, either));
}
ACLNN(All, aclTensor* self, aclIntArray* dims, bool, aclTensor* out) {
  return PREPARE(reduction("ReduceAll", self, dims->values, out, 1, both));
}
ACLNN(VarCorrection, aclTensor* self, aclIntArray* dims, int64_t correction, bool, aclTensor* out) {
  return PREPARE(variance(self, dims->values, correction, out, nullptr));
}
ACLNN(VarMean, aclTensor* self, aclIntArray* dims, int64_t correction, bool, aclTensor* out, aclTensor* mean) {
  return PREPARE(variance(self, dims->values, correction, out, mean));
}
ACLNN(Std, aclTensor* self, aclIntArray* dims, int64_t correction, bool, aclTensor* out) {
  Work work = variance(self, dims->values, correction, out, nullptr);
  return PREPARE(Work{work.kernels, [work, to = *out] {
                        work.compute();
                        Values values = load(to);
                        for (double& value : values) value = std::sqrt(value);
                        store(to, values);
                      }});
}
ACLNN(MaxDim, aclTensor* self, int64_t dim, bool, aclTensor* out, aclTensor* indices) {
  return PREPARE(best("ArgMaxWithValue", self, dim, out, indices, std::greater<double>()));
}
ACLNN(MinDim, aclTensor* self, int64_t dim, bool, aclTensor* out, aclTensor* indices) {
  return PREPARE(best("ArgMinWithValue", self, dim, out, indices, std::less<double>()));
}
ACLNN(ArgMax, aclTensor* self, int64_t dim, bool, aclTensor* out) {
  return PREPARE(best("ArgMaxV2", self, dim, nullptr, out, std::greater<double>()));
}
ACLNN(ArgMin, aclTensor* self, int64_t dim, bool, aclTensor* out) {
  return PREPARE(best("ArgMin", self, dim, nullptr, out, std::less<double>()));
}
ACLNN(Cumsum, aclTensor* self, int64_t dim, aclDataType, aclTensor* out) {
  return PREPARE(Work{{vector_kernel("Cumsum", {self}, {out})}, [from = *self, dim, to = *out] {
                        Values x = load(from);
                        Axis axis(from.dims, dim);
                        axis.for_each_line([&](int64_t before, int64_t after) {
                          for (int64_t i = 1; i < axis.length; ++i)
                            x[axis.place(before, i, after)] += x[axis.place(before, i - 1, after)];
                        });
                        store(to, x);
                      }});
}
ACLNN(ForeachNorm, aclTensorList* tensors, aclScalar* p, aclTensorList* out) {
  Tensors inputs, outputs;
  for (const Tensor& tensor : tensors->tensors) inputs.push_back(&tensor);
  for (const Tensor& tensor : out->tensors) outputs.push_back(&tensor);
  return PREPARE(Work{{vector_kernel("ForeachNorm", inputs, outputs, 2)},
                      [from = tensors->tensors, to = out->tensors, order = p->number] {
                        for (size_t i = 0; i < from.size(); ++i) store(to[i], Values{p_norm(load(from[i]), order)});
                      }});
}
ACLNN(Norm, aclTensor* self, aclScalar* p, aclIntArray* dims, bool, aclTensor* out) {
  Work work = reduction("LpNormV2", self, dims->values, out, 0,
                        [order = p->number](double a, double b) { return a + std::pow(std::fabs(b), order); });
  return PREPARE(Work{work.kernels, [work, to = *out, order = p->number] {
                        work.compute();
                        Values values = load(to);
                        for (double& value : values) value = std::pow(value, 1 / order);
                        store(to, values);
                      }});
}
