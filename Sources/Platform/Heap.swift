// How the C library's heap behaves in a program of ours.

import CLinux

/// The heap of this process.
public enum Heap {
  /// Has large blocks given back to the system as soon as they are freed, and all threads share two
  /// heaps.
  ///
  /// Left alone, glibc takes the first large block that is freed as a sign that more of its size
  /// will come, and keeps such blocks: an index that was rebuilt before a backup would cost its
  /// memory for the whole of it. And each thread would get a heap of its own, whose free parts the
  /// others cannot use: two are enough where nothing is allocated for each chunk. They are the whole
  /// process's heaps: a program calls it, no library. Source: mallopt(3).
  public static func giveBackLargeBlocks() {
    clinux_set_heap_limits(2 << 20, 1 << 20, 2)
  }

  /// Gives back to the system what is free in all heaps: between two pieces of work that need much
  /// memory of different kinds.
  package static func giveBackFree() { clinux_trim_heap() }
}
