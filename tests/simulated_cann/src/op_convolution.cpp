// aclnn convolution in one or two dimensions and its gradient, as a matrix product of gathered patches.
#include <stdexcept>

#include "gemm.h"
#include "kernel.h"

namespace {

using namespace sim;

struct Geometry {
  int64_t batch, channels, height, width;        // of the input
  int64_t filters, kernel_height, kernel_width;  // of the weight
  int64_t out_height, out_width;
  int64_t stride[2], padding[2], dilation[2];
  int64_t groups;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_filters() const { return filters / groups; }
  int64_t patch() const { return group_channels() * kernel_height * kernel_width; }
  int64_t places() const { return out_height * out_width; }
};

// One-dimensional tensors get a height of one.
Dims two_dimensional(Dims dims) {
  if (dims.size() == 3) dims.insert(dims.begin() + 2, 1);
  if (dims.size() != 4) throw std::runtime_error("only one- and two-dimensional convolutions are simulated");
  return dims;
}

void read_pair(const aclIntArray* given, int64_t missing, int64_t* out) {
  const auto& values = given->values;
  out[0] = values.size() == 2 ? values[0] : missing;
  out[1] = values.back();
}

Geometry geometry(const Tensor& input, const Tensor& weight, const Tensor& output, const aclIntArray* stride,
                  const aclIntArray* padding, const aclIntArray* dilation, int64_t groups) {
  Dims in = two_dimensional(input.dims), filter = two_dimensional(weight.dims), out = two_dimensional(output.dims);
  Geometry shape{in[0], in[1], in[2], in[3], filter[0], filter[2], filter[3], out[2], out[3], {}, {}, {}, groups};
  read_pair(stride, 1, shape.stride);
  read_pair(padding, 0, shape.padding);
  read_pair(dilation, 1, shape.dilation);
  return shape;
}

// Calls visit(row of the patch, place in the output, offset in the image) for each place that lies in the image.
template <typename Visit>
void for_each_patch_element(const Geometry& shape, Visit visit) {
  for (int64_t channel = 0; channel < shape.group_channels(); ++channel)
    for (int64_t ky = 0; ky < shape.kernel_height; ++ky)
      for (int64_t kx = 0; kx < shape.kernel_width; ++kx) {
        int64_t row = (channel * shape.kernel_height + ky) * shape.kernel_width + kx;
        for (int64_t oy = 0; oy < shape.out_height; ++oy) {
          int64_t y = oy * shape.stride[0] - shape.padding[0] + ky * shape.dilation[0];
          if (y < 0 || y >= shape.height) continue;
          for (int64_t ox = 0; ox < shape.out_width; ++ox) {
            int64_t x = ox * shape.stride[1] - shape.padding[1] + kx * shape.dilation[1];
            if (x < 0 || x >= shape.width) continue;
            visit(row, oy * shape.out_width + ox, (channel * shape.height + y) * shape.width + x);
          }
        }
      }
}

// The patches of one image and group, as a [patch, places] matrix.
std::vector<float> gather_patches(const Geometry& shape, const float* image) {
  std::vector<float> patches(static_cast<size_t>(shape.patch() * shape.places()), 0);
  for_each_patch_element(
      shape, [&](int64_t row, int64_t place, int64_t at) { patches[row * shape.places() + place] = image[at]; });
  return patches;
}

// Where one image and one group of channels start in the input, in the output and in the weight.
struct Part {
  int64_t image, result, filter;
};

template <typename Action>
void for_each_part(const Geometry& shape, Action action) {
  for (int64_t image = 0; image < shape.batch; ++image)
    for (int64_t group = 0; group < shape.groups; ++group) {
      int64_t filters = shape.group_filters();
      action(Part{(image * shape.channels + group * shape.group_channels()) * shape.height * shape.width,
                  (image * shape.filters + group * filters) * shape.places(), group * filters * shape.patch()});
    }
}

std::vector<float> convolve(const Geometry& shape, const std::vector<float>& input, const std::vector<float>& weight) {
  std::vector<float> out(static_cast<size_t>(shape.batch * shape.filters * shape.places()), 0);
  for_each_part(shape, [&](const Part& part) {
    std::vector<float> patches = gather_patches(shape, &input[part.image]);
    gemm(&weight[part.filter], patches.data(), &out[part.result], shape.group_filters(), shape.patch(), shape.places());
  });
  return out;
}

std::vector<float> input_gradient(const Geometry& shape, const std::vector<float>& grad,
                                  const std::vector<float>& weight) {
  std::vector<float> out(static_cast<size_t>(shape.batch * shape.channels * shape.height * shape.width), 0);
  for_each_part(shape, [&](const Part& part) {
    std::vector<float> filter = transposed(&weight[part.filter], shape.group_filters(), shape.patch());
    std::vector<float> patches(static_cast<size_t>(shape.patch() * shape.places()), 0);
    gemm(filter.data(), &grad[part.result], patches.data(), shape.patch(), shape.group_filters(), shape.places());
    for_each_patch_element(shape, [&](int64_t row, int64_t place, int64_t at) {
      out[part.image + at] += patches[row * shape.places() + place];
    });
  });
  return out;
}

std::vector<float> weight_gradient(const Geometry& shape, const std::vector<float>& grad,
                                   const std::vector<float>& input) {
  std::vector<float> out(static_cast<size_t>(shape.filters * shape.patch()), 0);
  for_each_part(shape, [&](const Part& part) {
    std::vector<float> patches = gather_patches(shape, &input[part.image]);
    std::vector<float> turned = transposed(patches.data(), shape.patch(), shape.places());
    gemm(&grad[part.result], turned.data(), &out[part.filter], shape.group_filters(), shape.places(), shape.patch());
  });
  return out;
}

void add_bias(const Geometry& shape, const Values& bias, std::vector<float>& out) {
  for (size_t i = 0; i < out.size(); ++i)
    out[i] += static_cast<float>(bias[i / static_cast<size_t>(shape.places()) % bias.size()]);
}

Values bias_gradient(const Geometry& shape, const std::vector<float>& grad) {
  Values out(static_cast<size_t>(shape.filters), 0);
  for (size_t i = 0; i < grad.size(); ++i) out[i / static_cast<size_t>(shape.places()) % out.size()] += grad[i];
  return out;
}

double operations(const Geometry& shape) {
  return 2.0 * static_cast<double>(shape.batch * shape.filters * shape.places() * shape.patch());
}

}  // namespace

