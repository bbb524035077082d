// What a backup says about itself: the record in the note of its commit entry, FORMAT.md section
// 13. Texts are bytes, as hosts, users and paths can be any; they are escaped when shown.

public import Platform
public import Vault

/// A snapshot as its backup wrote it.
public struct Snapshot: Hashable, Sendable {
  /// The root directory: an entry without a name whose children are nodes.
  public var root: Entry
  /// The time that the snapshot stands for.
  public var time: Timestamp
  /// When the backup began.
  public var start: Timestamp?
  /// When the backup ended.
  public var end: Timestamp?
  /// The host's name.
  public var host: [UInt8]
  /// The name of the user who ran the backup.
  public var user: [UInt8]
  /// That user's ID.
  public var uid: UInt32?
  /// That user's group ID.
  public var gid: UInt32?
  /// What was backed up, as absolute paths.
  public var paths: [FilePath]
  /// Tags given to the backup.
  public var tags: [[UInt8]]
  /// Exclude patterns that were in force.
  public var excludes: [[UInt8]]
  /// The snapshot that this one was compared with.
  public var parent: SnapshotID?
  /// Name and version of the program that wrote it.
  public var program: [UInt8]
  /// A free text.
  public var description: [UInt8]
  /// What the backup did, in numbers.
  public var counts: SnapshotCounts
  /// How many files and directories could not be read and are missing.
  public var unreadableCount: UInt64
  /// The number of the domain whose keys named the chunks.
  public var domain: UInt32
  /// The snapshot that this one is a copy or a rewrite of.
  public var original: SnapshotID?
  /// Minutes east of UTC at the host, from -1440 to 1440.
  public var zone: Int
  /// Fields of newer programs, kept as they are.
  package var unknown: [UnknownField]

  /// A snapshot of a tree at a time; the rest is set afterwards.
  public init(root: Entry, time: Timestamp) {
    self.root = root
    self.time = time
    host = []
    user = []
    paths = []
    tags = []
    excludes = []
    program = []
    description = []
    counts = SnapshotCounts()
    unreadableCount = 0
    domain = 0
    zone = 0
    unknown = []
  }
}
