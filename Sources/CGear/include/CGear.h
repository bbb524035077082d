// The inner loops of the chunker (FORMAT.md section 9).
#ifndef CGEAR_H
#define CGEAR_H

#include <stdint.h>

// States below this are candidates for a cut.
static const uint64_t cgear_candidates = UINT64_C(1) << 56;

// How many candidates are decided at once, and how many bytes before each decide.
enum { cgear_windows = 8, cgear_window_size = 64 };

// The place behind the next byte whose state is a candidate; where there is none, `last` or the place
// behind it. The state goes on from `*state`. Bytes up to `last`, the one there included, are read.
// `shifted` holds what `gear` holds, shifted left by one.
//
// It is in C for one line: a barrier keeps the compiler from adding up in the order that makes every
// byte wait for the one before it by a cycle more, which costs a third of the speed. Swift has no way
// to say so.
static inline const uint8_t *cgear_next(
    const uint8_t *place, const uint8_t *last, uint64_t *state, const uint64_t gear[256],
    const uint64_t shifted[256]) {
  uint64_t current = *state;
  while (place < last) {
    uint64_t first = place[0];
    uint64_t middle = (current << 1) + gear[first];
    if (middle < cgear_candidates) {
      *state = middle;
      return place + 1;
    }
    uint64_t both = shifted[first] + gear[place[1]];
    __asm__("" : "+r"(both));
    current = (current << 2) + both;
    place += 2;
    if (current < cgear_candidates) break;
  }
  *state = current;
  return place;
}

// The widest vectors that this processor has: 2 for AVX-512, 1 for AVX2, 0 for any.
int cgear_vectors(void);

// SipHash-2-4 of the `cgear_window_size` bytes before each place, all under one key: the same
// results as libsodium's, which hashes one after another and is the reference that tests compare
// with. `vectors` is a width that the processor has; it is in C because Swift cannot choose one.
void cgear_siphash(
    int vectors, const uint8_t *const ends[cgear_windows], const uint8_t key[16],
    uint64_t values[cgear_windows]);

#endif
