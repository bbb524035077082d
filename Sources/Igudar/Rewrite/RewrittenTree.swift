// A tree without the paths that patterns leave out or do not choose. Directories on the way to what goes are built
// anew; everything else keeps its bytes, and with them its nodes and IDs. One leaf and one open node
// of every directory on the way are in memory; nothing recurses.

import Platform
import Vault

extension RewriteChoice {
  fileprivate var patterns: PatternSet {
    switch self {
    case .without(let patterns), .only(let patterns): patterns
    }
  }
}

/// Leaves paths out of a tree.
struct RewrittenTree {
  private let choice: RewriteChoice
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
    keeping choice: RewriteChoice, from source: any NodeSource, cutting cut: any CutHash,
    into sink: any NodeSink
  ) {
    self.choice = choice
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
    /// Whether it is kept only for what is in it.
    let leads: Bool
    var isChanged = false

    init(
      _ entry: Entry, _ encoded: [UInt8], _ state: PatternSet.State, _ tree: RewrittenTree,
      leads: Bool = false
    ) {
      self.entry = entry
      self.leads = leads
      self.encoded = encoded
      self.state = state
      reader = DirectoryReader(entry.children ?? .none, from: tree.source)
      builder = DirectoryBuilder(cutting: tree.cut, into: tree.sink)
    }
  }

  /// What one entry says to a walk.
  private struct Item {
    let encoded: [UInt8]
    let fate: Fate
  }

  private enum Fate {
    case kept
    case leftOut
    /// A directory whose entries are looked at; `leads` if it is kept only for what is in it.
    case entered(Entry, PatternSet.State, leads: Bool)
  }

  /// The tree below a root, with what goes left out.
  ///
  /// - Throws: what reading and storing nodes can throw; a directory that cannot be read ends it.
  func rewrite(_ root: Entry) throws(VaultError) -> Outcome {
    var outcome = Outcome(root: root)
    var levels = [Level(root, [], choice.patterns.root, self)]
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      guard try level.reader.advance() else {
        levels.removeLast()
        try end(level, in: levels.last, &outcome)
        continue
      }
      let item = item(of: level)
      switch item.fate {
      case .leftOut:
        level.isChanged = true
        try count(item, &outcome)
      case .entered(let directory, let state, let leads):
        guard levels.count < TreeLimits.depth else {
          throw .limit("more than \(TreeLimits.depth) directories deep")
        }
        levels.append(Level(directory, item.encoded, state, self, leads: leads))
      case .kept: try level.builder.append(item.encoded.rawSpan)
      }
    }
    return outcome
  }

  private func item(of level: Level) -> Item {
    level.reader.withCurrent { entry in
      Item(encoded: Array(copying: entry.encoded), fate: fate(of: entry, in: level.state))
    }
  }

  private func fate(of entry: borrowing EntryView, in state: PatternSet.State) -> Fate {
    let patterns = choice.patterns
    let (onMatch, otherwise): (Fate, Fate) =
      if case .only = choice { (.kept, .leftOut) } else { (.leftOut, .kept) }
    if patterns.matches(entry.name, in: state) { return onMatch }
    guard entry.type == .directory else { return otherwise }
    let below = patterns.enter(entry.name, from: state)
    guard patterns.match(of: below).childMayMatch else { return otherwise }
    if case .only = choice { return .entered(entry.entry, below, leads: true) }
    return .entered(entry.entry, below, leads: false)
  }

  private func end(
    _ level: Level, in parent: Level?, _ outcome: inout Outcome
  ) throws(VaultError) {
    if let parent, level.leads, level.builder.isEmpty {
      parent.isChanged = true
      return
    }
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
