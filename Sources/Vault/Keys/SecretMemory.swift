// Memory for secrets: guarded, locked where the system allows it, left out of core files, and
// wiped when its owner goes. Only owners of this type hold secrets; they never copy them out.

internal import CSodium
import Platform
import Synchronization

/// The owner of a stretch of secret memory; wipes it at its end.
@safe
struct SecretMemory: ~Copyable {
  let pointer: UnsafeMutableRawPointer
  let count: Int

  /// `count` zero bytes.
  init(count: Int) {
    Sodium.start()
    unsafe pointer = count <= SecretCells.cellSize ? SecretCells.take() : Self.allocate(count)
    self.count = count
  }

  deinit {
    if count <= SecretCells.cellSize {
      unsafe SecretCells.giveBack(pointer)
    } else {
      unsafe sodium_free(pointer)
    }
  }

  /// Memory of its own, with a guard before and behind it.
  fileprivate static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    guard let memory = unsafe sodium_malloc(count) else {
      endForShortage("no memory for a secret of \(count) bytes", .noMemory)
    }
    unsafe sodium_memzero(memory, count)
    return unsafe memory
  }

  var buffer: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: pointer, count: count)
  }

  var mutableBuffer: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: pointer, count: count)
  }
}

/// Room for keys.
///
/// They come and go by the thousand, and guards of its own cost each of them seven system calls, so
/// that many share the guards of one page. Pages stay; cells are wiped when they are given back, and
/// every free cell is zero.
private enum SecretCells {
  static let cellSize = 256
  private static let cellsPerPage = 15
  private static let free = Mutex<[UInt]>([])

  static func take() -> UnsafeMutableRawPointer {
    let address = free.withLock { free in
      if free.isEmpty {
        let page = unsafe SecretMemory.allocate(cellSize * cellsPerPage)
        for cell in 0..<cellsPerPage {
          unsafe free.append(UInt(bitPattern: page + cell * cellSize))
        }
      }
      return free.removeLast()
    }
    guard let cell = unsafe UnsafeMutableRawPointer(bitPattern: address) else {
      preconditionFailure("a cell has an address")
    }
    return unsafe cell
  }

  static func giveBack(_ cell: UnsafeMutableRawPointer) {
    unsafe sodium_memzero(cell, cellSize)
    free.withLock { $0.append(UInt(bitPattern: cell)) }
  }
}
