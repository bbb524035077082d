// A directory on the way from the root to where the walk is.

import Platform
import Vault

/// A directory that is being walked; of the walk alone.
final class WalkLevel {
  let listed: ListedDirectory
  /// Its own entry, without children.
  let entry: Entry
  /// What the last snapshot has here.
  let previous: PreviousDirectory?
  /// Whether its own entry, children aside, is as in the last snapshot.
  let isSame: Bool
  /// Whether the last snapshot had it.
  let isKnown: Bool
  /// The next name to visit.
  var position = 0
  /// Names that have an entry.
  var entryCount = 0
  /// Entries that are as in the last snapshot, without a gap from the beginning.
  var matchedCount = 0
  /// Whether the pipeline knows of it.
  var isEmitted = false

  init(
    _ listed: ListedDirectory, entry: Entry, previous: PreviousDirectory?, isSame: Bool,
    isKnown: Bool
  ) {
    self.listed = listed
    self.entry = entry
    self.previous = previous
    self.isSame = isSame
    self.isKnown = isKnown
  }

  var directory: OpenDirectory { listed.directory }

  /// The path of a name in it, for messages.
  func path(_ index: Int) -> FilePath {
    directory.path.appending(listed.names.name(index))
  }
}
