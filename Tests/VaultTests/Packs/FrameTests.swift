// Frames: what is sealed opens again, in its place alone and with its keys alone, and nothing but
// what FORMAT.md section 10 allows is taken for the inside of one.

import Platform
import Testing

@testable import Vault

@Suite struct FrameTests {
  private let fixture = PackFixture()
  private let offset = 160

  private func sealed(_ frame: TestFrame, _ fixture: PackFixture, at offset: Int = 160) -> [UInt8] {
    fixture.keys().sealed(
      frame.inner, chunks: frame.chunks.map { fixture.id($0, frame.kind) }, at: offset)
  }

  // No two frames of a pack have one offset, or a nonce would repeat: not in examples either.
  private func backToBack(_ fixture: PackFixture) -> [(
    test: TestFrame, offset: Int, stored: [UInt8]
  )] {
    var offset = 160
    return TestFrame.all.map { test in
      let stored = sealed(test, fixture, at: offset)
      defer { offset += stored.count }
      return (test, offset, stored)
    }
  }

  @Test(arguments: Vault::Suite.allCases.filter(\.isAvailable))
  func opensWhatWasSealed(suite: Vault::Suite) throws {
    let fixture = PackFixture(suite)
    for (test, offset, stored) in backToBack(fixture) {
      #expect(stored.count == test.data.count + PackKeys.frameOverhead)
      #expect(try fixture.keys().opened(stored, at: offset) == test.chunks.flatMap { $0 })
    }
  }

  @Test func opensOnlyInItsPlace() {
    let keys = fixture.keys()
    let stored = sealed(.stored, fixture)
    func error(_ stored: [UInt8], _ keys: PackKeys, at offset: Int = 160) -> String {
      errorThrown { _ = try keys.opened(stored, at: offset) }
    }
    #expect(error(stored, keys) == "none")
    #expect(error(stored, keys, at: 161) == "notAuthentic")
    #expect(error(stored, fixture.keys(1)) == "notAuthentic")
    let other = PackKeys(
      header: keys.header, repository: RepositoryID(bytes: Array(1..<17)), run: fixture.run)
    #expect(error(stored, other) == "notAuthentic")
    #expect(error(Array(stored.dropLast()), keys) == "notAuthentic")
    #expect(error(stored + [0], keys) == "notAuthentic")
    for count in [0, 15, 16, 32, 36] {
      #expect(error(Array(stored[..<count]), keys) == "badLength")
    }
  }

  @Test func whatDoesNotShrinkIsStored() throws {
    let sealer = FrameSealer(compression: .auto, frameSize: 1 << 20, verifies: true)
    for (plain, codec) in [
      (TestFrame.text, FrameCodec.zstd), (ChunkInput.stream(1, 5000), .stored), ([1], .stored),
      (.init(repeating: 0, count: 1 << 20), .zstd),
    ] {
      var gathered = [UInt8](repeating: 0, count: 4) + plain
      let stored = unsafe gathered.withUnsafeMutableBytes { gathered in
        let inner = unsafe sealer.inner(of: gathered)
        let (bytes, found) = unsafe (Array(inner.bytes), inner.codec)
        #expect(found == codec)
        #expect(bytes.count <= plain.count + 4)
        return fixture.keys().sealed(bytes, chunks: [], at: offset)
      }
      #expect(try fixture.keys().opened(stored, at: offset) == plain)
    }
  }

  // MARK: Vectors

  private func lines(_ suite: Vault::Suite) -> VectorFile {
    let fixture = PackFixture(suite)
    var file = VectorFile()
    let suiteName = "suite \(suite.rawValue)"
    file.add("\(suiteName): pack key", fixture.run.derive(.packKey, fixture.salt()))
    for (test, offset, stored) in backToBack(fixture) {
      let name = "\(suiteName), \(test.name)"
      let ids = test.chunks.map { fixture.id($0, test.kind) }
      let chunks = zip(test.chunks, ids).map { "\($0.count) \($1)" }.joined(separator: ", ")
      file.add("\(name): chunks of kind \(test.kind.rawValue)", text: chunks)
      file.add("\(name): inner", test.inner)
      file.add("\(name): offset", offset)
      file.add("\(name): nonce tail", Array(stored[..<16]))
      file.add("\(name): frame", stored)
    }
    return file
  }

  @Test func vectors() throws {
    var file = VectorFile()
    file.add("repository", fixture.repository.bytes)
    file.add("chunk-ID key", fixture.keyring.currentDomain.chunkIDKey)
    for suite in Vault::Suite.allCases where suite.isAvailable {
      for line in lines(suite).lines { file.add(line.name, text: line.value) }
    }
    if Vault::Suite.aes256GCM.isAvailable { try file.compare(with: "frame") }
  }

