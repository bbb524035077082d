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

  /// Memory that is read here and there, for which large pages are asked: each of them is looked up
  /// once where small ones would be five hundred times.
  package init(scatteredCapacity capacity: Int) {
    let largePage = 2 << 20
    self.capacity = capacity
    unsafe pointer = allocatePages(capacity, alignment: largePage)
    // The last one, if it is not filled, would only cost memory.
    _ = unsafe madvise(pointer, capacity / largePage * largePage, MADV_HUGEPAGE)
  }

  deinit { unsafe free(pointer) }
}

extension OwnedBuffer: @unchecked Sendable {}
