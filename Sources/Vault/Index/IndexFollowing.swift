// How the local index follows the journal.

extension IndexCache {
  /// Takes over what the journal says of packs: live, condemned or swept.
  ///
  /// A pack that only segments speak of which do not count any more is as good as swept: whoever
  /// replaced them did not find it. What they say of other packs stays true.
  package func followPackStates(of state: JournalState) throws(VaultError) {
    let listed = try listedPacks(in: state)
    var changed: [PackStanding: [ObjectHash]] = [:]
    try forEachPack { (pack) throws(VaultError) in
      let standing =
        listed.contains(pack.number) ? PackStanding(state.packState(pack.hash)) : .swept
      if standing != pack.state { changed[standing, default: []].append(pack.hash) }
      return true
    }
    for (standing, names) in changed { try setPackState(standing, of: names) }
  }

  /// The imported segments, with the numbers of the packs that they speak of.
  package func segmentContents() throws(VaultError) -> [IndexedSegment] {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var segments: [IndexedSegment] = []
        try snapshot.forEach(tables.segments) { (key, stored) throws(LMDBError) in
          guard let value = CheckedValue.open(tables.segments, key, stored),
            key.count == 32, value.count >= 4, value.count % 4 == 0
          else { throw .corrupt("an imported segment") }
          let numbers = stride(from: 0, to: value.count, by: 4).map {
            UInt32(value.half($0)) | UInt32(value.half($0 + 2)) << 16
          }
          segments.append(
            IndexedSegment(
              name: ObjectHash(bytes: key), rowCount: Int(numbers[0]),
              packs: Array(numbers.dropFirst())))
        }
        return segments
      }
    }
  }

  /// The numbers of the packs that imported segments which count speak of.
  package func listedPacks(in state: JournalState) throws(VaultError) -> PackNumbers {
    var listed = PackNumbers()
    for segment in try segmentContents() where state.segmentState(segment.name) == .named {
      for number in segment.packs { listed.insert(number) }
    }
    return listed
  }

  /// Whether most of what is known here is of packs that the journal calls swept.
  package func isMostlySwept(in state: JournalState) throws(VaultError) -> Bool {
    var (swept, others): (UInt64, UInt64) = (0, 0)
    try forEachPack { (pack) throws(VaultError) in
      if state.isSwept(pack.hash) {
        swept += UInt64(pack.size)
      } else {
        others += UInt64(pack.size)
      }
      return true
    }
    return swept > others
  }

  /// Forgets what the journal calls swept: segments, packs and their rows.
  package func forgetSwept(in state: JournalState) throws(VaultError) {
    try dropPacks(sweptPacks(state))
    let segments = try sweptSegments(state)
    if !segments.isEmpty { try dropSegments(segments) }
  }

  /// What the last prune of this machine noted; nil for nothing.
  package func pruneNote() throws(VaultError) -> [UInt8]? {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        try snapshot.checked(tables.about, IndexKey.pruneNote)
      }
    }
  }

  /// Notes something for the next prune.
  package func setPruneNote(_ bytes: [UInt8]) throws(VaultError) {
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        try writer.putChecked(tables.about, IndexKey.pruneNote, bytes)
      }
    }
  }

  private func sweptPacks(_ state: JournalState) throws(VaultError) -> [ObjectHash] {
    var packs: [ObjectHash] = []
    try forEachPack { (pack) throws(VaultError) in
      if state.isSwept(pack.hash) { packs.append(pack.hash) }
      return true
    }
    return packs
  }

  private func sweptSegments(_ state: JournalState) throws(VaultError) -> [ObjectHash] {
    try segmentContents().map(\.name).filter { state.isSwept(segment: $0) }
  }
}

/// A segment as the index cache knows it.
package struct IndexedSegment: Sendable {
  package let name: ObjectHash
  package let rowCount: Int
  /// The numbers of its packs.
  package let packs: [UInt32]
}

extension PackStanding {
  fileprivate init(_ state: PackState) {
    switch state {
    case .live: self = .live
    case .condemned: self = .condemned
    case .swept: self = .swept
    }
  }
}
