// What a restore is asked to do.

public import Platform
public import Vault

/// Which files that are there already a restore may change.
public enum Overwrite: String, Sendable, CaseIterable {
  /// All; what has the right content already is found by reading it.
  case always
  /// All, but those of the same size and modification time are taken for the same.
  case ifChanged = "if-changed"
  /// Those that are older than in the snapshot.
  case ifNewer = "if-newer"
  /// None.
  case never
}

/// Whose the restored files are.
public enum Ownership: Sendable {
  /// The users and groups of the same names; where there is none, of the same numbers.
  case byName
  /// The users and groups of the same numbers.
  case byNumber
  /// The user who restores, as for any new file.
  case none
}

/// What a restore is asked to do.
public struct RestoreOptions: Sendable {
  /// Whether nothing is changed: the restore only tells what it would do.
  public var isDryRun = false
  /// Which files that are there already may be changed.
  public var overwrite = Overwrite.always
  /// Whether what the snapshot does not have is deleted from the target.
  public var deletesExtra = false
  /// What is restored of the snapshot, and deleted from the target.
  public var selection = RestoreSelection.everything
  /// Whose the files are.
  public var ownership = Ownership.byName
  /// Whether extended attributes are left out.
  public var skipsAttributes = false
  /// Which extended attributes are set, or removed, by their names.
  public var attributes = RestoreSelection.everything
  /// Whether long runs of zeros in data become holes.
  public var makesSparse = false
  /// Whether files that differ are patched where they lie, not in a copy that takes their place.
  public var patchesInPlace = false
  /// How many workers fetch, open and write; 0 for one per core.
  public var jobs = 0
  /// Whether every step is told, not only errors.
  public var tellsSteps = false
  /// The repository's own folder and others like it, in which nothing is changed, and files that
  /// are not changed, such as a key file.
  ///
  /// Neither they nor anything that they lie in is deleted. Where this machine keeps what it knows of
  /// the repository is among them by itself.
  public var protectedFolders: [FilePath] = []

  /// The snapshot that is restored: as long as it is not forgotten, what of it is gone is damage.
  public var snapshot: SnapshotID?
  // Whether all metadata passes for what it should be: for `verify`.
  var ignoresMetadata = false

  /// The defaults.
  public init() {}
}
