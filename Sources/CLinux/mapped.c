// A mapped file that becomes shorter, or whose disk cannot read it, is SIGBUS: the process ends where it
// stands. It is not to end without a word. Only what is safe in signal handlers is called.
#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// The longest path, and the numbers before it.
enum { line_size = 4096 + 128 };

// Whoever does not read what is said is not waited for.
static void say(const char *text) {
  struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&output, 1, 0) != 1) return;
  ssize_t done = write(STDERR_FILENO, text, strlen(text));
  (void)done;
}

void clinux_last_words(const char *text) {
  struct termios terminal;
  // A line of progress may stand there.
  say(tcgetattr(STDERR_FILENO, &terminal) == 0 ? "\nigudar: " : "igudar: ");
  say(text);
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
  if (information->si_code <= 0) {
    // Somebody sent it.
    signal(SIGBUS, SIG_DFL);
    raise(SIGBUS);
    return;
  }
  // Other threads may meet the same.
  static atomic_flag is_said = ATOMIC_FLAG_INIT;
  while (atomic_flag_test_and_set(&is_said)) pause();
  char line[line_size];
  const char *path = mapped_file((uintptr_t)information->si_addr, line);
  if (information->si_code == BUS_MCEERR_AR || information->si_code == BUS_MCEERR_AO) {
    clinux_last_words("the memory of this machine is failing. Nothing saved before is harmed.\n");
  } else {
    clinux_last_words(path ? path : "a file");
    say(" became shorter, or could not be read, while it was in use. Nothing saved before is harmed. "
        "Look after the disk that it is on, then run the command again.\n");
  }
  _exit(1);
}

void clinux_explain_bus_errors(void) {
  struct sigaction action = {.sa_sigaction = explain, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}
