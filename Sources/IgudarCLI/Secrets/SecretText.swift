// A secret on its way from the user to the vault: one page of its own, kept out of core dumps and swap
// where the system allows, wiped when its owner is done. It is never a String or an Array.

import Glibc
import Platform

/// Up to `limit` bytes that are wiped at the end.
@safe
struct SecretText: ~Copyable {
  /// Longer secrets are refused.
  static let limit = 4096

  private let memory: UnsafeMutableRawPointer
  /// Length in bytes.
  private(set) var count = 0

  init() throws(Failure) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    let page = unsafe mmap(nil, Self.limit, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let page = unsafe page, unsafe page != MAP_FAILED else {
      throw Failure("out of memory")
    }
    unsafe memory = page
    // Both may be forbidden; the secret is then no worse off than ordinary memory.
    _ = unsafe mlock(page, Self.limit)
    _ = unsafe madvise(page, Self.limit, MADV_DONTDUMP)
  }

  /// Appends what `read` puts into the free part; it returns the number of bytes, 0 at the end.
  mutating func fill(
    _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    let free = unsafe UnsafeMutableRawBufferPointer(
      start: memory + count, count: Self.limit - count)
    let added = unsafe try read(free)
    precondition(added >= 0 && added <= Self.limit - count)
    count += added
    return added
  }

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.limit }

  /// The last byte, if there is one.
  var last: UInt8? { count == 0 ? nil : self[count - 1] }

  /// Takes the last byte away.
  mutating func removeLast() {
    precondition(count > 0)
    count -= 1
    unsafe memory.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
  }

  /// Takes the newline (LF or CR LF) away that files and commands end with; only one.
  mutating func removeFinalNewline() {
    guard last == UInt8(ascii: "\n") else { return }
    removeLast()
    if last == UInt8(ascii: "\r") { removeLast() }
  }

  /// True when both hold the same bytes; takes the same time wherever they differ.
  borrowing func isEqual(to other: borrowing SecretText) -> Bool {
    guard count == other.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<count { difference |= self[index] ^ other[index] }
    return difference == 0
  }

  /// Lends the bytes; they must not be kept.
  borrowing func withBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    unsafe try body(UnsafeRawBufferPointer(start: memory, count: count))
  }

  private subscript(index: Int) -> UInt8 {
    unsafe memory.load(fromByteOffset: index, as: UInt8.self)
  }

  deinit {
    unsafe explicit_bzero(memory, Self.limit)
    unsafe munmap(memory, Self.limit)
  }
}
