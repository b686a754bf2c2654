// A dense tensor seen as outer x length x inner around one of its dimensions.
#pragma once

#include "tensor.h"

namespace sim {

struct Axis {
  int64_t outer = 1, length = 1, inner = 1;

  Axis(const Dims& dims, int64_t dim) {
    auto rank = static_cast<int64_t>(dims.size());
    int64_t at = wrap_axis(dim, rank);
    for (int64_t i = 0; i < rank; ++i) (i < at ? outer : i == at ? length : inner) *= dims[static_cast<size_t>(i)];
  }

  size_t place(int64_t before, int64_t along, int64_t after) const {
    return static_cast<size_t>((before * length + along) * inner + after);
  }

  // Calls action(before, after) for each line of elements along the dimension.
  template <typename Action>
  void for_each_line(Action action) const {
    for (int64_t before = 0; before < outer; ++before)
      for (int64_t after = 0; after < inner; ++after) action(before, after);
  }
};

}  // namespace sim
