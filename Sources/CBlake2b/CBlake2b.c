// The compression function of RFC 7693 section 3.2 over vectors whose lanes are different messages.
// Lanes advance in step; a lane whose message ends takes the next one, so lengths need not agree.

#include "CBlake2b.h"

#include <string.h>

static const uint64_t initial[8] = {
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[12][16] = {
  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
  {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
  {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
  {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
  {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
  {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
  {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
  {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
  {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
  {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
  {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

enum { block_size = 128, hash_size = 32, key_size = 32 };

// What a lane is at; its state only while no register holds it.
struct lane {
  const uint8_t *next;
  size_t left;
  uint64_t taken;
  // What it is busy with; NULL for nothing.
  const cblake2b_message *message;
  uint64_t state[8];
};

// Messages that no lane has taken, and the state in which each begins.
struct queue {
  const cblake2b_message *messages;
  size_t count;
  const uint8_t *key;
  const uint8_t *personal;
  uint64_t state[8];
};

// The state before the first block: parameters of RFC 7693 section 2.8 (digest and key length,
// fanout and depth 1, no salt, personalisation).
static void begin(uint64_t state[8], int has_key, const uint8_t *personal) {
  uint64_t words[2];
  memcpy(words, personal, sizeof words);
  memcpy(state, initial, sizeof initial);
  state[0] ^= hash_size | (has_key ? key_size << 8 : 0) | 1 << 16 | 1 << 24;
  state[6] ^= words[0];
  state[7] ^= words[1];
}

void cblake2b_begin(cblake2b_stream *stream) {
  static const uint8_t nothing[16];
  begin(stream->state, 0, nothing);
  stream->taken = 0;
}

static void wipe(void *memory, size_t count) {
  memset(memory, 0, count);
  __asm__ volatile("" : : "r"(memory) : "memory");
}

#define LANES 1
#define APART(row)
#define TARGET
#define NAME(name) name##_1
#include "lanes.inc"

#if defined(__x86_64__)

#define LANES 8
#define APART(row)
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define NAME(name) name##_8
#include "lanes.inc"

// Half as wide, for the last messages of eight lanes: a step takes two thirds of the time.
#define LANES 4
#define APART(row)
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define NAME(name) name##_half
#include "lanes.inc"

// Rotating is shuffling bytes here, and clang would shuffle both sides of the exclusive or instead of
// its result: a third more shuffles, and a twelfth slower.
#define LANES 4
#define APART(row) __asm__("" : "+x"(row))
#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_4
#include "lanes.inc"

int cblake2b_lanes(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
    return 8;
  }
  return __builtin_cpu_supports("avx2") ? 4 : 0;
}

#else

int cblake2b_lanes(void) { return 0; }

#endif

void cblake2b_hash(
    int lanes, const cblake2b_message *messages, size_t count, const uint8_t *key,
    const uint8_t *personal) {
  struct queue queue = {messages, count, key, personal, {0}};
  struct lane rest[4];
  switch (lanes) {
#if defined(__x86_64__)
  case 8:
    hash_half(&queue, rest, hash_8(&queue, rest, 0, 4), 0);
    break;
  case 4:
    hash_4(&queue, rest, 0, 0);
    break;
#endif
  default:
    hash_1(&queue, rest, 0, 0);
  }
  wipe(queue.state, sizeof queue.state);
}
