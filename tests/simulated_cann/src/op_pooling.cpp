// aclnn two-dimensional pooling and its gradients.
#include <algorithm>
#include <cmath>

#include "kernel.h"

namespace {

using namespace sim;

struct Pair {
  int64_t y = 0, x = 0;
};

Pair as_pair(const aclIntArray* given, Pair missing) {
  const auto& values = given->values;
  return values.empty() ? missing : Pair{values.front(), values.back()};
}

// The last two dimensions of `in` pooled into those of `out`; everything before them is `planes`.
struct Windows {
  int64_t planes, height, width, out_height, out_width;
  Pair kernel, stride, padding, dilation;

  Windows(const Tensor& in, const Tensor& out)
      : planes(1),
        height(in.dims[in.dims.size() - 2]),
        width(in.dims.back()),
        out_height(out.dims[out.dims.size() - 2]),
        out_width(out.dims.back()) {
    planes = in.numel() / (height * width);
  }

  // Calls visit(place in the output, place in the input) for each element of each window that lies in the image.
  template <typename Visit>
  void for_each_element(Visit visit) const {
    for (int64_t plane = 0; plane < planes; ++plane)
      for (int64_t oy = 0; oy < out_height; ++oy)
        for (int64_t ox = 0; ox < out_width; ++ox)
          for (int64_t ky = 0; ky < kernel.y; ++ky)
            for (int64_t kx = 0; kx < kernel.x; ++kx) {
              int64_t y = oy * stride.y - padding.y + ky * dilation.y;
              int64_t x = ox * stride.x - padding.x + kx * dilation.x;
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              visit(static_cast<size_t>((plane * out_height + oy) * out_width + ox),
                    static_cast<size_t>((plane * height + y) * width + x));
            }
  }

  size_t outputs() const { return static_cast<size_t>(planes * out_height * out_width); }
};

Windows windows(const Tensor& in, const Tensor& out, const aclIntArray* kernel, const aclIntArray* stride,
                const aclIntArray* padding, const aclIntArray* dilation) {
  Windows shape(in, out);
  shape.kernel = as_pair(kernel, {1, 1});
  shape.stride = as_pair(stride, shape.kernel);
  shape.padding = as_pair(padding, {0, 0});
  shape.dilation = dilation ? as_pair(dilation, {1, 1}) : Pair{1, 1};
  return shape;
}

// For each output, the place in the input of the window's largest element.
std::vector<size_t> largest_places(const Windows& shape, const Values& x) {
  std::vector<size_t> places(shape.outputs());
  Values best(shape.outputs(), -INFINITY);
  shape.for_each_element([&](size_t out, size_t in) {
    if (x[in] <= best[out]) return;
    best[out] = x[in];
    places[out] = in;
  });
  return places;
}

Work max_pool(const Windows& shape, const Tensor* self, const Tensor* out, const Tensor* indices, bool writes_indices) {
  return {{vector_kernel("MaxPoolWithArgmaxV1", {self}, {out, indices}, 4)},
          [shape, from = *self, to = *out, indices_to = *indices, writes_indices] {
            Values x = load(from), values, places;
            for (size_t place : largest_places(shape, x)) {
              values.push_back(x[place]);
              places.push_back(static_cast<double>(static_cast<int64_t>(place) % (shape.height * shape.width)));
            }
            store(to, values);
            if (writes_indices) store(indices_to, places);
          }};
}

Work max_pool_gradient(const Windows& shape, const Tensor* grad, const Tensor* self, const Tensor* out) {
  return {{vector_kernel("MaxPoolGradWithArgmaxV1", {self, grad}, {out}, 4)},
          [shape, g = *grad, from = *self, to = *out] {
            Values slope = load(g);
            Values values(static_cast<size_t>(to.numel()), 0);
            std::vector<size_t> places = largest_places(shape, load(from));
            for (size_t i = 0; i < places.size(); ++i) values[places[i]] += slope[i];
            store(to, values);
          }};
}

// How many elements each window is averaged over: all, with padding, or those in the image.
Values average_divisors(const Windows& shape, bool counts_padding, int64_t divisor_override) {
  Values divisors(shape.outputs(), 0);
  if (divisor_override > 0) {
    std::fill(divisors.begin(), divisors.end(), static_cast<double>(divisor_override));
  } else if (!counts_padding) {
    shape.for_each_element([&](size_t out, size_t) { divisors[out] += 1; });
  } else {
    for (size_t i = 0; i < divisors.size(); ++i) {
      auto at = static_cast<int64_t>(i);
      int64_t y = at / shape.out_width % shape.out_height * shape.stride.y - shape.padding.y;
      int64_t x = at % shape.out_width * shape.stride.x - shape.padding.x;
      int64_t bottom = std::min(y + shape.kernel.y, shape.height + shape.padding.y);
      int64_t right = std::min(x + shape.kernel.x, shape.width + shape.padding.x);
      divisors[i] = static_cast<double>((bottom - y) * (right - x));
    }
  }
  return divisors;
}

// The windows of adaptive pooling differ in size; they are visited here instead.
template <typename Visit>
void for_each_adaptive(const Windows& shape, Visit visit) {
  auto first = [](int64_t out, int64_t in_size, int64_t out_size) { return out * in_size / out_size; };
  auto last = [](int64_t out, int64_t in_size, int64_t out_size) {
    return ((out + 1) * in_size + out_size - 1) / out_size;
  };
  for (int64_t plane = 0; plane < shape.planes; ++plane)
    for (int64_t oy = 0; oy < shape.out_height; ++oy)
      for (int64_t ox = 0; ox < shape.out_width; ++ox)
        for (int64_t y = first(oy, shape.height, shape.out_height); y < last(oy, shape.height, shape.out_height); ++y)
          for (int64_t x = first(ox, shape.width, shape.out_width); x < last(ox, shape.width, shape.out_width); ++x)
            visit(static_cast<size_t>((plane * shape.out_height + oy) * shape.out_width + ox),
                  static_cast<size_t>((plane * shape.height + y) * shape.width + x));
}

}  // namespace

