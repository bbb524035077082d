// Ends the process where the system gives it no memory or no thread: nothing that it holds could be
// relied on to unwind, and a killed process leaves nothing to clean up.

import Glibc

/// Says on standard error what the system refused, and ends the process with 1.
///
/// - Parameter refused: what was asked for, as in "no thread".
package func endForShortage(_ refused: String, _ errno: Errno) -> Never {
  let text = """
    igudar: the system gives \(refused): \(errno.text)
    igudar: What was stored before is safe. Allow the process more memory, address space and threads \
    (ulimit -v and -u, the limits of its container), or use fewer workers (--jobs 1).

    """
  var bytes = Array(text.utf8)
  _ = unsafe write(2, &bytes, bytes.count)
  _exit(1)
}

/// Memory that is aligned to pages, to be freed; ends the process where there is none.
@unsafe
func allocatePages(_ count: Int, alignment: Int = 4096) -> UnsafeMutableRawPointer {
  var memory: UnsafeMutableRawPointer?
  let status = unsafe posix_memalign(&memory, alignment, max(1, count))
  guard status == 0, let memory = unsafe memory else {
    endForShortage("no memory for a buffer of \(count) bytes", Errno(status))
  }
  return unsafe memory
}
