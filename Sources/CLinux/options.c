#define _GNU_SOURCE
#include "CLinuxOptions.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { first_value = 256 }; // values below are letters

static struct option *table;
static char *letters;
static int table_count;

int clinux_options_begin(const struct clinux_option *options, int count, int stops) {
  clinux_options_end();
  table = calloc((size_t)count + 1, sizeof *table);
  letters = calloc((size_t)count * 2 + 3, 1);
  if (!table || !letters) {
    clinux_options_end();
    return -1;
  }
  table_count = count;
  char *next = letters;
  if (stops)
    *next++ = '+';
  *next++ = ':';
  for (int i = 0; i < count; i++) {
    table[i].name = options[i].name;
    table[i].has_arg = options[i].takes;
    table[i].val = options[i].letter ? options[i].letter : first_value + i;
    if (!options[i].letter)
      continue;
    *next++ = options[i].letter;
    if (options[i].takes == CLINUX_TAKES_ARGUMENT)
      *next++ = ':';
  }
  optind = 0; // glibc: forget everything about an earlier scan
  opterr = 0;
  return 0;
}

static int index_of(int value) {
  for (int i = 0; i < table_count; i++)
    if (table[i].val == value)
      return i;
  return -1;
}

// Whether a value stands in the word of its one-letter option.
static int is_behind_letter(const char *word, const char *value) {
  return value && word[0] == '-' && word[1] != '-' && value > word && value <= word + strlen(word);
}

struct clinux_found clinux_options_next(int argc, char **argv) {
  optopt = 0;
  int value = getopt_long(argc, argv, letters, table, NULL);
  struct clinux_found found = {.kind = CLINUX_FOUND_OPTION, .text = optarg, .rest = optind};
  switch (value) {
  case -1:
    found.kind = CLINUX_FOUND_END;
    break;
  case ':':
    found.kind = CLINUX_FOUND_WANTING;
    found.index = index_of(optopt);
    break;
  case '?':
    found.index = index_of(optopt);
    if (found.index >= 0) {
      found.kind = CLINUX_FOUND_OVERFULL;
      break;
    }
    found.kind = CLINUX_FOUND_UNKNOWN;
    found.letter = optopt > 0 && optopt < first_value ? (char)optopt : 0;
    found.text = optind > 0 && optind <= argc ? argv[optind - 1] : NULL;
    break;
  default:
    found.index = index_of(value);
    // `-x=VALUE` is what fingers type that know `--long=VALUE`.
    if (is_behind_letter(argv[optind - 1], optarg) && *optarg == '=') found.text = optarg + 1;
  }
  return found;
}

void clinux_options_end(void) {
  free(table);
  free(letters);
  table = NULL;
  letters = NULL;
  table_count = 0;
}
