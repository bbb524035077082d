// What a backup is asked to do.

public import Platform
public import Vault

/// What a backup is asked to do, beyond what to read.
public struct BackupOptions: Sendable {
  /// How frames are compressed.
  public var compression: Compression = .auto
  /// Whether every sealed frame is opened and compared before it is stored.
  public var verifiesFrames = true
  /// Whether nothing is written: the backup only tells what it would add.
  public var isDryRun = false
  /// Whether all files are read, also those that look unchanged.
  public var readsAll = false
  /// Whether files that look unchanged are read too, and compared with what is in the repository.
  public var verifiesSource = false
  /// Whether block devices, and links to them, are saved as files that hold what is on them.
  ///
  /// Such a file is read whole each time, once, and not again when it changes meanwhile.
  public var readsDevices = false
  /// Whether no snapshot is made when nothing changed since the parent.
  public var skipsIfUnchanged = false
  /// Whether directories of other file systems are left empty.
  public var staysOnFileSystem = false
  /// Whether access times are recorded.
  public var recordsAccessTime = false
  /// Whether a change of ctime alone counts as unchanged.
  public var ignoresCtime = false
  /// Whether another inode number alone counts as unchanged.
  public var ignoresInode = false
  /// What is left out.
  public var exclusion = Exclusion()
  /// The patterns as they were given, to record.
  public var excludeTexts: [[UInt8]] = []
  /// The snapshot to compare with; nil for the newest of the same group.
  public var parent: SnapshotID?
  /// Which snapshots are of one group, of which the newest is compared with.
  public var grouping = SnapshotGrouping.usual
  /// The snapshot's time; nil for now.
  public var time: Timestamp?
  /// Host name to record.
  public var host: [UInt8] = []
  /// User name to record.
  public var user: [UInt8] = []
  /// Name and version of the program to record.
  public var program: [UInt8] = []
  /// Minutes east of UTC to record.
  public var zone = 0
  /// Tags to record.
  public var tags: [[UInt8]] = []
  /// A text to record.
  public var comment: [UInt8] = []
  /// How many workers read, compress and seal; 0 for one per core.
  public var jobs = 0
  /// Whether every file and directory is told of, not only errors.
  public var tellsItems = false
  /// Whether the sources are counted beside the backup, so that progress knows the whole.
  public var countsSources = false
  /// Time between the beginnings of two checkpoints of a running backup.
  ///
  /// Users are promised one every 15 minutes at least; the rest is for what has to be written first.
  public var checkpointInterval: Duration = .seconds(14 * 60)

  /// The defaults.
  public init() {}
}

/// What goes wrong with one source while the rest goes on.
public struct SourceError: Sendable {
  /// What was being done.
  public enum During: String, Sendable {
    /// Looking at an entry or listing a directory.
    case scan
    /// Reading content or metadata.
    case archive = "archival"
  }

  /// What was being done.
  public let during: During
  /// The file or directory.
  public let path: FilePath
  /// What is the matter, in words.
  public let message: String
  /// Whether the snapshot has it all the same, as it was read last or backed up before.
  public let isKept: Bool
}

/// What happens to one source, told while the backup runs.
public enum BackupEvent: Sendable {
  /// Something could not be read, or not as it should.
  case failed(SourceError)
  /// A file or directory is done.
  case done(path: FilePath, BackupAction, size: UInt64)
  /// An entry was left out.
  case excluded(FilePath)
  /// The sources are counted.
  case scanned(fileCount: UInt64, size: UInt64)
}

/// How an entry compares with the last snapshot.
public enum BackupAction: String, Sendable {
  /// Was not there.
  case new
  /// Is as it was.
  case unchanged
  /// Is not as it was.
  case modified
}
