// What a journal entry says: one of the nine types of FORMAT.md section 13. Each body is a record
// with exactly one encoding; non-critical fields that this program does not know are kept.

/// The body of a journal entry.
package enum JournalBody: Hashable, Sendable {
  case commit(Commit)
  case tombstone(Tombstone)
  case revive(Revive)
  case amend(Amend)
  case condemn(Condemn)
  case sweep(Sweep)
  case policy(Policy)
  case summary(JournalSummary)
  case access(Access)

  /// The type byte of a commit entry; its note is bound to it.
  package static let commitType: UInt8 = 1
  /// The type byte of an amend entry; its note is bound to it.
  package static let amendType: UInt8 = 4
  /// The type byte of a summary.
  static let summaryType: UInt8 = 8
  /// The type byte of an access entry; its note is bound to it.
  package static let accessType: UInt8 = 9

  /// The type byte of the entry.
  package var type: UInt8 {
    switch self {
    case .commit: Self.commitType
    case .tombstone: 2
    case .revive: 3
    case .amend: Self.amendType
    case .condemn: 5
    case .sweep: 6
    case .policy: 7
    case .summary: Self.summaryType
    case .access: Self.accessType
    }
  }
}

extension JournalBody {
  /// A snapshot, or with `isPartial` a checkpoint of a running backup.
  package struct Commit: Hashable, Sendable {
    /// Segments that count from here on, ascending.
    package let segments: [ObjectHash]
    /// Condemned packs that the snapshot relies on, ascending.
    package let rescuedPacks: [ObjectHash]
    package let isPartial: Bool
    /// The snapshot record, sealed to the readers.
    package let note: [UInt8]
    package let run: RunID
    package let unknown: [UnknownField]

    package init(
      segments: [ObjectHash], rescuedPacks: [ObjectHash], isPartial: Bool, note: [UInt8],
      run: RunID, unknown: [UnknownField] = []
    ) {
      self.segments = segments.ascending
      self.rescuedPacks = rescuedPacks.ascending
      self.isPartial = isPartial
      self.note = note
      self.run = run
      self.unknown = unknown
    }
  }

  /// Snapshots that are forgotten.
  package struct Tombstone: Hashable, Sendable {
    package let snapshots: [SnapshotID]
    /// Why, for people; empty if nobody said.
    package let reason: [UInt8]
    package let unknown: [UnknownField]

    package init(snapshots: [SnapshotID], reason: [UInt8] = [], unknown: [UnknownField] = []) {
      self.snapshots = snapshots.ascending
      self.reason = reason
      self.unknown = unknown
    }
  }

  /// Forgotten snapshots that are brought back.
  package struct Revive: Hashable, Sendable {
    package let snapshots: [SnapshotID]
    package let unknown: [UnknownField]

    package init(snapshots: [SnapshotID], unknown: [UnknownField] = []) {
      self.snapshots = snapshots.ascending
      self.unknown = unknown
    }
  }

  /// New tags, description or pin of a snapshot.
  package struct Amend: Hashable, Sendable {
    package let snapshot: SnapshotID
    /// The amendment record, sealed to the readers.
    package let note: [UInt8]
    package let unknown: [UnknownField]

    package init(snapshot: SnapshotID, note: [UInt8], unknown: [UnknownField] = []) {
      self.snapshot = snapshot
      self.note = note
      self.unknown = unknown
    }
  }

  /// Objects that no live commit up to here needs, and what a prune made in their place.
  package struct Condemn: Hashable, Sendable {
    package let packs: [ObjectHash]
    package let segments: [ObjectHash]
    /// Segments that count from here on.
    package let newSegments: [ObjectHash]
    /// Condemned packs that the prune itself relies on.
    package let rescuedPacks: [ObjectHash]
    package let unknown: [UnknownField]

    package init(
      packs: [ObjectHash], segments: [ObjectHash], newSegments: [ObjectHash],
      rescuedPacks: [ObjectHash], unknown: [UnknownField] = []
    ) {
      self.packs = packs.ascending
      self.segments = segments.ascending
      self.newSegments = newSegments.ascending
      self.rescuedPacks = rescuedPacks.ascending
      self.unknown = unknown
    }
  }

  /// Condemned objects that may be deleted from here on.
  package struct Sweep: Hashable, Sendable {
    package let packs: [ObjectHash]
    package let segments: [ObjectHash]
    package let unknown: [UnknownField]

    package init(packs: [ObjectHash], segments: [ObjectHash], unknown: [UnknownField] = []) {
      self.packs = packs.ascending
      self.segments = segments.ascending
      self.unknown = unknown
    }
  }

  /// Who may write.
  package struct Policy: Hashable, Sendable {
    package let admitted: [PublicKey]
    package let revoked: [PublicKey]
    /// A reserved record, kept as it is; empty if there is none.
    package let retention: [UInt8]
    package let unknown: [UnknownField]

    package init(
      admitted: [PublicKey] = [], revoked: [PublicKey] = [], retention: [UInt8] = [],
      unknown: [UnknownField] = []
    ) {
      self.admitted = admitted.ascending
      self.revoked = revoked.ascending
      self.retention = retention
      self.unknown = unknown
    }
  }

  /// An action that somebody wants to be on record.
  package struct Access: Hashable, Sendable {
    package let action: UInt64
    /// Details, sealed to the readers; empty if there are none.
    package let note: [UInt8]
    package let unknown: [UnknownField]

    package init(action: UInt64, note: [UInt8] = [], unknown: [UnknownField] = []) {
      self.action = action
      self.note = note
      self.unknown = unknown
    }
  }
}

extension JournalBody {
  /// A commit entry.
  package static func commit(
    segments: [ObjectHash], rescued: [ObjectHash], isPartial: Bool, note: [UInt8], run: RunID
  ) -> JournalBody {
    .commit(
      Commit(
        segments: segments, rescuedPacks: rescued, isPartial: isPartial, note: note, run: run))
  }

  /// A tombstone entry.
  package static func tombstone(_ snapshots: [SnapshotID], reason: [UInt8] = []) -> JournalBody {
    .tombstone(Tombstone(snapshots: snapshots, reason: reason))
  }

  /// A revive entry.
  package static func revive(_ snapshots: [SnapshotID]) -> JournalBody {
    .revive(Revive(snapshots: snapshots))
  }

  /// An amend entry.
  package static func amend(_ snapshot: SnapshotID, note: [UInt8]) -> JournalBody {
    .amend(Amend(snapshot: snapshot, note: note))
  }

  /// A condemn entry.
  package static func condemn(
    packs: [ObjectHash], segments: [ObjectHash], newSegments: [ObjectHash],
    rescued: [ObjectHash]
  ) -> JournalBody {
    .condemn(
      Condemn(
        packs: packs, segments: segments, newSegments: newSegments, rescuedPacks: rescued))
  }

  /// A sweep entry.
  package static func sweep(packs: [ObjectHash], segments: [ObjectHash]) -> JournalBody {
    .sweep(Sweep(packs: packs, segments: segments))
  }
}

extension Array where Element: Comparable & Hashable {
  // The elements in order, each once, as lists of names stand in the format.
  fileprivate var ascending: [Element] {
    Set(self).sorted()
  }
}
