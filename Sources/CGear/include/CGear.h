// The inner loops of the chunker (FORMAT.md section 9).
#ifndef CGEAR_H
#define CGEAR_H

#include <stdint.h>

// States below this are candidates for a cut.
static const uint64_t cgear_candidates = UINT64_C(1) << 56;

// How many candidates are decided at once, and how many bytes before each decide.
enum { cgear_windows = 8, cgear_window_size = 64 };

// Two bytes of `cgear_next`, of which either may make a candidate.
//
// The barrier keeps the compiler from adding up in the order that makes every byte wait for the one
// before it by a cycle more, which costs a third of the speed.
#define CGEAR_PAIR(index)                                                       \
  do {                                                                          \
    uint64_t first = place[index];                                              \
    uint64_t middle = (current << 1) + gear[first];                             \
    if (__builtin_expect(middle < cgear_candidates, 0)) {                       \
      *state = middle;                                                          \
      return place + (index) + 1;                                               \
    }                                                                           \
    uint64_t both = shifted[first] + gear[place[(index) + 1]];                  \
    __asm__("" : "+r"(both));                                                   \
    current = (current << 2) + both;                                            \
    if (__builtin_expect(current < cgear_candidates, 0)) {                      \
      *state = current;                                                         \
      return place + (index) + 2;                                               \
    }                                                                           \
  } while (0)

// The place behind the next byte whose state is a candidate; `last` where there is none. The state
// goes on from `*state`. Bytes before `last` are read.
// `shifted` holds what `gear` holds, shifted left by one.
//
// It is in C for the barrier, for which Swift has no word; eight pairs a round are a fifth faster
// than one.
static inline const uint8_t *cgear_next(
    const uint8_t *place, const uint8_t *last, uint64_t *state, const uint64_t gear[256],
    const uint64_t shifted[256]) {
  uint64_t current = *state;
  while (last - place >= 16) {
    CGEAR_PAIR(0);
    CGEAR_PAIR(2);
    CGEAR_PAIR(4);
    CGEAR_PAIR(6);
    CGEAR_PAIR(8);
    CGEAR_PAIR(10);
    CGEAR_PAIR(12);
    CGEAR_PAIR(14);
    place += 16;
  }
  while (place < last) {
    current = (current << 1) + gear[*place++];
    if (current < cgear_candidates) break;
  }
  *state = current;
  return place;
}

#undef CGEAR_PAIR

// The widest vectors that this processor has: 2 for AVX-512, 1 for AVX2, 0 for any.
int cgear_vectors(void);

// SipHash-2-4 of the `cgear_window_size` bytes before each place, all under one key: the same
// results as libsodium's, which hashes one after another and is the reference that tests compare
// with. `vectors` is a width that the processor has; it is in C because Swift cannot choose one.
void cgear_siphash(
    int vectors, const uint8_t *const ends[cgear_windows], const uint8_t key[16],
    uint64_t values[cgear_windows]);

#endif
