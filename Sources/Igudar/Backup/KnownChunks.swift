// The chunks that the last snapshot has of a large file, most of which is what it was. A chunk's own
// bytes decide where it ends (FORMAT.md section 9), so bytes that have the ID of a chunk which ended
// at a cut end at that cut again: they are hashed and need not be scanned.
//
// Invariant: an ID is always that of the bytes that were read, whatever the last snapshot says: a wrong
// list costs time. Cuts are those that scanning would give if those of the last snapshot were.
// Bounds: `windowCount` chunks of the old file are in memory.

import Vault

/// Where a run of bytes is cut, and what is known of the chunk before it.
struct Cut: Hashable, Sendable {
  let length: Int
  /// The chunk's ID, where it had to be found out.
  var id: ChunkID?
}

/// What the last snapshot has under the name of a file, and where the nodes of its content are.
struct EarlierFile {
  let file: Entry.File
  let nodes: any NodeSource
}

/// An earlier version of a file, followed side by side with the new one by one thread.
final class KnownChunks {
  private struct Chunk {
    let id: ChunkID
    let length: Int
    /// Where it began in the file.
    let offset: UInt64
    /// Whether it ended at a cut and not at the end of the data; false while that is not known.
    var endsAtCut = false
  }

  private let vault: Vault
  private var reader: ContentReader
  private var isReadable = true
  private var isBehindHole = false
  // What has not been met again.
  private var ahead: ArraySlice<Chunk> = []
  // Where among these the next chunk is expected, after so many that are passed over: 0 where the last
  // chunk was the one before, more where a length alone says so. Nil when none is expected.
  private var passedOver: Int?
  // The IDs of the next bytes if these are cut as the chunks from `passedOver` on were. They are found
  // from the bytes alone, so one is right also where the old chunk of its length had another.
  private var hashed: ArraySlice<ChunkID> = []
  // How many chunks to look at together: few as long as the first may be another.
  private var batch = firstBatch
  // The length of the chunk before.
  private var lastLength = 0
  // Bytes since the last chunk that was the expected one.
  private var astray = 0

  /// Chunks of the old file that are looked at when nothing is expected.
  private static let windowCount = 1024
  // Bytes after which the old file is taken to go on too, as when a part of it was overwritten: what
  // half of the window holds, about.
  private var overwritten: Int { Self.windowCount / 2 * vault.chunker.parameters.target }
  private static let firstBatch = 4
  private static let largestBatch = 64

  /// `file` is of a snapshot of this vault.
  init(_ file: EarlierFile, in vault: Vault) {
    self.vault = vault
    reader = ContentReader(file.file, from: file.nodes)
  }

  /// A run of data begins in the new file.
  func begin(at offset: UInt64) {
    fill()
    forget()
    passedOver = ahead.first?.offset == offset ? 0 : nil
  }

  /// Cuts off the front of these bytes what is as it was, and answers how much that is.
  func follow(_ bytes: UnsafeRawBufferPointer, into cuts: inout [Cut]) -> Int {
    var used = 0
    while let passedOver {
      if hashed.isEmpty { unsafe hash(UnsafeRawBufferPointer(rebasing: bytes[used...])) }
      guard let id = hashed.first, let chunk = ahead.dropFirst(passedOver).first, id == chunk.id
      else { break }
      cuts.append(Cut(length: chunk.length, id: id))
      used += chunk.length
      pass(passedOver + 1)
    }
    return used
  }

  /// Takes note of a chunk that had to be scanned for, and answers its ID if that is known already.
  func meet(_ length: Int) -> ChunkID? {
    if passedOver == 0, ahead.first?.length == length {
      let id = hashed.first
      pass(1)
      return id
    }
    forget()
    fill()
    passedOver = place(of: length).map { $0 - ahead.startIndex + 1 }
    lastLength = length
    astray += length
    while astray > overwritten, let passed = ahead.popFirst() {
      astray -= passed.length
      passedOver = nil
    }
    return nil
  }

  // Where a chunk of this length is, behind one as long as the last if there is such a place.
  private func place(of length: Int) -> Int? {
    let pair = ahead.indices.dropFirst().first {
      ahead[$0].length == length && ahead[$0 - 1].length == lastLength
    }
    return pair ?? ahead.firstIndex { $0.length == length }
  }

  private func pass(_ count: Int) {
    lastLength = ahead[ahead.startIndex + count - 1].length
    ahead = ahead.dropFirst(count)
    hashed = hashed.dropFirst(1)
    passedOver = 0
    astray = 0
  }

  private func forget() {
    hashed = []
    batch = Self.firstBatch
  }

  // Finds the IDs of the next chunks that ended at a cut, as many as there are bytes of.
  private func hash(_ bytes: UnsafeRawBufferPointer) {
    fill()
    guard let passedOver else { return }
    let limits = vault.chunker.parameters
    var chunks: [UnsafeRawBufferPointer] = unsafe []
    var end = 0
    for chunk in ahead.dropFirst(passedOver).prefix(batch) {
      guard chunk.endsAtCut, limits.minimum...limits.maximum ~= chunk.length,
        chunk.length <= bytes.count - end
      else { break }
      unsafe chunks.append(UnsafeRawBufferPointer(rebasing: bytes[end..<end + chunk.length]))
      end += chunk.length
    }
    hashed = unsafe vault.hasher.ids(of: chunks, kind: .data)[...]
    batch = min(2 * batch, Self.largestBatch)
  }

  private func fill() {
    guard isReadable, ahead.count < Self.windowCount / 2 else { return }
    var chunks = Array(ahead)
    while chunks.count < Self.windowCount, let (extent, offset) = next() {
      switch extent {
      case .hole: isBehindHole = true
      case .chunk(let id, let length):
        if !isBehindHole, let last = chunks.indices.last { chunks[last].endsAtCut = true }
        isBehindHole = false
        chunks.append(Chunk(id: id, length: Int(length), offset: offset))
      }
    }
    ahead = chunks[...]
  }

  // Nil at the end, and from where the old list cannot be read.
  private func next() -> (Extent, UInt64)? {
    let offset = reader.offset
    guard let extent = try? reader.next() else {
      isReadable = false
      return nil
    }
    return (extent, offset)
  }
}
