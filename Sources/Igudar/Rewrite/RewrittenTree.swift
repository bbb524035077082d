// A tree without the paths that patterns leave out. Directories on the way to what goes are built
// anew; everything else keeps its bytes, and with them its nodes and IDs. One leaf and one open node
// of every directory on the way are in memory; nothing recurses.

import Platform
import Vault

/// Leaves paths out of a tree.
struct RewrittenTree {
  private let patterns: PatternSet
  private let source: any NodeSource
  private let cut: any CutHash
  private let sink: any NodeSink

  /// What came of a tree.
  struct Outcome {
    /// The root; the old one when nothing was left out.
    var root: Entry
    /// Whether something was left out.
    var isChanged = false
    /// Whether nothing is left.
    var isEmpty = false
    /// How many files were left out, and their bytes.
    var fileCount: UInt64 = 0
    var byteCount: UInt64 = 0
  }

  init(
    without patterns: PatternSet, from source: any NodeSource, cutting cut: any CutHash,
    into sink: any NodeSink
  ) {
    self.patterns = patterns
    self.source = source
    self.cut = cut
    self.sink = sink
  }

  /// A directory on the way.
  private final class Level {
    let entry: Entry
    /// The entry as it was read; empty for the root.
    let encoded: [UInt8]
    let state: PatternSet.State
    var reader: DirectoryReader
    var builder: DirectoryBuilder
    var isChanged = false

    init(_ entry: Entry, _ encoded: [UInt8], _ state: PatternSet.State, _ tree: RewrittenTree) {
      self.entry = entry
      self.encoded = encoded
      self.state = state
      reader = DirectoryReader(entry.children ?? .none, from: tree.source)
      builder = DirectoryBuilder(cutting: tree.cut, into: tree.sink)
    }
  }

  /// What one entry says to a walk.
  private struct Item {
    let encoded: [UInt8]
    let isMatched: Bool
    /// The directory to go into; nil where nothing can match below.
    let directory: Entry?
    let state: PatternSet.State?
  }

  /// The tree below a root, with what goes left out.
  ///
  /// - Throws: what reading and storing nodes can throw; a directory that cannot be read ends it.
  func rewrite(_ root: Entry) throws(VaultError) -> Outcome {
    var outcome = Outcome(root: root)
    var levels = [Level(root, [], patterns.root, self)]
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      guard try level.reader.advance() else {
        levels.removeLast()
        try end(level, in: levels.last, &outcome)
        continue
      }
      let item = item(of: level)
      if item.isMatched {
        level.isChanged = true
        try count(item, &outcome)
      } else if let directory = item.directory, let state = item.state {
        guard levels.count < TreeLimits.depth else {
          throw .limit("more than \(TreeLimits.depth) directories deep")
        }
        levels.append(Level(directory, item.encoded, state, self))
      } else {
        try level.builder.append(item.encoded.rawSpan)
      }
    }
    return outcome
  }

  private func item(of level: Level) -> Item {
    level.reader.withCurrent { entry in
      let encoded = Array(copying: entry.encoded)
      if patterns.matches(entry.name, in: level.state) {
        return Item(encoded: encoded, isMatched: true, directory: nil, state: nil)
      }
      guard entry.type == .directory else {
        return Item(encoded: encoded, isMatched: false, directory: nil, state: nil)
      }
      let state = patterns.enter(entry.name, from: level.state)
      let isOpen = patterns.match(of: state).childMayMatch
      return Item(
        encoded: encoded, isMatched: false, directory: isOpen ? entry.entry : nil, state: state)
    }
  }

  private func end(
    _ level: Level, in parent: Level?, _ outcome: inout Outcome
  ) throws(VaultError) {
    guard level.isChanged else {
      let encoded = level.encoded
      if let parent { try parent.builder.append(encoded.rawSpan) }
      return
    }
    var entry = level.entry
    let isEmpty = level.builder.isEmpty
    entry.kind = .directory(try level.builder.finish(isRoot: parent == nil))
    guard let parent else {
      outcome.root = entry
      outcome.isChanged = true
      outcome.isEmpty = isEmpty
      return
    }
    parent.isChanged = true
    try parent.builder.append(entry)
  }

  // Counts what is left out, as a backup counts what it processes.
  private func count(_ item: Item, _ outcome: inout Outcome) throws(VaultError) {
    let entry: Entry
    do throws(Damage) { entry = try Entry(decoding: item.encoded.rawSpan) } catch {
      throw .damaged(object: "an entry", error)
    }
    guard let children = entry.children else {
      outcome.fileCount += 1
      outcome.byteCount &+= entry.file?.size ?? 0
      return
    }
    var (files, bytes) = (UInt64(0), UInt64(0))
    // What cannot be read below it is left out all the same.
    try TreeWalk(from: source).views(
      of: children, at: "/", unreadable: { (_, _) throws(VaultError) in }
    ) { (entry, _) throws(VaultError) in
      if entry.type != .directory {
        files += 1
        bytes &+= entry.size
      }
      return .onward
    }
    outcome.fileCount += files
    outcome.byteCount &+= bytes
  }
}
