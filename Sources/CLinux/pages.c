// Large pages for the memory of Argon2. libsodium asks the kernel for 64 MiB and has them filled before
// anybody could say what they are for: 16,384 pages, each with a fault of its own, take a quarter of the
// time that a passphrase costs. The released program is linked with --wrap=mmap, which brings every call
// of its own code here.
#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { large_page = 2 << 20 };

// Nanoseconds of processor time. A large page that takes longer is slow: a virtual machine that gives its
// free memory back asks its host for each, which takes forty times as long as to zero it, and a kernel that
// has none left makes room for each. Small ones are seldom given back. A processor that writes less than
// 2 GB/s does without large pages.
enum { slow = 1000 * 1000 };

// Once slow pages took together as long as small ones would take for all of it, the others are small.
enum { patience = 16 * slow };

// What two threads fill piece by piece, as long as a large page: the kernel holds the lock of all the
// process's memory for one call, and other threads wait for it meanwhile.
typedef struct {
  uint8_t *start;
  size_t size;
  int64_t patience;
  atomic_size_t next;
  // What slow pages took; beyond the patience the others are small.
  _Atomic int64_t waited;
} filling;

static int64_t processor_time(void) {
  struct timespec time = {0, 0};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *fill(void *memory) {
  filling *all = memory;
  for (;;) {
    size_t begin = atomic_fetch_add(&all->next, large_page);
    if (begin >= all->size) return NULL;
    size_t rest = all->size - begin;
    int64_t before = processor_time();
    madvise(all->start + begin, rest < large_page ? rest : large_page, MADV_POPULATE_WRITE);
    int64_t taken = processor_time() - before;
    if (taken <= slow && taken <= all->patience) continue;
    int64_t waited = atomic_fetch_add(&all->waited, taken);
    if (waited <= all->patience && waited + taken > all->patience) {
      madvise(all->start + begin, rest, MADV_NOHUGEPAGE);
    }
  }
}

// The kernel zeroes as fast as one processor writes, so two of them take half the time.
static void fill_by_two(uint8_t *start, size_t size, int64_t patience) {
  filling all = {.start = start, .size = size, .patience = patience};
  pthread_t helper;
  int refused = pthread_create(&helper, NULL, fill, &all);
  fill(&all);
  if (!refused) pthread_join(helper, NULL);
}

void *clinux_map_filled(size_t size, int protection, int flags, int64_t patience) {
  // Large pages begin at multiples of their size; what is too much goes back.
  uint8_t *start = mmap64(NULL, size + large_page, protection, flags & ~MAP_POPULATE, -1, 0);
  if (start == MAP_FAILED) return MAP_FAILED;
  size_t before = -(uintptr_t)start & (large_page - 1);
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t kept = (size + page - 1) & ~(page - 1);
  if (before > 0) munmap(start, before);
  munmap(start + before + kept, large_page - before);
  // Where there are none it stays with small pages.
  madvise(start + before, size, MADV_HUGEPAGE);
  fill_by_two(start + before, size, patience);
  return start + before;
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset) {
  const int filled = MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE;
  if (address || size < 4 * large_page || size > SIZE_MAX - large_page || (flags & filled) != filled) {
    return mmap64(address, size, protection, flags, file, offset);
  }
  void *start = clinux_map_filled(size, protection, flags, patience);
  return start == MAP_FAILED ? mmap64(address, size, protection, flags, file, offset) : start;
}
