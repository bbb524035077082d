// Arguments as C wants them, and back.

import Glibc

/// argv for C: owned, null-terminated, and freed as a whole.
@safe
final class ArgumentVector {
  let count: Int
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  // getopt_long permutes `pointers`; this keeps what has to be freed.
  private let owned: [UnsafeMutablePointer<CChar>]

  init(_ arguments: [[UInt8]]) {
    count = arguments.count
    unsafe owned = arguments.map { bytes in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (index, byte) in bytes.enumerated() { unsafe copy[index] = CChar(bitPattern: byte) }
      unsafe copy[bytes.count] = 0
      return unsafe copy
    }
    unsafe pointers = .allocate(capacity: arguments.count + 1)
    unsafe pointers.initialize(repeating: nil, count: arguments.count + 1)
    for index in arguments.indices { unsafe pointers[index] = unsafe owned[index] }
  }

  func arguments(from index: Int) -> [[UInt8]] {
    (min(index, count)..<count).map { unsafe bytes(at: pointers[$0]) ?? [] }
  }

  deinit {
    for index in unsafe owned.indices { unsafe owned[index].deallocate() }
    unsafe pointers.deallocate()
  }
}

/// The bytes of a C string.
func bytes(at text: UnsafePointer<CChar>?) -> [UInt8]? {
  guard let text = unsafe text else { return nil }
  return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}