ACLNN(MaxPool2dWithMask, aclTensor* self, aclIntArray* kernel, aclIntArray* stride, aclIntArray* padding,
      aclIntArray* dilation, bool, aclTensor* out, aclTensor* mask) {
  // The mask is the operator's own affair: the gradient finds the places again.
  return PREPARE(max_pool(windows(*self, *out, kernel, stride, padding, dilation), self, out, mask, false));
}
ACLNN(MaxPool2dWithMaskBackward, aclTensor* grad, aclTensor* self, aclTensor*, aclIntArray* kernel, aclIntArray* stride,
      aclIntArray* padding, aclIntArray* dilation, bool, aclTensor* out) {
  return PREPARE(max_pool_gradient(windows(*self, *grad, kernel, stride, padding, dilation), grad, self, out));
}
ACLNN(MaxPool2dWithIndices, aclTensor* self, aclIntArray* kernel, aclIntArray* stride, aclIntArray* padding,
      aclIntArray* dilation, bool, aclTensor* out, aclTensor* indices) {
  return PREPARE(max_pool(windows(*self, *out, kernel, stride, padding, dilation), self, out, indices, true));
}
ACLNN(MaxPool2dWithIndicesBackward, aclTensor* grad, aclTensor* self, aclTensor*, aclIntArray* kernel,
      aclIntArray* stride, aclIntArray* padding, aclIntArray* dilation, bool, aclTensor* out) {
  return PREPARE(max_pool_gradient(windows(*self, *grad, kernel, stride, padding, dilation), grad, self, out));
}
ACLNN(AvgPool2d, aclTensor* self, aclIntArray* kernel, aclIntArray* stride, aclIntArray* padding, bool,
      bool counts_padding, int64_t divisor_override, int8_t, aclTensor* out) {
  Windows shape = windows(*self, *out, kernel, stride, padding, nullptr);
  return PREPARE(Work{{vector_kernel("AvgPoolV2", {self}, {out}, 4)},
                      [shape, from = *self, to = *out, counts_padding, divisor_override] {
                        Values x = load(from), values(shape.outputs(), 0);
                        Values divisors = average_divisors(shape, counts_padding, divisor_override);
                        shape.for_each_element([&](size_t o, size_t in) { values[o] += x[in] / divisors[o]; });
                        store(to, values);
                      }});
}
ACLNN(AvgPool2dBackward, aclTensor* grad, aclTensor* self, aclIntArray* kernel, aclIntArray* stride,
      aclIntArray* padding, bool, bool counts_padding, int64_t divisor_override, int8_t, aclTensor* out) {
  Windows shape = windows(*self, *grad, kernel, stride, padding, nullptr);
  return PREPARE(Work{{vector_kernel("AvgPoolV2Grad", {grad}, {out}, 4)},
                      [shape, g = *grad, to = *out, counts_padding, divisor_override] {
                        Values slope = load(g), values(static_cast<size_t>(to.numel()), 0);
                        Values divisors = average_divisors(shape, counts_padding, divisor_override);
                        shape.for_each_element([&](size_t o, size_t in) { values[in] += slope[o] / divisors[o]; });
                        store(to, values);
                      }});
}
ACLNN(AdaptiveAvgPool2d, aclTensor* self, aclIntArray*, aclTensor* out) {
  Windows shape(*self, *out);
  return PREPARE(Work{{vector_kernel("AdaptiveAvgPool2d", {self}, {out}, 2)}, [shape, from = *self, to = *out] {
                        Values x = load(from), values(shape.outputs(), 0), members(shape.outputs(), 0);
                        for_each_adaptive(shape, [&](size_t o, size_t in) {
                          values[o] += x[in];
                          ++members[o];
                        });
                        for (size_t i = 0; i < values.size(); ++i) values[i] /= members[i];
                        store(to, values);
                      }});
}
ACLNN(AdaptiveAvgPool2dBackward, aclTensor* grad, aclTensor* self, aclTensor* out) {
  Windows shape(*self, *grad);
  return PREPARE(Work{{vector_kernel("AdaptiveAvgPool2dGrad", {grad}, {out}, 2)}, [shape, g = *grad, to = *out] {
                        Values slope = load(g), values(static_cast<size_t>(to.numel()), 0), members(shape.outputs(), 0);
                        for_each_adaptive(shape, [&](size_t o, size_t) { ++members[o]; });
                        for_each_adaptive(shape, [&](size_t o, size_t in) { values[in] += slope[o] / members[o]; });
                        store(to, values);
                      }});
}
