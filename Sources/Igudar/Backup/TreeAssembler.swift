// Builds the tree from finished batches in walk order. One thread at a time runs here, whichever
// worker completes the batch that is next; the state is a stack of directories being built.

import Platform
import Vault

/// Turns the traversal into tree nodes.
///
/// Invariant: every entry in them is one that can be decoded again; others are left out and told.
struct TreeAssembler {
  private var levels: [Level] = []
  private var large: ContentBuilder?
  private(set) var root: Entry?

  private struct Level {
    var entry: Entry
    var builder: DirectoryBuilder
  }

  private let cut: any CutHash
  private let sink: any NodeSink
  private let finish: @Sendable (FileDraft, BackupAction, _ size: UInt64) -> Void
  private let refuse: @Sendable ([FileName], Damage) -> Void

  /// `finish` is told of large files that are complete, `refuse` of entries that the format has no
  /// place for, by the names from the root down.
  init(
    cutting cut: any CutHash, into sink: any NodeSink,
    finishing finish: @escaping @Sendable (FileDraft, BackupAction, _ size: UInt64) -> Void,
    refusing refuse: @escaping @Sendable ([FileName], Damage) -> Void
  ) {
    self.cut = cut
    self.sink = sink
    self.finish = finish
    self.refuse = refuse
  }

  /// Takes the next batch.
  mutating func take(_ batch: Batch) throws(VaultError) {
    for item in batch.items {
      switch item {
      case .enter(let entry):
        levels.append(Level(entry: entry, builder: DirectoryBuilder(cutting: cut, into: sink)))
      case .leave: try leave()
      case .entry(let range): try append(batch.encoded.bytes, range)
      case .file: preconditionFailure("a worker turns files into entries")
      case .beginLarge, .restartLarge: large = ContentBuilder(into: sink)
      case .dropLarge: large = nil
      case .stretch:
        for extent in batch.extents { try large?.append(extent) }
      case .hole(let length): try large?.append(.hole(length: length))
      case .endLarge(let entry, let draft): try endLarge(entry, draft)
      }
    }
  }

  private mutating func endLarge(_ begun: Entry, _ draft: FileDraft?) throws(VaultError) {
    guard var builder = large, var file = begun.file else {
      preconditionFailure("a large file has begun")
    }
    large = nil
    var entry = begun
    file.size = builder.size
    file.content = try builder.finish()
    entry.kind = .file(file)
    let encoded = entry.encoded
    try append(encoded, 0..<encoded.count)
    if let draft { finish(draft, draft.action(encoded: encoded[...]), file.size) }
  }

  private mutating func append(_ bytes: [UInt8], _ range: Range<Int>) throws(VaultError) {
    let entry = unsafe bytes.span.bytes.extracting(range)
    do throws(Damage) { _ = try EntryScan(outside: entry) } catch {
      return refuse(levels.dropFirst().map(\.entry.name) + [Self.name(of: entry)], error)
    }
    try levels[levels.count - 1].builder.append(entry)
  }

  private static func name(of entry: RawSpan) -> FileName {
    var reader = ByteReader(entry)
    guard let name = try? reader.prefixed() else { preconditionFailure("an entry has a name") }
    return FileName(unchecked: unsafe name.withUnsafeBytes { unsafe Array($0) })
  }

  private mutating func leave() throws(VaultError) {
    guard var level = levels.popLast() else { preconditionFailure("left more than entered") }
    level.entry.kind = .directory(try level.builder.finish(isRoot: levels.isEmpty))
    if levels.isEmpty {
      root = level.entry
    } else {
      let encoded = level.entry.encoded
      try append(encoded, 0..<encoded.count)
    }
  }

  /// The root as if every open directory ended here; the assembler goes on as before.
  func checkpoint() throws(VaultError) -> Entry? {
    var copy = self
    copy.large = nil
    while !copy.levels.isEmpty { try copy.leave() }
    return copy.root
  }
}
