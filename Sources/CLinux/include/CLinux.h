// What Swift's Glibc module hides of Linux. Only headers that need no GNU switch are included
// here: defining _GNU_SOURCE in a public header clashes with the Glibc module.
#pragma once
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

#include "CLinuxOptions.h"

extern const int clinux_O_NOATIME;
extern const int clinux_O_PATH;
extern const int clinux_O_TMPFILE;

int clinux_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *result);
int clinux_renameat2(int olddir, const char *old, int newdir, const char *name, unsigned flags);
long clinux_getdents64(int fd, void *buffer, size_t size);
int clinux_mknodat(int dirfd, const char *path, unsigned mode, unsigned major, unsigned minor);

long clinux_flistxattr(int fd, char *list, size_t size);
long clinux_llistxattr(const char *path, char *list, size_t size);
long clinux_fgetxattr(int fd, const char *name, void *value, size_t size);
long clinux_lgetxattr(const char *path, const char *name, void *value, size_t size);
int clinux_fsetxattr(int fd, const char *name, const void *value, size_t size);
int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size);

int clinux_getflags(int fd, unsigned *flags);
int clinux_setflags(int fd, unsigned flags);
int clinux_getproject(int fd, unsigned *project);
int clinux_setproject(int fd, unsigned project);
int clinux_file_system(int fd, unsigned *magic);
int clinux_pipe(int *ends);
int clinux_punch_hole(int fd, int64_t offset, int64_t length);
int clinux_fremovexattr(int fd, const char *name);
int clinux_lremovexattr(const char *path, const char *name);
int clinux_clone(int fd, int source);
long clinux_copy_file_range(int from, int64_t *at, int to, int64_t *toAt, size_t length);
int64_t clinux_seek_data(int fd, int64_t offset);
int64_t clinux_seek_hole(int fd, int64_t offset);
int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length);
int clinux_harden_process(void);
int clinux_argument_count(void);
char *clinux_argument(int index);
int clinux_raise_file_limit(uint64_t most);
uint64_t clinux_file_limit(void);
long clinux_syncfs(int fd);
const char *clinux_strerrordesc(int code);
void clinux_set_thread_name(const char *name);
int clinux_processor_count(void);
void clinux_lower_priority(void);
void clinux_set_heap_limits(int map, int trim, int arenas);
void clinux_trim_heap(void);

// Says why the program ends, from a signal handler, to whoever reads it at this moment.
void clinux_last_words(const char *text);

// A bus error names the mapped file and ends the program with exit code 1.
void clinux_explain_bus_errors(void);

// Anonymous memory that a thread fills, in large pages until slow ones took more nanoseconds than the
// limit. There is one such piece at a time; MAP_FAILED while there is another, or no memory.
void *clinux_map_filled(size_t size, int protection, int flags, int64_t limit);

// Waits at most so long until such memory is asked for, and then until it is filled.
void clinux_let_filling_go_first(int64_t nanoseconds);

// What the released program calls in place of mmap(2), with such memory for what is to be filled at once.
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, long offset);

// What it calls in place of munmap(2): a thread gives such memory back.
int __wrap_munmap(void *address, size_t size);
