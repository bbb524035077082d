// Packs, index segments and chunks.

import Igudar
import Platform
import Storage
import Vault

extension CatPrinter {
  func printPack(_ digits: String) throws {
    let name = try inspection.pack(named: digits)
    let pack = try inspection.pack(name)
    let (header, directory) = (pack.header, pack.directory)
    JSONDocument.print(to: output) { document in
      var object = JSONObject()
      object.add("name", name.hex)
      object.add("size", pack.size)
      object.add("standing", inspection.journal.packState(name).word)
      object.add("cipher", header.suite.word)
      object.add("epoch", header.epoch)
      object.add("run", header.runPublicKey.hex)
      object.add("domain", directory.domain)
      object.add("chunk_count", directory.chunkIDs.count)
      document.add(membersOf: object)
      var cursor = FrameCursor(directory)
      document.list("frames", directory.frames) { cursor.object($0) }
    }
  }

  func printSegment(_ digits: String) throws {
    let name = try inspection.segment(named: digits)
    let segment = try inspection.segment(name)
    JSONDocument.print(to: output) { document in
      var object = JSONObject()
      object.add("name", name.hex)
      object.add("standing", inspection.journal.segmentState(name)?.word ?? "orphan")
      document.add(membersOf: object)
      document.list("superseded", segment.supersededNames.map(\.hex)) { $0 }
      document.list("packs", 0..<segment.packCount) { index in
        var object = JSONObject()
        object.add("name", segment.pack(index).name.hex)
        object.add("size", segment.pack(index).size)
        return object
      }
      document.list("frames", 0..<segment.frameCount) { frame(segment.frame($0)) }
      document.list("chunks", 0..<segment.rowCount) { row(segment.row($0)) }
    }
  }

  private func frame(_ frame: SegmentFrame) -> JSONObject {
    var object = JSONObject()
    object.add("pack", frame.pack)
    object.add("offset", frame.offset)
    object.add("stored_length", frame.storedLength)
    object.add("plain_length", frame.plainLength)
    object.add("kind", frame.kind.word)
    return object
  }

  private func row(_ row: SegmentRow) -> JSONObject {
    var object = JSONObject()
    object.add("id", row.id.hex)
    object.add("frame", row.frame)
    object.add("offset", row.offset)
    object.add("length", row.length)
    return object
  }

  func printChunk(_ digits: String) throws {
    guard let id = ChunkID(hex: digits) else {
      throw Failure("'\(printable(digits.utf8))' is not a chunk ID: 64 hexadecimal digits")
    }
    let (kind, bytes) = try inspection.chunk(id)
    guard kind == .tree else { return output.write(bytes) }
    try inspection.node(id, bytes).print(id, to: output)
  }
}

/// Goes through the frames of a pack with their offsets and chunks.
private struct FrameCursor {
  private let directory: PackDirectory
  private var offset = PackHeader.size
  private var chunk = 0

  init(_ directory: PackDirectory) {
    self.directory = directory
  }

  mutating func object(_ frame: FrameDescription) -> JSONObject {
    let chunks = chunk..<chunk + Int(frame.chunkCount)
    var object = JSONObject()
    object.add("offset", offset)
    object.add("stored_length", frame.storedLength)
    object.add("plain_length", frame.plainLength)
    object.add("codec", frame.codec == .zstd ? "zstd" : "stored")
    object.add("kind", frame.kind.word)
    object.add(
      "chunks",
      chunks.map { index in
        var object = JSONObject()
        object.add("id", directory.chunkIDs[index].hex)
        object.add("length", directory.chunkLengths[index])
        return object
      })
    offset += Int(frame.storedLength)
    chunk = chunks.upperBound
    return object
  }
}

extension ChunkKind {
  fileprivate var word: String { self == .tree ? "tree" : "data" }
}

extension PackState {
  fileprivate var word: String {
    switch self {
    case .live: "live"
    case .condemned(let number): "condemned by journal entry \(number)"
    case .swept(let number): "swept by journal entry \(number)"
    }
  }
}

extension SegmentState {
  fileprivate var word: String {
    switch self {
    case .named: "live"
    case .condemned(let number, _): "condemned by journal entry \(number)"
    case .swept(let number): "swept by journal entry \(number)"
    }
  }
}
