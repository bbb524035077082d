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

#if defined(__x86_64__)
__attribute__((target_clones("avx512vl", "avx2", "default")))
#endif
void cgear_siphash(
    const uint8_t *const ends[cgear_windows], const uint8_t key[16],
    uint64_t values[cgear_windows]) {
  uint64_t keys[2];
  memcpy(keys, key, sizeof keys);
  row v0 = (row){0} + (keys[0] ^ 0x736f6d6570736575);
  row v1 = (row){0} + (keys[1] ^ 0x646f72616e646f6d);
  row v2 = (row){0} + (keys[0] ^ 0x6c7967656e657261);
  row v3 = (row){0} + (keys[1] ^ 0x7465646279746573);
  for (size_t offset = 0; offset < cgear_window_size; offset += 8) {
    row word;
    for (int lane = 0; lane < cgear_windows; lane++) {
      uint64_t own;
      memcpy(&own, ends[lane] - cgear_window_size + offset, sizeof own);
      word[lane] = own;
    }
    v3 ^= word;
    ROUND ROUND
    v0 ^= word;
  }
  // The last word has the length alone.
  uint64_t last = (uint64_t)cgear_window_size << 56;
  v3 ^= last;
  ROUND ROUND
  v0 ^= last;
  v2 ^= 0xff;
  ROUND ROUND ROUND ROUND
  row result = v0 ^ v1 ^ v2 ^ v3;
  memcpy(values, &result, sizeof result);
}
