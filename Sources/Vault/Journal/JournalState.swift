// What the journal says at one point of its history: a value, made by applying entries in order.
// Equal histories give equal states, whether they were read whole or from a summary on.
//
// The rules are those of FORMAT.md section 13. An entry that would make the state forget data that
// a live snapshot may need is refused as damage; one that merely comes too late is ignored.

/// A snapshot as the journal knows it.
package struct JournalCommit: Hashable, Sendable {
  package let id: SnapshotID
  package let number: UInt64
  /// When its writer says it wrote it, in nanoseconds since 1970.
  package let time: Int64
  package let writer: PublicKey
  package internal(set) var standing: Standing
  package let body: JournalBody.Commit

  /// Whether a commit counts, or which entry ended that.
  package enum Standing: Hashable, Sendable {
    case live
    /// A tombstone named it.
    case forgotten(by: UInt64)
    /// It was partial, and a later commit of its run took its place.
    case superseded(by: UInt64)
  }

  package var isLive: Bool { standing == .live }
  package var note: EntryNote {
    EntryNote(body.note, type: JournalBody.commitType, number: number)
  }
}

/// A change of a snapshot's tags, description or pin.
package struct JournalAmendment: Hashable, Sendable {
  /// The number of the entry that says it.
  package let number: UInt64
  package let body: JournalBody.Amend

  package var note: EntryNote {
    EntryNote(body.note, type: JournalBody.amendType, number: number)
  }
}

/// Whether a pack may be relied on.
package enum PackState: Hashable, Sendable {
  case live
  /// A prune found it not needed; who relies on it must rescue it.
  case condemned(by: UInt64)
  /// It may be gone from the store.
  case swept(by: UInt64)
}

/// Whether a segment counts.
package enum SegmentState: Hashable, Sendable {
  case named
  /// A prune replaced it. `wasNamed` is false if no entry had named it until then.
  case condemned(by: UInt64, wasNamed: Bool)
  /// It may be gone from the store.
  case swept(by: UInt64)
}

/// The number and the hash of an entry.
package struct JournalHead: Hashable, Sendable {
  package let number: UInt64
  package let hash: ObjectHash

  package init(number: UInt64, hash: ObjectHash) {
    self.number = number
    self.hash = hash
  }
}

/// The state of the journal after its entry `tail`.
package struct JournalState: Hashable, Sendable {
  /// The owner, who may always write and who alone writes policies and summaries.
  package let owner: PublicKey
  /// The last entry that was applied, nil at the very beginning.
  package internal(set) var tail: JournalHead?
  package internal(set) var newestSummary: UInt64?
  /// Writers admitted beside the owner.
  package internal(set) var writers: Set<PublicKey> = []
  /// Segments that any entry named or condemned.
  package internal(set) var segments: [ObjectHash: SegmentState] = [:]
  /// Packs that are not simply live.
  package internal(set) var packs: [ObjectHash: PackState] = [:]
  var commitTable: [SnapshotID: JournalCommit] = [:]
  var amendmentTable: [SnapshotID: [JournalAmendment]] = [:]
  // Times of the condemn entries whose objects are still condemned.
  var condemnTimes: [UInt64: Int64] = [:]
  // Live partial commits by their run: what a commit of the run supersedes.
  var checkpoints: [RunID: Set<SnapshotID>] = [:]

  /// The state before the first entry.
  package init(owner: PublicKey) {
    self.owner = owner
  }

  /// The number that the next entry will have.
  package var nextNumber: UInt64 { tail.map { $0.number + 1 } ?? 0 }

  /// Whether entries signed with this key count.
  package func admits(_ writer: PublicKey) -> Bool {
    writer == owner || writers.contains(writer)
  }

  /// The commit of a snapshot, whatever its standing; nil if unknown or swept.
  package func commit(_ id: SnapshotID) -> JournalCommit? { commitTable[id] }

  /// Whether a snapshot is live; false if unknown.
  package func isLive(_ id: SnapshotID) -> Bool { commitTable[id]?.isLive ?? false }

  /// All commits that are not swept, in the order of the journal.
  package var commits: [JournalCommit] {
    commitTable.values.sorted { $0.number < $1.number }
  }

  /// The live commits, partial ones included, in the order of the journal.
  package var liveCommits: [JournalCommit] { commits.filter(\.isLive) }

  /// The amendments of a snapshot, oldest first; each replaces what its flags say.
  package func amendments(of id: SnapshotID) -> [JournalAmendment] { amendmentTable[id] ?? [] }

  /// Whether a pack may be relied on.
  package func packState(_ name: ObjectHash) -> PackState { packs[name] ?? .live }

  /// Whether a pack may be gone from the store.
  package func isSwept(_ pack: ObjectHash) -> Bool {
    if case .swept = packs[pack] { true } else { false }
  }

  /// Whether a segment is condemned and not swept.
  package func isCondemned(segment: ObjectHash) -> Bool {
    if case .condemned = segments[segment] { true } else { false }
  }

  /// Whether a segment may be gone from the store.
  package func isSwept(segment: ObjectHash) -> Bool {
    if case .swept = segments[segment] { true } else { false }
  }

  /// Whether a pack is condemned and not swept.
  package func isCondemned(_ pack: ObjectHash) -> Bool {
    if case .condemned = packs[pack] { true } else { false }
  }

  /// Whether a segment counts; nil if no entry ever named or condemned it.
  package func segmentState(_ name: ObjectHash) -> SegmentState? { segments[name] }

  /// The segments that count, ascending.
  package var namedSegments: [ObjectHash] {
    segments.filter { $0.value == .named }.keys.sorted()
  }

  /// The condemned packs, ascending, with the number of the entry that condemned each.
  package var condemnedPacks: [(name: ObjectHash, by: UInt64)] {
    packs.compactMap { name, state in
      if case .condemned(let by) = state { (name, by) } else { nil }
    }.sorted { $0.name < $1.name }
  }

  /// The condemned segments, ascending, with the number of the entry that condemned each.
  package var condemnedSegments: [(name: ObjectHash, by: UInt64)] {
    segments.compactMap { name, state in
      if case .condemned(let by, _) = state { (name, by) } else { nil }
    }.sorted { $0.name < $1.name }
  }

  /// When a condemn entry was written, in nanoseconds since 1970, as its writer says; nil unless
  /// something that it condemned still is.
  package func condemnTime(_ number: UInt64) -> Int64? { condemnTimes[number] }
}
