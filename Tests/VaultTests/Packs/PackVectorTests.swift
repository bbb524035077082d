// The vectors of packs: whole ones in their parts, each field of theirs changed, and parts put
// together as no writer does.

import Testing

@testable import Vault

@Suite struct PackVectorTests {
  private let fixture = PackFixture()

  // MARK: What must open

  private func packs() -> [(name: String, pack: TestPack)] {
    var packs = [
      ("0", TestPack(0)), ("1", TestPack(1)), ("full", TestPack(2, isFull: true)),
    ]
    if Vault::Suite.aes256GCM.isAvailable {
      packs.append(("suite2", TestPack(0, of: PackFixture(.aes256GCM))))
    }
    return packs
  }

  @Test func vectors() throws {
    var file = VectorFile()
    let epoch = fixture.keyring.currentEpoch
    file.add("repository", fixture.repository.bytes)
    file.add("reader secret key", try #require(epoch.readerSecret))
    file.add("reader public key", epoch.readerPublic.bytes)
    file.add("pre-shared key", epoch.psk)
    file.add("chunk-ID key", fixture.keyring.currentDomain.chunkIDKey)
    for (name, pack) in packs() {
      let run = PackFixture(pack.suite).run
      let salt = Array(pack.header[72..<104])
      file.add("\(name).run key", run.runKey)
      file.add("\(name).pack key", run.derive(.packKey, salt))
      file.add("\(name).directory key", run.derive(.packDirectory, salt))
      file.add("\(name).filler key", run.derive(.packFiller, salt))
      file.add("\(name).header", pack.header)
      for (index, frame) in pack.frames.enumerated() {
        file.add("\(name).frame\(index)", frame)
      }
      file.add("\(name).filler", pack.filler.count)
      file.add("\(name).directory plain", pack.directoryPlain)
      file.add("\(name).directory", pack.directory)
      file.add("\(name).footer plain", pack.footerPlain)
      file.add("\(name).footer", pack.footer)
      file.add("\(name).end", PackHeader.endMagic)
      file.add("\(name).size", pack.whole.count)
      file.add("\(name).name", Hash.name(of: pack.whole).bytes)
      #expect(pack.assembled() == pack.whole)
      #expect(try PackFixture(pack.suite).finding(pack.whole) == "none", "\(name)")
    }
    if Vault::Suite.aes256GCM.isAvailable { try file.compare(with: "pack") }
  }

  // MARK: What must fail

  private func mutations(of pack: TestPack) -> [Mutation] {
    let whole = pack.whole
    let copy = whole.count - 168
    let directory = whole.count - 216 - pack.directory.count
    let filler = directory - pack.filler.count
    func flip(_ name: String, _ offset: Int, _ error: String) -> Mutation {
      .flip(name, offset, of: whole, error)
    }
    let first = Self.headerFields.map {
      Mutation.set("first header: \($0.name)", $0.offset, $0.bytes, "malformed")
    }
    let second = Self.headerFields.map {
      Mutation.set("second header: \($0.name)", copy + $0.offset, $0.bytes, $0.error)
    }
    return first + second + [
      flip("nonce tail of a frame", 160, "malformed"),
      flip("plain length in a frame", 176, "notAuthentic"),
      flip("codec in a frame", 179, "notAuthentic"),
      flip("data of a frame", 180, "notAuthentic"),
      flip("tag of a frame", 160 + pack.frames[0].count - 1, "notAuthentic"),
      flip("nonce tail of the second frame", 160 + pack.frames[0].count, "malformed"),
      flip("tag of the last frame", filler - 1, "notAuthentic"),
      flip("filler", filler, "badPadding"),
      flip("end of the filler", directory - 1, "badPadding"),
      flip("directory", directory, "notAuthentic"),
      flip("directory's tag", whole.count - 217, "notAuthentic"),
      flip("footer", whole.count - 216, "notAuthentic"),
      flip("footer's tag", copy - 1, "notAuthentic"),
      flip("end magic", whole.count - 8, "badMagic"),
      flip("last byte", whole.count - 1, "badMagic"),
    ]
  }

  private static let headerFields: [(name: String, offset: Int, bytes: [UInt8], error: String)] = [
    ("magic", 0, [0x49], "badMagic"),
    ("version", 8, [2], "badVersion"),
    ("suite", 10, [2], "badCommitment"),
    ("unknown suite", 10, [3], "malformed"),
    ("KEM", 11, [2], "malformed"),
    ("header length", 12, [161], "malformed"),
    ("flags", 14, [1], "malformed"),
    ("repository", 16, [1], "malformed"),
    ("epoch", 32, [1], "malformed"),
    ("zeros", 36, [1], "badPadding"),
    ("run public key", 40, [0xff], "badCommitment"),
    ("weak run public key", 40, .init(repeating: 0, count: 32), "malformed"),
    ("salt", 72, [0xff], "badCommitment"),
    ("commitment", 104, [0xff], "badCommitment"),
    ("zeros at the end", 159, [1], "badPadding"),
  ]

  private func check(
    _ mutations: [Mutation], of line: String, as name: String,
    _ finding: (Mutation) throws -> String
  ) throws {
    for mutation in mutations {
      #expect(try finding(mutation) == mutation.error, "\(mutation.name)")
    }
    try VectorFile(mutations: mutations, of: line).compare(with: name)
  }

  @Test func changedPacksFail() throws {
    let pack = TestPack(0)
    try check(mutations(of: pack), of: "pack 0 of pack.txt", as: "pack-mutations") {
      let changed = $0.apply(to: pack.whole)
      // Under its old name the name alone says that it was changed.
      #expect(try fixture.finding(changed, named: Hash.name(of: pack.whole)) == "badName")
      return try fixture.finding(changed)
    }
  }

  @Test func wrongDirectoriesFail() throws {
    let pack = TestPack(0)
    let plain = pack.directoryPlain
    // Four frames of 16 bytes begin at 16, five chunks of 36 at 80.
    let second = Array(plain[116..<148])
    let storedLengths = Array(plain[32..<36]) + Array(plain[20..<32]) + Array(plain[16..<20])
    let chunkLengths = Array(plain[148..<152]) + second + Array(plain[112..<116])
    let mutations: [Mutation] = [
      .set("domain", 0, [1], "malformed"),
      .set("frame count", 4, [5], "malformed"),
      .set("huge frame count", 4, [255, 255, 255, 255], "malformed"),
      .set("chunk count", 8, [6], "malformed"),
      .set("zeros", 12, [1], "badPadding"),
      .set("stored length", 16, [plain[16] + 1], "malformed"),
      .set("stored length without data", 16, [36, 0], "malformed"),
      .set("stored length above the plain length", 16, [plain[16] + 1, 1], "malformed"),
      .set("stored lengths exchanged", 16, storedLengths, "notAuthentic"),
      .set("plain length", 20, [plain[20] + 1], "malformed"),
      .set("plain length 0", 20, [0, 0], "malformed"),
      .set("plain length above the limit", 23, [1], "malformed"),
      .set("chunk count of a frame", 24, [3], "malformed"),
      .set("frame without chunks", 24, [0], "malformed"),
      .set("chunk count above all", 24, [255], "malformed"),
      .set("codec", 28, [1], "malformed"),
      .set("unknown codec", 28, [2], "malformed"),
      .set("kind", 29, [1], "badChunk"),
      .set("unknown kind", 29, [2], "malformed"),
      .set("zeros of a frame", 31, [1], "badPadding"),
      .flip("chunk ID", 80, of: plain, "malformed"),
      .set("chunk ID twice", 80, second, "malformed"),
      .set("chunk length", 112, [plain[112] + 1], "malformed"),
      .set("chunk length 0", 112, [0], "malformed"),
      .set("chunk lengths exchanged", 112, chunkLengths, "badChunk"),
    ]
    try check(
      mutations, of: "directory plain of pack 0 of pack.txt", as: "pack-directory-mutations"
    ) {
      let directory = pack.keys.sealDirectory($0.apply(to: plain))
      return try fixture.finding(pack.assembled(directory: directory))
    }
  }

  @Test func wrongFootersFail() throws {
    let pack = TestPack(0)
    let plain = pack.footerPlain
    let mutations = [
      Mutation.flip("directory offset", 0, of: plain, "malformed"),
      .flip("directory length", 4, of: plain, "malformed"),
      .set("frame count", 8, [5], "malformed"),
      .set("chunk count", 12, [6], "malformed"),
      .set("other counts, the same length", 8, [13, 0, 0, 0, 1], "malformed"),
      .set("counts above the limit", 8, [0, 0, 0x11, 0, 0, 0, 0x11, 0], "malformed"),
      .flip("filler offset", 16, of: plain, "malformed"),
      .set("filler offset in the header", 16, [159, 0], "malformed"),
      .set("filler offset behind the directory", 16, [255, 255], "malformed"),
      .set("zeros", 20, [1], "badPadding"),
    ]
    try check(
      mutations, of: "footer plain of pack 0 of pack.txt", as: "pack-footer-mutations"
    ) {
      let footer = pack.keys.sealFooter($0.apply(to: plain))
      return try fixture.finding(pack.assembled(footer: footer))
    }
  }

  // Parts of the packs 0 and 1, which are of one run, in orders that no writer makes.
  private static let compositions: [(name: String, parts: String, error: String)] = {
    let frames = "0.frame0 0.frame1 0.frame2 0.frame3"
    let tail = "0.directory 0.footer 0.header 0.end"
    return [
      (
        "frames of one length exchanged",
        "0.header 0.frame0 0.frame1 0.frame3 0.frame2 0.filler \(tail)", "malformed"
      ),
      (
        "frames exchanged", "0.header 0.frame1 0.frame0 0.frame2 0.frame3 0.filler \(tail)",
        "malformed"
      ),
      (
        "frame of another pack", "0.header 1.frame0 0.frame1 0.frame2 0.frame3 0.filler \(tail)",
        "malformed"
      ),
      (
        "frame twice, another not", "0.header 0.frame0 0.frame1 0.frame2 0.frame2 0.filler \(tail)",
        "malformed"
      ),
      ("frame left out", "0.header 0.frame0 0.frame1 0.frame2 0.filler \(tail)", "malformed"),
      ("frame too many", "0.header \(frames) 0.frame3 0.filler \(tail)", "malformed"),
      ("no filler", "0.header \(frames) \(tail)", "malformed"),
      ("filler of another pack", "0.header \(frames) 1.filler \(tail)", "badPadding"),
      ("filler before the frames", "0.header 0.filler \(frames) \(tail)", "malformed"),
      (
        "directory of another pack",
        "0.header \(frames) 0.filler 1.directory 0.footer 0.header 0.end", "notAuthentic"
      ),
      (
        "footer of another pack", "0.header \(frames) 0.filler 0.directory 1.footer 0.header 0.end",
        "notAuthentic"
      ),
      (
        "footer before the directory",
        "0.header \(frames) 0.filler 0.footer 0.directory 0.header 0.end", "notAuthentic"
      ),
      ("first header of another pack", "1.header \(frames) 0.filler \(tail)", "malformed"),
      (
        "second header of another pack",
        "0.header \(frames) 0.filler 0.directory 0.footer 1.header 0.end", "notAuthentic"
      ),
      (
        "tail of another pack", "0.header \(frames) 0.filler 1.directory 1.footer 1.header 1.end",
        "malformed"
      ),
      ("no second header", "0.header \(frames) 0.filler 0.directory 0.footer 0.end", "badMagic"),
      ("no end", "0.header \(frames) 0.filler 0.directory 0.footer 0.header", "badMagic"),
      ("two ends", "0.header \(frames) 0.filler \(tail) 0.end", "badMagic"),
      (
        "two packs",
        "0.header \(frames) 0.filler \(tail) 1.header 1.frame0 1.frame1 1.frame2 1.frame3 1.filler 1.directory 1.footer 1.header 1.end",
        "malformed"
      ),
      ("header and tail", "0.header 0.footer 0.header 0.end", "malformed"),
      ("header", "0.header", "badLength"),
    ]
  }()

  @Test func partsInAnotherOrderFail() throws {
    let packs = ["0": TestPack(0), "1": TestPack(1)]
    var file = VectorFile()
    for (name, parts, error) in Self.compositions {
      let bytes = try parts.split(separator: " ").flatMap { part in
        let words = part.split(separator: ".").map(String.init)
        return try #require(packs[words[0]]?.part(words[1]), "\(part)")
      }
      #expect(try fixture.finding(bytes) == error, "\(name)")
      file.add(name, text: "\(parts) \(error)")
    }
    try file.compare(with: "pack-rejected")
  }
}
