// A directory on the way from the root to where the walk is.

import Platform
import Vault

/// A directory that is being walked.
struct WalkLevel {
  let directory: OpenDirectory
  /// Its own entry, without children.
  let entry: Entry
  let device: UInt64
  /// The way to targets, when only that is walked.
  let node: BackupTargets.Node?
  let names: WalkNames
  /// What the last snapshot has here.
  let previous: PreviousDirectory?
  /// Whether its own entry, children aside, is as in the last snapshot.
  let isSame: Bool
  /// Whether the last snapshot had it.
  let isKnown: Bool
  /// Where it stands in the patterns that exclude.
  let patternState: PatternSet.State?
  /// The next name to visit.
  var position = 0
  /// Names that have an entry.
  var entryCount = 0
  /// Entries that are as in the last snapshot, without a gap from the beginning.
  var matchedCount = 0
  /// Whether the pipeline knows of it.
  var isEmitted = false

  init(
    directory: OpenDirectory, entry: Entry, device: UInt64, node: BackupTargets.Node?,
    names: WalkNames, previous: PreviousDirectory?, isSame: Bool, isKnown: Bool,
    patternState: PatternSet.State?
  ) {
    self.directory = directory
    self.entry = entry
    self.device = device
    self.node = node
    self.names = names
    self.previous = previous
    self.isSame = isSame
    self.isKnown = isKnown
    self.patternState = patternState
  }
}

/// The names to visit in a directory, ascending.
enum WalkNames {
  case listed(DirectoryListing)
  case given([FileName])

  var count: Int {
    switch self {
    case .listed(let listing): listing.count
    case .given(let names): names.count
    }
  }

  func name(_ index: Int) -> FileName {
    switch self {
    case .listed(let listing): listing.name(index)
    case .given(let names): names[index]
    }
  }
}
