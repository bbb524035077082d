// How hard which frames are compressed: large files less, unless a level is asked for.

import Platform
import Storage
import Testing

@testable import Vault

@Suite struct FrameLevelTests {
  // Words in no order: both levels shrink them, and each to another size.
  private let text: [UInt8] = {
    var random = SeededGenerator(5)
    let words = (0..<4000).map { _ in
      (0..<3 + random.next() % 9).map { _ in UInt8(97 + random.next() % 20) } + [32]
    }
    return (0..<60_000).flatMap { _ in
      words[Int(random.next() % 4000 * (random.next() % 4000) / 4000)]
    }
  }()

  private func stored(
    _ compression: Compression, _ put: (Lane, [UInt8]) throws -> Void
  ) throws -> Int {
    let vault = try freshVault()
    var options = RunOptions()
    options.compression = compression
    let run = try vault.begin(options)
    let lane = try run.lane()
    for start in stride(from: 0, to: text.count, by: 100_000) {
      try put(lane, Array(text[start..<min(start + 100_000, text.count)]))
    }
    try lane.flush()
    return Int(run.counts.storedBytes)
  }

  private func putLarge(_ lane: Lane, _ bytes: [UInt8]) throws {
    try unsafe bytes.withUnsafeBytes { _ = try unsafe lane.put([$0], kind: .data, areLarge: true) }
  }

  private func putSmall(_ lane: Lane, _ bytes: [UInt8]) throws {
    try unsafe bytes.withUnsafeBytes { _ = try unsafe lane.put([$0], kind: .data) }
  }

  private func size(_ level: Int32) throws -> Int {
    var target = [UInt8](repeating: 0, count: text.count)
    let count = unsafe text.withUnsafeBytes { text in
      unsafe target.withUnsafeMutableBytes {
        unsafe Compressor(level: level).compress(text, into: $0)
      }
    }
    // The header of the inner bytes, nonce tail and tag.
    return try #require(count) + 4 + 32
  }

  @Test func largeFilesAreCompressedLess() throws {
    try #require(text.count < 1 << 20)
    let (two, three) = (try size(2), try size(3))
    try #require(two != three)
    #expect(try stored(.auto, putSmall) == three)
    #expect(try stored(.auto, putLarge) == two)
  }

  @Test func aLevelThatIsAskedForIsTaken() throws {
    for level: Int32 in [1, 3, 9] {
      #expect(try stored(.level(level), putSmall) == size(level))
      #expect(try stored(.level(level), putLarge) == size(level))
    }
  }

  @Test func whatAFrameHasMoreOfDecides() throws {
    var count = 0
    let isMostlyLarge = try stored(.auto) { lane, bytes in
      count += 1
      try count == 1 ? putSmall(lane, bytes) : putLarge(lane, bytes)
    }
    #expect(try isMostlyLarge == size(2))
    count = 0
    let isMostlySmall = try stored(.auto) { lane, bytes in
      count += 1
      try count == 1 ? putLarge(lane, bytes) : putSmall(lane, bytes)
    }
    #expect(try isMostlySmall == size(3))
  }
}
