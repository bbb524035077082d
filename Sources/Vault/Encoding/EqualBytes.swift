// Comparison of plain bytes at memory speed. Not for secrets: it stops at the first difference.

import Glibc

/// Whether two buffers hold the same bytes.
package func equalBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  guard left.count == right.count else { return false }
  guard let first = left.baseAddress, let second = right.baseAddress else { return true }
  return unsafe memcmp(first, second, left.count) == 0
}
