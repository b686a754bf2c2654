// aclnn random numbers: a generator started from torch's seed and offset, so equal seeds give equal numbers. They are
// not the numbers a real device draws.
#include <random>

#include "kernel.h"

namespace {

using namespace sim;

std::mt19937_64 generator(uint64_t seed, uint64_t offset) {
  return std::mt19937_64(seed * 6364136223846793005ULL + offset);
}

template <typename Distribution>
Work drawing(const char* type, const Tensor* self, uint64_t seed, uint64_t offset, Distribution distribution) {
  return {{vector_kernel(type, {}, {self}, 4)}, [to = *self, seed, offset, distribution] {
            auto numbers = generator(seed, offset);
            auto draw = distribution;
            Values values(static_cast<size_t>(to.numel()));
            for (double& value : values) value = static_cast<double>(draw(numbers));
            store(to, values);
          }};
}

bool keeps(const std::vector<uint8_t>& mask, size_t place) { return (mask[place / 8] >> (place % 8)) & 1; }

// One bit for each element, lowest first: whether it is kept.
Work dropout_mask(const aclIntArray* shape, double p, uint64_t seed, uint64_t offset, const Tensor* mask) {
  return {{vector_kernel("DSAGenBitMask", {}, {mask}, 4)}, [n = count(shape->values), p, seed, offset, to = *mask] {
            auto numbers = generator(seed, offset);
            std::bernoulli_distribution kept(1 - p);
            std::vector<uint8_t> bits(static_cast<size_t>(to.numel()), 0);
            for (size_t i = 0; i < static_cast<size_t>(n); ++i)
              if (kept(numbers)) bits[i / 8] |= static_cast<uint8_t>(1 << (i % 8));
            store(to, Values(bits.begin(), bits.end()));
          }};
}

}  // namespace

ACLNN(InplaceNormal, aclTensor* self, float mean, float deviation, int64_t seed, int64_t offset) {
  return PREPARE(drawing("StatelessRandomNormalV2", self, static_cast<uint64_t>(seed), static_cast<uint64_t>(offset),
                         std::normal_distribution<double>(mean, deviation)));
}
ACLNN(InplaceUniform, aclTensor* self, double from, double to, uint64_t seed, uint64_t offset) {
  return PREPARE(
      drawing("StatelessRandomUniformV2", self, seed, offset, std::uniform_real_distribution<double>(from, to)));
}
ACLNN(InplaceRandom, aclTensor* self, int64_t from, int64_t to, uint64_t seed, uint64_t offset) {
  return PREPARE(
      drawing("StatelessRandomUniformV2", self, seed, offset, std::uniform_int_distribution<int64_t>(from, to - 1)));
}
ACLNN(InplaceBernoulli, aclTensor* self, aclScalar* p, int64_t seed, int64_t offset) {
  return PREPARE(drawing("StatelessBernoulli", self, static_cast<uint64_t>(seed), static_cast<uint64_t>(offset),
                         std::bernoulli_distribution(p->number)));
}
ACLNN(DropoutGenMask, aclIntArray* shape, double p, int64_t seed, int64_t offset, aclTensor* mask) {
  return PREPARE(dropout_mask(shape, p, static_cast<uint64_t>(seed), static_cast<uint64_t>(offset), mask));
}
ACLNN(DropoutGenMaskV2, aclIntArray* shape, double p, int64_t seed, int64_t offset, aclDataType, aclTensor* mask) {
  return PREPARE(dropout_mask(shape, p, static_cast<uint64_t>(seed), static_cast<uint64_t>(offset), mask));
}
ACLNN(DropoutDoMask, aclTensor* self, aclTensor* mask, double p, aclTensor* out) {
  return PREPARE(
      Work{{vector_kernel("DropOutDoMask", {self, mask}, {out}, 2)}, [from = *self, m = *mask, p, to = *out] {
             Values x = load(from), bytes = load(m);
             std::vector<uint8_t> bits(bytes.begin(), bytes.end());
             for (size_t i = 0; i < x.size(); ++i) x[i] = keeps(bits, i) ? x[i] / (1 - p) : 0;
             store(to, x);
           }});
}