ACLNN(Convolution, aclTensor* input, aclTensor* weight, aclTensor* bias, aclIntArray* stride, aclIntArray* padding,
      aclIntArray* dilation, bool is_transposed, aclIntArray*, int64_t groups, aclTensor* out, int8_t) {
  if (is_transposed) return fail(ACL_ERROR_API_NOT_SUPPORT, "transposed convolution is not simulated");
  Geometry shape = geometry(*input, *weight, *out, stride, padding, dilation, groups);
  Tensor added = bias ? *bias : Tensor();
  return PREPARE(Work{{cube_kernel("Conv2D", {input, weight, bias}, {out}, operations(shape))},
                      [shape, x = *input, w = *weight, added, has_bias = bias != nullptr, to = *out] {
                        std::vector<float> values = convolve(shape, load_floats(x), load_floats(w));
                        if (has_bias) add_bias(shape, load(added), values);
                        store(to, values);
                      }});
}
ACLNN(ConvolutionBackward, aclTensor* grad, aclTensor* input, aclTensor* weight, aclIntArray*, aclIntArray* stride,
      aclIntArray* padding, aclIntArray* dilation, bool is_transposed, aclIntArray*, int64_t groups, aclBoolArray* mask,
      int8_t, aclTensor* grad_input, aclTensor* grad_weight, aclTensor* grad_bias) {
  if (is_transposed) return fail(ACL_ERROR_API_NOT_SUPPORT, "transposed convolution is not simulated");
  Geometry shape = geometry(*input, *weight, *grad, stride, padding, dilation, groups);
  std::vector<Kernel> kernels;
  std::vector<std::function<void()>> steps;
  if (mask->values[0]) {
    kernels.push_back(cube_kernel("Conv2DBackpropInput", {weight, grad}, {grad_input}, operations(shape)));
    steps.push_back([shape, g = *grad, w = *weight, to = *grad_input] {
      store(to, input_gradient(shape, load_floats(g), load_floats(w)));
    });
  }
  if (mask->values[1]) {
    kernels.push_back(cube_kernel("Conv2DBackpropFilter", {input, grad}, {grad_weight}, operations(shape)));
    steps.push_back([shape, g = *grad, x = *input, to = *grad_weight] {
      store(to, weight_gradient(shape, load_floats(g), load_floats(x)));
    });
  }
  if (mask->values[2]) {
    kernels.push_back(vector_kernel("BiasAddGrad", {grad}, {grad_bias}));
    steps.push_back([shape, g = *grad, to = *grad_bias] { store(to, bias_gradient(shape, load_floats(g))); });
  }
  return PREPARE(Work{kernels, [steps] {
                        for (const auto& step : steps) step();
                      }});
}
