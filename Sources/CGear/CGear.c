// SipHash-2-4 (Aumasson and Bernstein, 2012) over vectors whose lanes are different messages.

#include "CGear.h"

#include <string.h>

typedef uint64_t row __attribute__((vector_size(8 * cgear_windows)));

#define ROTATE(row, bits) (((row) << (bits)) | ((row) >> (64 - (bits))))
#define ROUND                                 \
  v0 += v1;                                   \
  v2 += v3;                                   \
  v1 = ROTATE(v1, 13) ^ v0;                   \
  v3 = ROTATE(v3, 16) ^ v2;                   \
  v0 = ROTATE(v0, 32) + v3;                   \
  v2 += v1;                                   \
  v1 = ROTATE(v1, 17) ^ v2;                   \
  v3 = ROTATE(v3, 21) ^ v0;                   \
  v2 = ROTATE(v2, 32);

#define TARGET
#define NAME(name) name##_any
#include "siphash.inc"

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_avx2
#include "siphash.inc"

#define TARGET __attribute__((target("avx512f,avx512vl")))
#define NAME(name) name##_avx512
#include "siphash.inc"

int cgear_vectors(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return 2;
  return __builtin_cpu_supports("avx2") ? 1 : 0;
}

#else

int cgear_vectors(void) { return 0; }

#endif

void cgear_siphash(
    int vectors, const uint8_t *const ends[cgear_windows], const uint8_t key[16],
    uint64_t values[cgear_windows]) {
  switch (vectors) {
#if defined(__x86_64__)
  case 2:
    siphash_avx512(ends, key, values);
    break;
  case 1:
    siphash_avx2(ends, key, values);
    break;
#endif
  default:
    siphash_any(ends, key, values);
  }
}
