// How the local index follows the journal.

extension IndexCache {
  /// Takes over what the journal says of packs: live, condemned or swept.
  package func followPackStates(of state: JournalState) throws(VaultError) {
    var changed: [PackStanding: [ObjectHash]] = [:]
    try forEachPack { (pack) throws(VaultError) in
      let standing = PackStanding(state.packState(pack.hash))
      if standing != pack.state { changed[standing, default: []].append(pack.hash) }
      return true
    }
    for (standing, names) in changed { try setPackState(standing, of: names) }
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
