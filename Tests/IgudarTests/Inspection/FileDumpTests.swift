// A dump is the file, byte for byte, or says that it is not.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

/// Keeps what is written, up to a limit.
private struct Collected: DumpTarget {
  var bytes: [UInt8] = []
  var holeCount = 0
  var limit = Int.max

  mutating func write(_ span: RawSpan) -> Bool {
    bytes += Array(copying: span)
    return bytes.count < limit
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    holeCount += 1
    bytes += [UInt8](repeating: 0, count: Int(length))
    return bytes.count < limit
  }
}

@Suite struct FileDumpTests {
  private let small: SmallRepository

  init() throws { small = try SmallRepository() }

  private func dump(_ file: Entry.File, jobs: Int = 0) throws -> Collected {
    var target = Collected()
    let isWhole = try FileDump(file, of: small.repository, jobs: jobs).run(into: &target)
    #expect(isWhole)
    return target
  }

  @Test(arguments: [1, 2, 8]) func filesComeOutAsTheyWent(_ jobs: Int) throws {
    var random = SeededGenerator(seed: 3)
    let large = random.noise(20_000_001)
    // Most of it is known already, in other frames and another order.
    let mixed = Array(large[5_000_000...]) + random.noise(1_000_000) + Array(large[..<5_000_000])
    let files: [(String, [UInt8])] = [
      ("none", []), ("small", [1]), ("large", large), ("mixed", mixed),
      ("zeros", [UInt8](repeating: 0, count: 3_000_000)),
    ]
    for (name, bytes) in files { try small.write(name, bytes) }
    let snapshot = try small.backUp()
    try small.reopen()
    for (name, bytes) in files {
      let isEqual = try dump(small.file(name, in: snapshot), jobs: jobs).bytes == bytes
      #expect(isEqual, "\(name)")
    }
  }

  @Test func holesAreZeros() throws {
    try small.shell("truncate -s 3M holes; printf barley >> holes; truncate -s 9M holes")
    let snapshot = try small.backUp()
    let dumped = try dump(small.file("holes", in: snapshot))
    let expected =
      [UInt8](repeating: 0, count: 3 << 20) + Array("barley".utf8)
      + [UInt8](repeating: 0, count: 6 << 20 - 6)
    let isEqual = dumped.bytes == expected
    #expect(isEqual)
    #expect(dumped.holeCount == 2)
  }

  @Test func targetsCanEndIt() throws {
    var random = SeededGenerator(seed: 4)
    try small.write("large", random.noise(20_000_000))
    let file = try small.file("large", in: try small.backUp())
    var target = Collected(limit: 1)
    let isWhole = try FileDump(file, of: small.repository).run(into: &target)
    #expect(!isWhole)
    #expect(target.bytes.count < 10_000_000)
  }

  @Test func damageStopsItBeforeAWrongByte() throws {
    var random = SeededGenerator(seed: 5)
    let bytes = random.noise(40_000_000)
    try small.write("large", bytes)
    let file = try small.file("large", in: try small.backUp())
    let packs = try small.store.list(prefix: "packs/")
    let last = try #require(packs.filter { $0.size == 16 << 20 }.last)
    var stored = try small.store.read(last.name, limit: last.size)
    stored[last.size / 2] ^= 1
    try small.store.delete(last.name)
    _ = try small.store.create(last.name, stored)
    try small.reopen()
    var target = Collected()
    let error = #expect(throws: RepositoryError.self) {
      _ = try FileDump(file, of: small.repository).run(into: &target)
    }
    if case .damaged(let text) = error {
      #expect(text.contains(last.name.description))
    } else {
      Issue.record("\(String(describing: error))")
    }
    let isBeginning = bytes.starts(with: target.bytes)
    #expect(isBeginning)
  }
}