  @Test func changedFramesFail() throws {
    let (_, offset, stored) = backToBack(fixture)[1]
    let mutations = [
      Mutation.flip("nonce tail", 0, of: stored, "notAuthentic"),
      .flip("end of the nonce tail", 15, of: stored, "notAuthentic"),
      .flip("plain length", 16, of: stored, "notAuthentic"),
      .flip("codec", 19, of: stored, "notAuthentic"),
      .flip("data", 20, of: stored, "notAuthentic"),
      .flip("end of the data", stored.count - 17, of: stored, "notAuthentic"),
      .flip("tag", stored.count - 16, of: stored, "notAuthentic"),
      .flip("end of the tag", stored.count - 1, of: stored, "notAuthentic"),
    ]
    for mutation in mutations {
      let error = errorThrown {
        _ = try fixture.keys().opened(mutation.apply(to: stored), at: offset)
      }
      #expect(error == mutation.error, "\(mutation.name)")
    }
    try VectorFile(mutations: mutations, of: "suite 1, compressed: frame of frame.txt")
      .compare(with: "frame-mutations")
  }

  /// What is inside is sealed as it must be, and is not what it must be.
  @Test func wrongFramesFail() throws {
    var file = VectorFile()
    for (name, inner, expected) in Self.wrongInners {
      let stored = fixture.keys().sealed(inner, chunks: [], at: offset)
      let error = errorThrown { _ = try fixture.keys().opened(stored, at: offset) }
      #expect(error == expected, "\(name)")
      file.add(name, text: "\(hexString(inner)) \(expected)")
    }
    try file.compare(with: "frame-rejected")
  }

  private static let wrongInners: [(name: String, inner: [UInt8], error: String)] = {
    let text = TestFrame.text
    let good = TestFrame.compressed
    let count = text.count
    func stored(_ length: Int, _ data: [UInt8]) -> [UInt8] { TestFrame.inner(length, 0, data) }
    func zstd(_ length: Int, _ data: [UInt8]) -> [UInt8] { TestFrame.inner(length, 1, data) }
    // Two bytes as a frame of one raw block, and the same without a content size.
    let two = TestFrame.hex("28b52ffd20021100006162")
    let unsized = TestFrame.hex("28b52ffd0058") + [0x11, 0, 0, 0x61, 0x62]
    let skippable = TestFrame.hex("502a4d180200000000ff")
    func changed(_ offset: Int, _ byte: UInt8) -> [UInt8] {
      var bytes = good
      bytes[offset] = byte
      return bytes
    }
    return [
      ("half an inner header", [5, 0, 0], "badLength"),
      ("no data", stored(5, []), "badLength"),
      ("no plain text", stored(0, [1]), "malformed"),
      ("no plain text, compressed", zstd(0, two), "malformed"),
      ("unknown codec", TestFrame.inner(count, 2, text), "malformed"),
      ("plain length too small", stored(count - 1, text), "badLength"),
      ("plain length too large", stored(count + 1, text), "badLength"),
      ("stored as if compressed", zstd(count, text), "badCompression"),
      ("compressed as if stored", stored(count, good), "badLength"),
      ("compressed, plain length too small", zstd(count - 1, good), "badCompression"),
      ("compressed, plain length too large", zstd(count + 1, good), "badCompression"),
      ("content size too small", zstd(count - 1, changed(5, 0xf7)), "badCompression"),
      ("content size too large", zstd(count + 1, changed(5, 0xf9)), "badCompression"),
      ("no content size", zstd(20, unsized), "badCompression"),
      ("longer than its plain text", zstd(2, two), "badLength"),
      ("a byte behind the frame", zstd(count, good + [0]), "badCompression"),
      ("a frame that is cut off", zstd(count, good.dropLast()), "badCompression"),
      ("two frames, of which the first is all", zstd(count, good + two), "badCompression"),
      ("two frames that together are all", zstd(count + 2, good + two), "badCompression"),
      ("a skippable frame before", zstd(count, skippable + good), "badCompression"),
      ("a skippable frame behind", zstd(count, good + skippable), "badCompression"),
      ("wrong magic", zstd(count, changed(0, 0x29)), "badCompression"),
      ("reserved bit", zstd(count, changed(4, 0x28)), "badCompression"),
      (
        "a dictionary", zstd(count, Array(good[..<4]) + [0x21, 9] + good[5...]), "badCompression"
      ),
      ("wrong checksum", zstd(count, TestFrame.checked.dropLast() + [9]), "badCompression"),
      ("damaged block", zstd(count, changed(60, 0)), "badCompression"),
    ]
  }()
}
