// A snapshot as the journal shows it today: what its backup wrote, with later amendments.

public import Platform
public import Vault

/// A snapshot with its ID and what was changed about it since.
public struct SnapshotInfo: Hashable, Sendable {
  /// The hash of the commit entry.
  public let id: SnapshotID
  /// The number of the commit entry in the journal.
  public let number: UInt64
  /// What the backup wrote.
  public var snapshot: Snapshot { written.snapshot }
  /// Whether it is a checkpoint of a backup that did not end.
  public let isPartial: Bool
  /// Whether it was forgotten.
  public var isForgotten: Bool
  /// The tags in force.
  public private(set) var tags: [[UInt8]]
  /// The description in force.
  public private(set) var description: [UInt8]
  /// The pin in force.
  public private(set) var pin: Pin?
  // The large part, which copies share: lists of snapshots are sorted and filtered.
  private let written: Written

  private final class Written: Hashable, Sendable {
    let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    static func == (left: Written, right: Written) -> Bool {
      left === right || left.snapshot == right.snapshot
    }

    func hash(into hasher: inout Hasher) { hasher.combine(snapshot) }
  }

  /// A snapshot with its amendments in the order of the journal.
  public init(
    id: SnapshotID, number: UInt64, snapshot: Snapshot, isPartial: Bool = false,
    isForgotten: Bool = false, amendments: [Amendment] = []
  ) {
    self.id = id
    self.number = number
    written = Written(snapshot)
    self.isPartial = isPartial
    self.isForgotten = isForgotten
    tags = snapshot.tags
    description = snapshot.description
    for amendment in amendments { apply(amendment) }
  }

  /// Changes what an amendment says.
  public mutating func apply(_ amendment: Amendment) {
    if let tags = amendment.tags { self.tags = tags }
    if let description = amendment.description { self.description = description }
    switch amendment.pin {
    case nil: break
    case .unpin: pin = nil
    case .pin(let pin): self.pin = pin
    }
  }

  /// The time that the snapshot stands for.
  public var time: Timestamp { written.snapshot.time }
  /// The host's name.
  public var host: [UInt8] { written.snapshot.host }
  /// What was backed up.
  public var paths: [FilePath] { written.snapshot.paths }

  /// Whether the snapshot is protected at this time.
  public func isPinned(at time: Timestamp) -> Bool {
    guard let pin else { return false }
    return pin.until.map { time < $0 } ?? true
  }
}

extension Sequence<SnapshotInfo> {
  /// The snapshots, oldest first; those of one time in the order of the journal.
  public func sortedByTime() -> [SnapshotInfo] {
    sorted { ($0.time, $0.number) < ($1.time, $1.number) }
  }
}
