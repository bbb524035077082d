// A walk that knows where nothing was found: directories by their nodes and their path, as digests
// that leave memory when they are many.

import Platform
import Vault

/// Walks over trees and remembers what was searched in vain; not shared.
///
/// `State` is what the search carries from a directory to those in it.
final class SubtreeSearch<State> {
  /// What a visit answers.
  enum Finding {
    /// On; into the entry, if it is a directory, when there is a state for it.
    case next(isHit: Bool, below: State?)
    /// The walk is over.
    case stop
  }

  private let source: any NodeSource
  private let searchedInVain = DigestSet()
  private var levels: [Level] = []

  /// A directory on the way.
  private struct Level {
    /// A digest of the names that lead here.
    let place: ChunkID
    let key: ChunkID?
    let state: State
    var hasHit = false
  }

  init(in source: any NodeSource) {
    self.source = source
  }

  /// Visits what may hold hits; false when a visit stopped it.
  func run(
    in tree: Entry, state: State, unreadable: (FilePath, VaultError) -> Void,
    _ visit: (borrowing EntryView, PathTrail, State) throws(VaultError) -> Finding
  ) throws(VaultError) -> Bool {
    guard let children = tree.children else { return true }
    var node: TreeReference?
    if case .nodes(let reference) = children { node = reference }
    levels = []
    guard try open([], node, state) else { return true }
    var isStopped = false
    try TreeWalk(from: source).views(
      of: children, at: "/",
      unreadable: { (directory, error) throws(VaultError) in
        // What was not seen may hold hits.
        try close(downTo: directory.depth)
        levels[levels.count - 1].hasHit = true
        unreadable(directory.path, error)
      }
    ) { (entry, directory) throws(VaultError) in
      try close(downTo: directory.depth)
      switch try visit(entry, directory, levels[levels.count - 1].state) {
      case .stop:
        isStopped = true
        return .stop
      case .next(let isHit, let below):
        if isHit { levels[levels.count - 1].hasHit = true }
        guard entry.type == .directory, let below else { return .past }
        return try open(Array(copying: entry.name), entry.reference, below) ? .onward : .past
      }
    }
    if !isStopped { try close(downTo: -1) }
    return !isStopped
  }

  // False for a directory that was searched in vain before. What stands in its parent's entry is
  // small, and searched again.
  private func open(
    _ name: [UInt8], _ node: TreeReference?, _ state: State
  ) throws(VaultError) -> Bool {
    let place = (levels.last?.place ?? .zero).followed(by: name)
    let key = node.map { $0.id.marked(with: place) }
    if let key, try searchedInVain.contains(key) { return false }
    levels.append(Level(place: place, key: key, state: state))
    return true
  }

  // Leaves all directories below the one that is this deep; all if it is negative.
  private func close(downTo depth: Int) throws(VaultError) {
    while levels.count > depth + 1, let level = levels.last {
      levels.removeLast()
      if level.hasHit {
        if !levels.isEmpty { levels[levels.count - 1].hasHit = true }
      } else if let key = level.key {
        _ = try searchedInVain.insert(key)
      }
    }
  }
}

extension ChunkID {
  /// A digest of this ID and a place.
  func marked(with place: ChunkID) -> ChunkID {
    let (own, place) = (words, place.words)
    return ChunkID(
      words: (own.0 ^ place.0, own.1 ^ place.1, own.2 ^ place.2, own.3 ^ place.3))
  }

  /// A digest of a place that this is one of, and a name in it.
  fileprivate func followed(by name: [UInt8]) -> ChunkID {
    var writer = ByteWriter(capacity: 32 + name.count)
    writer.id(self)
    writer.raw(name)
    return ChunkID(words: Hash.name(of: writer.bytes).words)
  }
}
