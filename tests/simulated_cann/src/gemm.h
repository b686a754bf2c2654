// Matrix products on the host.
#pragma once

#include <cstdint>
#include <vector>

namespace sim {

// out[m, n] += a[m, k] @ b[k, n]; all dense and row-major.
void gemm(const float* a, const float* b, float* out, int64_t m, int64_t k, int64_t n);

// The transpose of a dense [rows, columns] matrix.
std::vector<float> transposed(const float* matrix, int64_t rows, int64_t columns);

}  // namespace sim
