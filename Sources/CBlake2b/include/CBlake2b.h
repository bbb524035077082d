// BLAKE2b (RFC 7693) of many messages at once: one message per lane of a vector register, where the
// processor has vectors that are wide enough. Same results as libsodium's, which hashes one message
// after another and is the reference that tests compare with.
#ifndef CBLAKE2B_H
#define CBLAKE2B_H

#include <stddef.h>
#include <stdint.h>

// A message that comes in parts: the state behind those that were hashed.
typedef struct {
  uint64_t state[8];
  uint64_t taken;
} cblake2b_stream;

// One message and where its 32-byte hash goes. With a stream these are the next bytes of a message
// without a key: its last, or, where `hash` is NULL, whole blocks of 128 bytes after which the stream
// goes on.
typedef struct {
  const uint8_t *bytes;
  size_t count;
  uint8_t *hash;
  cblake2b_stream *stream;
} cblake2b_message;

// Messages that are hashed side by side: 8, 4, or 0 where this processor cannot.
int cblake2b_lanes(void);

// Begins a message that comes in parts, without key and personalisation.
void cblake2b_begin(cblake2b_stream *stream);

// Hashes messages of at least one byte with a 32-byte key (NULL for none) and 16 bytes of
// personalisation into 32 bytes each; no two go on with the same stream. `lanes` is 8 or 4 and at most
// what cblake2b_lanes says, or 1, which every processor has.
void cblake2b_hash(
    int lanes, const cblake2b_message *messages, size_t count, const uint8_t *key,
    const uint8_t *personal);

#endif
