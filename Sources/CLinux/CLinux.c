#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

const int clinux_O_NOATIME = O_NOATIME;
const int clinux_O_PATH = O_PATH;
const int clinux_O_TMPFILE = O_TMPFILE;

// glibc's own declaration of statx is hidden; the system call needs none.
int clinux_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *result) {
  return (int)syscall(SYS_statx, dirfd, path, flags, mask, result);
}

int clinux_renameat2(int olddir, const char *old, int newdir, const char *name, unsigned flags) {
  return (int)syscall(SYS_renameat2, olddir, old, newdir, name, flags);
}

long clinux_getdents64(int fd, void *buffer, size_t size) {
  return syscall(SYS_getdents64, fd, buffer, size);
}

int clinux_mknodat(int dirfd, const char *path, unsigned mode, unsigned major, unsigned minor) {
  return mknodat(dirfd, path, mode, makedev(major, minor));
}

long clinux_flistxattr(int fd, char *list, size_t size) { return flistxattr(fd, list, size); }
long clinux_llistxattr(const char *path, char *list, size_t size) {
  return llistxattr(path, list, size);
}
long clinux_fgetxattr(int fd, const char *name, void *value, size_t size) {
  return fgetxattr(fd, name, value, size);
}
long clinux_lgetxattr(const char *path, const char *name, void *value, size_t size) {
  return lgetxattr(path, name, value, size);
}
int clinux_fsetxattr(int fd, const char *name, const void *value, size_t size) {
  return fsetxattr(fd, name, value, size, 0);
}
int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
  return lsetxattr(path, name, value, size, 0);
}

int clinux_getflags(int fd, unsigned *flags) {
  int value = 0;
  if (ioctl(fd, FS_IOC_GETFLAGS, &value) != 0) return -1;
  *flags = (unsigned)value;
  return 0;
}

int clinux_setflags(int fd, unsigned flags) {
  int value = (int)flags;
  return ioctl(fd, FS_IOC_SETFLAGS, &value);
}

int clinux_getproject(int fd, unsigned *project) {
  struct fsxattr attributes;
  if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) != 0) return -1;
  *project = attributes.fsx_projid;
  return 0;
}

int clinux_setproject(int fd, unsigned project) {
  struct fsxattr attributes;
  if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) != 0) return -1;
  attributes.fsx_projid = project;
  return ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

int clinux_file_system(int fd, unsigned *magic) {
  struct statfs status;
  if (fstatfs(fd, &status) != 0) return -1;
  *magic = (unsigned)status.f_type;
  return 0;
}

// Both ends close when another program is started.
int clinux_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int clinux_punch_hole(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int clinux_fremovexattr(int fd, const char *name) { return fremovexattr(fd, name); }
int clinux_lremovexattr(const char *path, const char *name) { return lremovexattr(path, name); }
int clinux_clone(int fd, int source) { return ioctl(fd, FICLONE, source); }

long clinux_copy_file_range(int from, int64_t *at, int to, int64_t *toAt, size_t length) {
  return copy_file_range(from, at, to, toAt, length, 0);
}

int64_t clinux_seek_data(int fd, int64_t offset) { return lseek(fd, offset, SEEK_DATA); }
int64_t clinux_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, SEEK_HOLE); }
int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  return fallocate(fd, mode, offset, length);
}

// No core files and no other process of the user looking into this one's memory.
int clinux_harden_process(void) {
  struct rlimit none = {0, 0};
  int failed = setrlimit(RLIMIT_CORE, &none);
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) | failed;
}

long clinux_syncfs(int fd) { return syncfs(fd); }
const char *clinux_strerrordesc(int code) { return strerrordesc_np(code); }
void clinux_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int clinux_raise_file_limit(uint64_t most) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

void clinux_lower_priority(void) {
  setpriority(PRIO_PROCESS, 0, 19);
  // IOPRIO_WHO_PROCESS, this thread; the idle class.
  syscall(SYS_ioprio_set, 1, 0, 3 << 13);
}

void clinux_set_heap_limits(int map, int trim, int arenas) {
  mallopt(M_ARENA_MAX, arenas);
  mallopt(M_MMAP_THRESHOLD, map);
  mallopt(M_TRIM_THRESHOLD, trim);
}

void clinux_trim_heap(void) { malloc_trim(0); }

uint64_t clinux_file_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

int clinux_processor_count(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// The C library hands the arguments to constructors as it does to main. Swift reads them in /proc,
// which a chroot need not have: it would find none.
static int argument_count;
static char **argument_values;

__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  argument_values = values;
}

int clinux_argument_count(void) { return argument_count; }

char *clinux_argument(int index) { return argument_values[index]; }
