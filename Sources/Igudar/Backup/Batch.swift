// What flows from the walker through the workers to the assembler: a piece of the tree in walk
// order. The walker fills in what it knows, a worker reads the files, the assembler takes batches
// in order and builds the tree.
//
// Invariant: batches are numbered without gaps, and the items of all of them in order are a
// well-formed traversal: enter, entries, leave.

import Platform
import Vault

/// One step of the traversal.
enum BatchItem: Sendable {
  /// A directory begins; its own entry is finished when it is left.
  case enter(Entry)
  /// The directory entered last ends.
  case leave
  /// An entry that is complete: its encoding lies in the batch's `encoded`.
  case entry(Range<Int>)
  /// A file that a worker has to read.
  case file(Int)
  /// A large file begins, whose stretches follow.
  case beginLarge
  /// The large file is read again from its beginning.
  case restartLarge
  /// A stretch of a large file that a worker has to hash.
  case stretch
  /// A hole of a large file.
  case hole(UInt64)
  /// The large file could not be read; it is left out.
  case dropLarge
  /// The large file ends; its draft is nil for a stream, which is compared with nothing.
  case endLarge(Entry, FileDraft?)
}

/// A file to be read by a worker.
struct FileDraft: Sendable {
  let directory: OpenDirectory
  let name: FileName
  let status: FileStatus
  let hardLink: Entry.HardLink?
  /// What the last snapshot has under this name, encoded; nil if nothing.
  let known: [UInt8]?

  /// What became of it, as it is counted.
  func action(encoded entry: ArraySlice<UInt8>) -> BackupAction {
    BackupAction(from: known, to: entry)
  }
}

extension BackupAction {
  /// What became of an entry, by its encodings: what was read again need not have changed.
  init(from known: [UInt8]?, to entry: ArraySlice<UInt8>) {
    guard let known else {
      self = .new
      return
    }
    self = entry == known[...] ? .unchanged : .modified
  }
}

/// A stretch of a large file: bytes and where they are cut.
struct Stretch: Sendable {
  let buffer: Buffer
  /// Where it begins in the buffer.
  let start: Int
  let cuts: [Cut]
}

/// A piece of the traversal, about two mebibytes of files.
struct Batch: Sendable {
  let number: Int
  var items: [BatchItem] = []
  var files: [FileDraft] = []
  var stretch: Stretch?
  var encoded = ByteWriter()
  /// The chunks of the stretch, once it is hashed.
  var extents: [Extent] = []
  /// Bytes of files in this batch, as the walker saw them.
  var size: UInt64 = 0

  /// Adds an entry that is complete, and answers its encoding.
  @discardableResult
  mutating func add(_ entry: Entry) -> ArraySlice<UInt8> {
    items.append(.entry(0..<0))
    return complete(items.count - 1, with: entry)
  }

  /// Makes an item the entry that it was to become, and answers its encoding.
  @discardableResult
  mutating func complete(_ item: Int, with entry: Entry) -> ArraySlice<UInt8> {
    let start = encoded.bytes.count
    entry.encode(into: &encoded)
    let place = start..<encoded.bytes.count
    items[item] = .entry(place)
    return encoded.bytes[place]
  }
}
