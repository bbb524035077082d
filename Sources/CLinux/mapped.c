// A mapped file that becomes shorter, or whose disk cannot read it, is SIGBUS: the process ends where it
// stands. It is not to end without a word. Only what is safe in a signal handler is called.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// The longest path, and the numbers before it.
enum { line_size = 4096 + 128 };

static void say(const char *text) {
  ssize_t done = write(STDERR_FILENO, text, strlen(text));
  (void)done;
}

static const char *hexadecimal(const char *text, uintptr_t *number) {
  for (*number = 0;; text++) {
    int digit = *text >= '0' && *text <= '9'   ? *text - '0'
                : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10
                                               : -1;
    if (digit < 0) return text;
    *number = *number << 4 | (uintptr_t)digit;
  }
}

// The path in a line of /proc/self/maps if the address is in it, else NULL.
static const char *path_of(const char *line, uintptr_t address) {
  uintptr_t start, end;
  const char *rest = hexadecimal(line, &start);
  if (*rest != '-') return NULL;
  hexadecimal(rest + 1, &end);
  return start <= address && address < end ? strchr(line, '/') : NULL;
}

// The path of the file that is mapped at an address, written into `line`; NULL where there is none.
static const char *mapped_file(uintptr_t address, char line[line_size]) {
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return NULL;
  const char *path = NULL;
  char part[1024];
  size_t length = 0;
  for (ssize_t count; !path && (count = read(maps, part, sizeof part)) > 0;) {
    for (ssize_t index = 0; !path && index < count; index++) {
      if (part[index] != '\n') {
        if (length < line_size - 1) line[length++] = part[index];
        continue;
      }
      line[length] = 0;
      length = 0;
      path = path_of(line, address);
    }
  }
  close(maps);
  return path;
}

static void explain(int number, siginfo_t *information, void *context) {
  (void)number, (void)context;
  char line[line_size];
  const char *path = mapped_file((uintptr_t)information->si_addr, line);
  say(isatty(STDERR_FILENO) ? "\nigudar: " : "igudar: ");
  if (information->si_code == BUS_MCEERR_AR || information->si_code == BUS_MCEERR_AO || !path) {
    say("the memory of this machine is failing. Nothing saved before is harmed.\n");
  } else {
    say(path);
    say(" became shorter, or could not be read, while it was in use. Nothing saved before is harmed. "
        "Look after the disk that it is on, then run the command again.\n");
  }
  _exit(1);
}

void clinux_explain_bus_errors(void) {
  struct sigaction action = {.sa_sigaction = explain, .sa_flags = SA_SIGINFO | SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}
