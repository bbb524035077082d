// Large pages for the memory of Argon2. libsodium asks the kernel for 64 MiB and has them filled before
// anybody could say what they are for: 16,384 pages, each with a fault of its own, take a quarter of the
// time that a passphrase costs. Here they are large, and a thread fills them while Argon2, which goes
// through them in their order, begins with the first; another gives them back, as nobody has to wait for
// that. The released program is linked with --wrap=mmap and --wrap=munmap, which bring every call of its
// own code here.
#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

// Once slow pages took together half as long as small ones would take for all of it, the others are small.
enum { patience = 8 * slow };

// The one piece of memory that threads look after; of others there is nothing to know.
static struct {
  pthread_mutex_t lock;
  // Told when there comes to be a piece or none, and when one is filled.
  pthread_cond_t has_changed;
  // The lock guards the state, the start, which is NULL until all of it is known, and whether it is being
  // filled.
  enum { none, kept, leaving } state;
  uint8_t *start;
  int is_filling;
  size_t size;
  int64_t patience;
  int has_filler;
  pthread_t filler;
} piece = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_changed = PTHREAD_COND_INITIALIZER};

// munmap(2) itself, which by its name would come back here.
static int unmap(void *address, size_t size) { return (int)syscall(SYS_munmap, address, size); }

static int64_t processor_time(void) {
  struct timespec time = {0, 0};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void end_filling(void) {
  pthread_mutex_lock(&piece.lock);
  piece.is_filling = 0;
  pthread_cond_broadcast(&piece.has_changed);
  pthread_mutex_unlock(&piece.lock);
}

void clinux_let_filling_go_first(int64_t nanoseconds) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  nanoseconds += end.tv_nsec;
  end.tv_sec += nanoseconds / 1000000000;
  end.tv_nsec = nanoseconds % 1000000000;
  pthread_mutex_lock(&piece.lock);
  int result = 0;
  while (result == 0 && piece.state != kept) {
    result = pthread_cond_clockwait(&piece.has_changed, &piece.lock, CLOCK_MONOTONIC, &end);
  }
  while (piece.is_filling) pthread_cond_wait(&piece.has_changed, &piece.lock);
  pthread_mutex_unlock(&piece.lock);
}

// One large page at a time: the kernel holds the lock of all the process's memory for one call, and other
// threads wait for it meanwhile.
static void *fill(void *memory) {
  uint8_t *start = memory;
  int64_t waited = 0;
  for (size_t begin = 0; begin < piece.size; begin += large_page) {
    size_t rest = piece.size - begin;
    int64_t before = processor_time();
    madvise(start + begin, rest < large_page ? rest : large_page, MADV_POPULATE_WRITE);
    int64_t taken = processor_time() - before;
    if (waited > piece.patience || (taken <= slow && taken <= piece.patience)) continue;
    waited += taken;
    if (waited > piece.patience) madvise(start + begin, rest, MADV_NOHUGEPAGE);
  }
  end_filling();
  return NULL;
}

// False while there is a piece; one that is being given back is waited for.
static int take_piece(void) {
  pthread_mutex_lock(&piece.lock);
  while (piece.state == leaving) pthread_cond_wait(&piece.has_changed, &piece.lock);
  int is_mine = piece.state == none;
  if (is_mine) {
    piece.state = kept;
    piece.is_filling = 1;
    pthread_cond_broadcast(&piece.has_changed);
  }
  pthread_mutex_unlock(&piece.lock);
  return is_mine;
}

static void leave_piece(void) {
  pthread_mutex_lock(&piece.lock);
  piece.state = none;
  piece.is_filling = 0;
  pthread_cond_broadcast(&piece.has_changed);
  pthread_mutex_unlock(&piece.lock);
}

void *clinux_map_filled(size_t size, int protection, int flags, int64_t limit) {
  if (size > SIZE_MAX - large_page || !take_piece()) return MAP_FAILED;
  // Large pages begin at multiples of their size; what is too much goes back.
  uint8_t *start = mmap64(NULL, size + large_page, protection, flags & ~MAP_POPULATE, -1, 0);
  if (start == MAP_FAILED) {
    leave_piece();
    return MAP_FAILED;
  }
  size_t before = -(uintptr_t)start & (large_page - 1);
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t whole = (size + page - 1) & ~(page - 1);
  if (before > 0) unmap(start, before);
  start += before;
  unmap(start + whole, large_page - before);
  // Where there are none it stays with small pages.
  madvise(start, size, MADV_HUGEPAGE);
  piece.size = size;
  piece.patience = limit;
  piece.has_filler = pthread_create(&piece.filler, NULL, fill, start) == 0;
  // Without a thread every page comes when it is touched.
  if (!piece.has_filler) end_filling();
  pthread_mutex_lock(&piece.lock);
  piece.start = start;
  pthread_mutex_unlock(&piece.lock);
  return start;
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset) {
  const int filled = MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE;
  if (!address && size >= 4 * large_page && (flags & filled) == filled) {
    void *start = clinux_map_filled(size, protection, flags, patience);
    if (start != MAP_FAILED) return start;
  }
  return mmap64(address, size, protection, flags, file, offset);
}

// In parts, for the same lock.
static void *give_back(void *memory) {
  uint8_t *start = memory;
  if (piece.has_filler) pthread_join(piece.filler, NULL);
  for (size_t begin = 0; begin < piece.size; begin += 4 * large_page) {
    size_t rest = piece.size - begin;
    madvise(start + begin, rest < 4 * large_page ? rest : 4 * large_page, MADV_DONTNEED);
  }
  unmap(start, piece.size);
  leave_piece();
  return NULL;
}

int __wrap_munmap(void *address, size_t size) {
  pthread_mutex_lock(&piece.lock);
  int is_piece = address && address == piece.start && size == piece.size;
  if (is_piece) {
    piece.state = leaving;
    piece.start = NULL;
  }
  pthread_mutex_unlock(&piece.lock);
  if (!is_piece) return unmap(address, size);
  pthread_t helper;
  struct rlimit room;
  // Where address space is short, what is mapped next may need this.
  int is_short = getrlimit(RLIMIT_AS, &room) != 0 || room.rlim_cur != RLIM_INFINITY;
  if (!is_short && pthread_create(&helper, NULL, give_back, address) == 0) {
    pthread_detach(helper);
  } else {
    give_back(address);
  }
  return 0;
}
