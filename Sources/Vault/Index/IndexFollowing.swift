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

  // The numbers of the packs that imported segments which count speak of.
  private func listedPacks(in state: JournalState) throws(VaultError) -> Set<UInt32> {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var listed: Set<UInt32> = []
        try snapshot.forEach(tables.segments) { (key, stored) throws(LMDBError) in
          guard let value = CheckedValue.open(tables.segments, key, stored),
            key.count == 32, value.count % 4 == 0
          else { throw .corrupt("an imported segment") }
          guard state.segmentState(ObjectHash(bytes: key)) == .named else { return }
          for offset in stride(from: 4, to: value.count, by: 4) {
            listed.insert(UInt32(value.half(offset)) | UInt32(value.half(offset + 2)) << 16)
          }
        }
        return listed
      }
    }
  }
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
