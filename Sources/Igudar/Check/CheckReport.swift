// What a check looks at and what it finds.

public import Platform
import Synchronization
public import Vault

/// How much of the stored data a check reads.
public enum ReadExtent: Hashable, Sendable {
  /// Nothing: structure only.
  case none
  /// Every stored byte.
  case all
  /// The packs of one of `count` groups of about equal size, numbered from 1.
  case group(Int, of: Int)
  /// About this share of the packs, chosen at random: 0 to 1.
  case share(Double)
  /// Packs of about this many bytes together, chosen at random.
  case bytes(UInt64)
}

/// One thing that is wrong with a repository.
public struct CheckFinding: Hashable, Sendable {
  /// What can be done about it.
  public enum Severity: Int, Comparable, Sendable {
    /// Worth knowing, and no damage.
    case note
    /// Nothing is lost; a repair or prune puts it right.
    case repairable
    /// Something is lost.
    case loss

    /// By weight.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// What can be done about it.
  public let severity: Severity
  /// The object.
  public let object: String
  /// What is wrong, to stand behind the object.
  public let problem: String
}

/// A path in a snapshot that damage touches.
public struct DamagedPath: Hashable, Sendable {
  /// The snapshot.
  public let snapshot: SnapshotID
  /// The path in it, absolute.
  public let path: FilePath
  /// What is wrong, in words.
  public let problem: String
}

/// What a check found.
public struct CheckReport: Sendable {
  /// What is wrong with objects.
  public internal(set) var findings: [CheckFinding] = []
  /// Paths that cannot be restored whole.
  public internal(set) var damagedPathCount = 0
  /// Snapshots looked at.
  public internal(set) var snapshotCount = 0
  /// Packs looked at, and read.
  public internal(set) var packCount = 0
  /// Packs of which every byte was read.
  public internal(set) var readPackCount = 0
  /// Packs that no journal entry names: left by runs that did not end, or still running.
  public internal(set) var orphanCount = 0
  /// Whether the program was asked to stop before the end.
  public internal(set) var isInterrupted = false

  /// The weight of the worst finding.
  public var severity: CheckFinding.Severity {
    if damagedPathCount > 0 { return .loss }
    return findings.map(\.severity).max() ?? .note
  }

  /// Whether everything that was looked at is as it must be.
  public var isClean: Bool { severity == .note && !isInterrupted }

  mutating func add(_ severity: CheckFinding.Severity, _ object: String, _ problem: String) {
    findings.append(CheckFinding(severity: severity, object: object, problem: problem))
  }

  mutating func add(_ severity: CheckFinding.Severity, _ error: VaultError) {
    switch error {
    case .damaged(let object, let damage): add(severity, object, "\(damage)")
    case .missing(let object): add(severity, object, "is missing")
    default: add(severity, "the repository", "\(RepositoryError(error))")
    }
  }
}

/// What is told while a check runs.
public enum CheckEvent: Sendable {
  /// Something is wrong with an object.
  case finding(CheckFinding)
  /// A path cannot be restored whole.
  case damagedPath(DamagedPath)
}

/// Counters of a running check that any thread may read.
public final class CheckProgress: Sendable {
  let packs = Atomic<UInt64>(0)
  let totalPacks = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let totalBytes = Atomic<UInt64>(0)

  /// Counters at zero.
  public init() {}

  /// Packs read.
  public var packCount: UInt64 { packs.load(ordering: .relaxed) }
  /// Packs to be read.
  public var totalPackCount: UInt64 { totalPacks.load(ordering: .relaxed) }
  /// Bytes read.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
  /// Bytes to be read.
  public var totalByteCount: UInt64 { totalBytes.load(ordering: .relaxed) }
}
