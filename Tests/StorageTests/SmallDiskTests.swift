// Stores on a disk that is full, and on one that must not be written. Mounting one takes root; where
// that is not to be had the tests are skipped.

import Glibc
import Platform
import Testing

@testable import Storage

/// A small disk in memory.
final class SmallDisk: Sendable {
  let scratch: Scratch

  /// Nil where mounting is not permitted.
  init?(sizeBytes: Int) throws {
    scratch = try Scratch()
    let options = Array("size=\(sizeBytes)".utf8)
    let type = Array("tmpfs".utf8)
    guard
      try Self.run(["mount", "-t"], type, Array("-o".utf8), options, type, scratch.path.bytes)
    else { return nil }
  }

  deinit { _ = try? Self.run(["umount", "-l"], scratch.path.bytes) }

  func makeReadOnly() throws -> Bool {
    try Self.run(["mount", "-o", "remount,ro"], scratch.path.bytes)
  }

  private static func run(_ words: [String], _ more: [UInt8]...) throws -> Bool {
    let null = Array("exec \"$@\" 2>/dev/null".utf8)
    let shell = [Array("sh".utf8), Array("-c".utf8), null, Array("sh".utf8)]
    return try Process(shell + words.map { Array($0.utf8) } + more).end() == .exited(0)
  }

  static let isPermitted = ((try? SmallDisk(sizeBytes: 65536)) ?? nil) != nil
}

@Suite(.enabled(if: SmallDisk.isPermitted, "mounting a disk is not permitted here"))
struct SmallDiskTests {
  private func text(_ body: () throws -> Void, isFull: Bool) -> String? {
    do { try body() } catch {
      switch error as? StoreError {
      case .full(let text)? where isFull: return text
      case .notPermitted(let text)? where !isFull: return text
      default: return nil
      }
    }
    return nil
  }

  @Test func aFullDiskIsSaidSoAndNothingIsLeft() throws {
    let disk = try #require(try SmallDisk(sizeBytes: 1 << 20))
    let store = try LocalStore(creating: disk.scratch.path("repository"))
    let bytes = sample(400 << 10)
    _ = try store.create(.pack(hash(1)), bytes)
    _ = try store.create(.pack(hash(2)), bytes)
    let name = ObjectName.pack(hash(3))
    let text = text({ _ = try store.create(name, bytes) }, isFull: true)
    #expect(text?.contains(name.description) == true)
    #expect(try disk.scratch.names(in: "repository/tmp") == [])
    #expect(try store.list(prefix: "").count == 2)

    // What fits still gets in, and what is deleted makes room.
    #expect(try store.create(.journal(0), sample(4096)) == .created)
    try store.delete(.pack(hash(1)))
    #expect(try store.create(name, bytes) == .created)
    #expect(try store.read(name, limit: bytes.count) == bytes)
    try store.barrier()
  }

  @Test func aReadOnlyDiskIsReadAndNotWritten() throws {
    let disk = try #require(try SmallDisk(sizeBytes: 1 << 20))
    let path = disk.scratch.path("repository")
    _ = try LocalStore(creating: path).create(.journal(0), sample(10))
    try #require(try disk.makeReadOnly())

    let store = try LocalStore(opening: path)
    #expect(try store.read(.journal(0), limit: 10) == sample(10))
    #expect(try store.list(prefix: "").count == 1)
    #expect(text({ _ = try store.create(.journal(1), sample(1)) }, isFull: false) != nil)
    #expect(text({ _ = try store.create(.format, sample(1)) }, isFull: false) != nil)
    #expect(text({ try store.delete(.journal(0)) }, isFull: false) != nil)
    _ = try LocalStore(creating: path)
    let other = disk.scratch.path("other")
    #expect(text({ _ = try LocalStore(creating: other) }, isFull: false) != nil)
  }
}
