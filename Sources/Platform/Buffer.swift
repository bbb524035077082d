// Memory for data on its way, aligned to pages and never zeroed.

import Glibc

/// Memory that threads hand to each other; who has it from a channel alone uses it.
@safe
package final class Buffer: @unchecked Sendable {
  package let capacity: Int
  @unsafe package let pointer: UnsafeMutableRawPointer

  package init(capacity: Int) {
    self.capacity = capacity
    unsafe pointer = allocatePages(capacity)
  }

  deinit { unsafe free(pointer) }
}

/// Memory with one owner.
@safe
package struct OwnedBuffer: ~Copyable {
  package let capacity: Int
  @unsafe package let pointer: UnsafeMutableRawPointer

  package init(capacity: Int) {
    self.capacity = capacity
    unsafe pointer = allocatePages(capacity)
  }

  deinit { unsafe free(pointer) }
}

extension OwnedBuffer: @unchecked Sendable {}
