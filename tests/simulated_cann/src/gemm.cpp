#include "gemm.h"

#include <algorithm>

#if defined(__x86_64__)
#define WIDE_VECTORS __attribute__((target_clones("arch=x86-64-v3", "default"), optimize("O3")))
#else
#define WIDE_VECTORS __attribute__((optimize("O3")))
#endif

namespace sim {

// Rows of the output are summed up from rows of b, so that the innermost loop runs along memory; k is cut into
// pieces whose rows of b stay in the cache.
WIDE_VECTORS void gemm(const float* a, const float* b, float* out, int64_t m, int64_t k, int64_t n) {
  constexpr int64_t kPiece = 64;
  for (int64_t first = 0; first < k; first += kPiece) {
    int64_t last = std::min(k, first + kPiece);
    for (int64_t row = 0; row < m; ++row) {
      float* target = out + row * n;
      for (int64_t inner = first; inner < last; ++inner) {
        float factor = a[row * k + inner];
        const float* source = b + inner * n;
        for (int64_t column = 0; column < n; ++column) target[column] += factor * source[column];
      }
    }
  }
}

std::vector<float> transposed(const float* matrix, int64_t rows, int64_t columns) {
  std::vector<float> out(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) out[column * rows + row] = matrix[row * columns + column];
  return out;
}

}  // namespace sim
