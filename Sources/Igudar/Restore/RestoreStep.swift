// The plan of a restore, as the steps that it consists of. A step is decided by comparing the
// snapshot with the target, and then done, or only told in a dry run: what is told is what is done.
// Steps come one by one, so that the plan of a million files takes no memory.

public import Platform

/// One step of a restore.
public struct RestoreStep: Sendable {
  /// What it is about, in the target.
  public let path: FilePath
  /// What is done.
  public let action: RestoreAction
  /// Why.
  public let reason: RestoreReason
  /// The size of the file, 0 for everything else.
  public let size: UInt64
  /// How much of the content is not in the target yet and has to be fetched.
  public let fetched: UInt64
}

/// What is done with a file, folder, link or device.
public enum RestoreAction: Sendable {
  /// It is made, as there is nothing of its name.
  case create
  /// It takes the place of what has its name.
  case replace
  /// Its content is there in part; only the rest is fetched.
  case patch
  /// Only owner, mode, times or attributes are set.
  case update
  /// It is removed, as the snapshot does not have it.
  case delete
  /// Nothing.
  case leave
}

/// Why a step is what it is.
public enum RestoreReason: Sendable {
  /// There is nothing of this name.
  case absent
  /// What is there is of another type.
  case otherType
  /// What is there has other content.
  case otherContent
  /// What is there is another file than the one this is a name of.
  case otherLink
  /// What is there has other names too, which the snapshot does not know.
  case otherNames
  /// What is there has another owner, mode, time or attribute.
  case otherMetadata
  /// What is there is the same.
  case same
  /// Nothing that is there may be changed.
  case exists
  /// What is there is not older.
  case notNewer
  /// The snapshot does not have it.
  case extra
}

/// What a restore tells while it runs.
public enum RestoreEvent: Sendable {
  /// A step was done, or would be done in a dry run.
  case step(RestoreStep)
  /// Something could not be restored as it should.
  case failed(path: FilePath, message: String, RestoreTrouble, of: RestorePart)
}

/// What could not be restored.
public enum RestorePart: Sendable {
  /// The file, folder, link or device itself.
  case file
  /// Its owner, mode, times or attributes.
  case metadata
}

/// Why something could not be restored as it should.
public enum RestoreTrouble: Sendable {
  /// It takes more rights than the user has.
  case notPermitted
  /// It was left as it is: such things are never deleted, or never changed.
  case kept
  /// The target cannot hold it, or fails.
  case failed
  /// The repository is damaged.
  case damaged
}
