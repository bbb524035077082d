// Large pages for the memory of Argon2. libsodium asks the kernel for 64 MiB and has them filled before
// anybody could say what they are for: 16,384 pages, each with a fault of its own, take a quarter of the
// time that a passphrase costs. The released program is linked with --wrap=mmap, which brings every call
// of its own code here.
#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { large_page = 2 << 20 };

typedef struct {
  uint8_t *start;
  size_t size;
} part;

static void *fill(void *memory) {
  const part *filled = memory;
  madvise(filled->start, filled->size, MADV_POPULATE_WRITE);
  return NULL;
}

// The kernel zeroes as fast as one processor writes, so two of them take half the time.
static void fill_by_two(uint8_t *start, size_t size) {
  size_t half = size / 2 & ~(size_t)(large_page - 1);
  part lower = {start, half}, upper = {start + half, size - half};
  pthread_t helper;
  int refused = pthread_create(&helper, NULL, fill, &upper);
  fill(&lower);
  if (refused) {
    fill(&upper);
  } else {
    pthread_join(helper, NULL);
  }
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset) {
  const int filled = MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE;
  if (address || size < 4 * large_page || size > SIZE_MAX - large_page || (flags & filled) != filled) {
    return mmap64(address, size, protection, flags, file, offset);
  }
  // Large pages begin at multiples of their size; what is too much goes back.
  uint8_t *start = mmap64(NULL, size + large_page, protection, flags & ~MAP_POPULATE, file, offset);
  if (start == MAP_FAILED) return mmap64(address, size, protection, flags, file, offset);
  size_t before = -(uintptr_t)start & (large_page - 1);
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t kept = (size + page - 1) & ~(page - 1);
  if (before > 0) munmap(start, before);
  munmap(start + before + kept, large_page - before);
  // Where there are none it stays with small pages.
  madvise(start + before, size, MADV_HUGEPAGE);
  fill_by_two(start + before, size);
  return start + before;
}
