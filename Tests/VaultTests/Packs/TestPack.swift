// Packs made from seeds, in the parts that FORMAT.md section 10 names, so that a test can change
// one of them or put them together otherwise.

import Platform
import Storage

@testable import Vault

/// A pack in parts.
struct TestPack {
  let keys: PackKeys
  let suite: Suite
  let header: [UInt8]
  let frames: [[UInt8]]
  let filler: [UInt8]
  let directory: [UInt8]
  let footer: [UInt8]
  let directoryPlain: [UInt8]
  let footerPlain: [UInt8]
  /// As the builder of packs made it.
  let whole: [UInt8]

  /// Frames of several codecs and kinds; the last two have one length.
  static let contents = [
    TestFrame.all[0], TestFrame.all[3],
    TestFrame(
      name: "tree node", chunks: [[1, 0, 0]], codec: .stored, data: [1, 0, 0], kind: .tree),
    TestFrame(name: "three bytes", chunks: [[7, 8, 9]], codec: .stored, data: [7, 8, 9]),
  ]
  static let fullSize = 4 << 20

  /// The pack of the run with this number, which decides its salt.
  init(
    _ number: UInt64, of fixture: PackFixture = PackFixture(),
    frames contents: [TestFrame] = contents, isFull: Bool = false
  ) {
    keys = fixture.keys(number)
    suite = fixture.run.suite
    let builder = PackBuilder(
      keys: keys, buffer: Buffer(capacity: Self.fullSize), packSize: Self.fullSize, domain: 0,
      serial: number)
    var frames: [[UInt8]] = []
    for frame in contents {
      let ids = frame.chunks.map { fixture.id($0, frame.kind) }
      let lengths = frame.chunks.map { UInt32($0.count) }
      let description = FrameDescription(
        storedLength: UInt32(frame.inner.count + 32), plainLength: UInt32(frame.plainLength),
        chunkCount: UInt32(ids.count), codec: frame.codec, kind: frame.kind)
      let offset = builder.reserve(description, ids: ids[...], lengths: lengths[...])
      let sealed = keys.sealed(frame.inner, chunks: ids, at: offset)
      unsafe builder.place(at: offset, length: sealed.count).copyBytes(from: sealed)
      _ = builder.endSealing(at: offset)
      frames.append(sealed)
    }
    self.frames = frames
    let pack = builder.finish(isFull: isFull)
    let whole = unsafe Array(pack.bytes)
    self.whole = whole
    header = Array(whole[..<160])
    footer = Array(whole[(whole.count - 216)..<(whole.count - 168)])
    let directoryStart = whole.count - 216 - pack.directory.sealedSize
    let fillerStart = 160 + frames.reduce(0) { $0 + $1.count }
    filler = Array(whole[fillerStart..<directoryStart])
    directory = Array(whole[directoryStart..<(whole.count - 216)])
    directoryPlain = pack.directory.encoded()
    footerPlain =
      PackFooter(
        directoryOffset: directoryStart, directory: pack.directory, fillerOffset: fillerStart,
        serial: number
      ).encoded()
  }

  /// The pack with some parts replaced.
  func assembled(directory: [UInt8]? = nil, footer: [UInt8]? = nil) -> [UInt8] {
    header + frames.flatMap { $0 } + filler + (directory ?? self.directory)
      + (footer ?? self.footer) + header + PackHeader.endMagic
  }

  /// The part that a vector file calls so.
  func part(_ name: String) -> [UInt8]? {
    switch name {
    case "header": header
    case "filler": filler
    case "directory": directory
    case "footer": footer
    case "end": PackHeader.endMagic
    default:
      Int(name.dropFirst("frame".count)).flatMap { frames.indices.contains($0) ? frames[$0] : nil }
    }
  }
}

extension PackFixture {
  /// What verifying a whole pack finds first, stored under a name or its own; "none" if nothing.
  func finding(_ pack: [UInt8], named name: ObjectHash? = nil) throws -> String {
    try findings(pack, named: name).first?.damage.name ?? "none"
  }

  func findings(_ pack: [UInt8], named given: ObjectHash? = nil) throws -> [PackFinding] {
    let name = given ?? Hash.name(of: pack)
    let store = MemoryStore()
    _ = try store.create(.pack(name), pack)
    var verifier = PackVerifier(reader: reader(store), hasher: hasher)
    return try verifier.verify(name, size: pack.count)
  }

  func reader(_ store: MemoryStore) -> PackReader {
    PackReader(
      store: store, repository: repository,
      runs: RunKeyring(keyring: keyring, repository: repository))
  }
}
