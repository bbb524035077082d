// Memory for secrets: guarded, locked where the system allows it, left out of core files, and
// wiped when its owner goes. Only owners of this type hold secrets; they never copy them out.

internal import CSodium

/// The owner of a stretch of `sodium_malloc` memory; wipes and frees it at its end.
@safe
struct SecretMemory: ~Copyable {
  let pointer: UnsafeMutableRawPointer
  let count: Int

  /// `count` zero bytes.
  init(count: Int) {
    Sodium.start()
    guard let memory = unsafe sodium_malloc(max(count, 1)) else {
      fatalError("no memory for a secret of \(count) bytes")
    }
    unsafe sodium_memzero(memory, max(count, 1))
    unsafe pointer = memory
    self.count = count
  }

  deinit {
    unsafe sodium_free(pointer)
  }

  var buffer: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: pointer, count: count)
  }

  var mutableBuffer: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: pointer, count: count)
  }
}
