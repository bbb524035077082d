// Packs as they are built and read: sizes, directories of any size, and what a damaged one still
// tells.

import Storage
import Testing

@testable import Vault

@Suite struct PackTests {
  private let fixture = PackFixture()

  private func frame(_ chunks: [[UInt8]], _ kind: ChunkKind = .data) -> TestFrame {
    TestFrame(name: "", chunks: chunks, codec: .stored, data: chunks.flatMap { $0 }, kind: kind)
  }

  private func directory(of pack: [UInt8]) throws -> PackDirectory {
    let store = MemoryStore()
    _ = try store.create(.pack(Hash.name(of: pack)), pack)
    return try fixture.reader(store).directory(of: Hash.name(of: pack), size: pack.count)
  }

  // MARK: Sizes

  @Test func aPackWithoutFillerIsWhole() throws {
    let data = ChunkInput.stream(20, 65_536 - 160 - 216 - 84 - PackKeys.frameOverhead)
    let pack = TestPack(0, of: fixture, frames: [frame([data])])
    #expect(pack.filler.isEmpty && pack.whole.count == 65_536)
    #expect(try fixture.finding(pack.whole) == "none")
    let larger = TestPack(0, of: fixture, frames: [frame([data + [1]])])
    #expect(larger.whole.count == padme(65_537))
    #expect(try fixture.finding(larger.whole) == "none")
  }

  @Test func fullPacksHaveTheFullSize() throws {
    let pack = TestPack(0, of: fixture, isFull: true)
    #expect(pack.whole.count == TestPack.fullSize)
    #expect(try fixture.finding(pack.whole) == "none")
  }

  /// More than what one look at a pack's end reads.
  @Test func largeDirectoriesAreRead() throws {
    let chunks = (0..<3000).map { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let pack = TestPack(0, of: fixture, frames: [frame(chunks)])
    let directory = try directory(of: pack.whole)
    #expect(directory.encoded() == pack.directoryPlain)
    #expect(directory.chunkIDs == chunks.map { fixture.id($0, .data) })
    #expect(try fixture.finding(pack.whole) == "none")
  }

  @Test func packsOfOtherLengthsAreRefused() throws {
    let whole = TestPack(0, of: fixture).whole
    for count in [0, 1, 159, 160, 375] {
      #expect(try fixture.finding(Array(whole[..<count])) == "badLength", "\(count) bytes")
    }
    for count in [376, 1000, whole.count - 1] {
      #expect(try fixture.finding(Array(whole[..<count])) == "badMagic", "\(count) bytes")
    }
    #expect(try fixture.finding(whole + [0]) == "badMagic")
    let doubled = whole + whole.suffix(216)
    #expect(try fixture.finding(doubled) == "malformed")
  }

  // MARK: Damage

  @Test func oneDamagedFrameHidesNoOther() throws {
    let pack = TestPack(0, of: fixture)
    var changed = pack.whole
    let second = 160 + pack.frames[0].count
    let third = second + pack.frames[1].count
    changed[200] ^= 1
    changed[third + 30] ^= 1
    let findings = try fixture.findings(changed)
    #expect(findings.map(\.damage) == [.notAuthentic, .notAuthentic])
    let contents = TestPack.contents
    let lost = [contents[0], contents[2]].map { frame in
      frame.chunks.map { fixture.id($0, frame.kind) }
    }
    #expect(findings.map(\.chunks) == lost)
  }

  @Test func aDamagedDirectoryHidesNoFrame() throws {
    let pack = TestPack(0, of: fixture)
    var changed = pack.whole
    changed[changed.count - 300] ^= 1
    let name = Hash.name(of: changed)
    let store = MemoryStore()
    _ = try store.create(.pack(name), changed)
    let reader = fixture.reader(store)
    #expect(
      errorThrown { _ = try reader.directory(of: name, size: changed.count) } == "notAuthentic")
    // The index knows where frames are: they open without the directory.
    let stored = try reader.read(name, at: 160, count: pack.frames[0].count)
    #expect(try reader.keys(of: name).opened(stored, at: 160) == TestFrame.text)
  }

  @Test func directoryAndFooterAreNoSubstituteForEachOther() {
    let keys = TestPack(0, of: fixture).keys
    let plain = [UInt8](repeating: 0, count: 32)
    #expect(throws: Damage.notAuthentic) { try keys.openFooter(keys.sealDirectory(plain)) }
    #expect(throws: Damage.notAuthentic) { try keys.openDirectory(keys.sealFooter(plain)) }
  }

  @Test func anotherRepositoryReadsNothing() throws {
    let pack = TestPack(0, of: fixture)
    let store = MemoryStore()
    let name = Hash.name(of: pack.whole)
    _ = try store.create(.pack(name), pack.whole)
    for (ring, repository, error) in [
      (fixture.keyring, fixture.repository, "none"),
      (fixture.keyring, RepositoryID(bytes: Array(1..<17)), "malformed"),
      (KeyRingTests.keyring(61), fixture.repository, "badCommitment"),
    ] {
      let reader = PackReader(
        store: store, repository: repository,
        runs: RunKeyring(keyring: ring, repository: repository))
      #expect(errorThrown { _ = try reader.keys(of: name) } == error)
    }
  }
}
