// The command line, read by glibc's getopt_long: bundled short options, abbreviated long ones,
// options after operands, and `--`. Its global variables stay behind this wrapper.
#pragma once

enum clinux_takes {
  CLINUX_TAKES_NOTHING = 0,
  CLINUX_TAKES_ARGUMENT = 1,
  CLINUX_MAY_TAKE_ARGUMENT = 2, // only as --name=argument
};

/// One option of a table.
struct clinux_option {
  const char *_Nonnull name; // without dashes
  char letter;               // 0: none
  int takes;                 // clinux_takes
};

enum clinux_found_kind {
  CLINUX_FOUND_OPTION,
  CLINUX_FOUND_END,      // no more options; `rest` is the index of the first operand
  CLINUX_FOUND_UNKNOWN,  // unknown or ambiguous: `text` as written, or `letter`
  CLINUX_FOUND_WANTING,  // option `index` lacks its argument
  CLINUX_FOUND_OVERFULL, // option `index` takes no argument but has one
};

struct clinux_found {
  int kind;                     // clinux_found_kind
  int index;                    // into the table
  int rest;                     // into the arguments
  char letter;                  // of an unknown short option, else 0
  const char *_Nullable text;   // the argument, or the unknown option; points into argv
};

/// Starts at argv[1]. `stops` != 0 ends at the first operand instead of moving operands to the end.
/// One parser at a time per process; the table is copied. Returns 0, or -1 when memory is out.
int clinux_options_begin(const struct clinux_option *_Nullable options, int count, int stops);

/// The next option. May reorder argv.
struct clinux_found clinux_options_next(int argc, char *_Nullable *_Nonnull argv);

/// Frees what `clinux_options_begin` took.
void clinux_options_end(void);
