// Condemning what a prune found not to be needed, without moving anything.

import Storage

extension Vault {
  /// Condemns packs and segments, and rescues condemned packs that turned out to be needed.
  ///
  /// `choose` sees the state before each attempt to append and names what no live snapshot needs.
  /// Where there is nothing to say nothing is appended.
  /// - Throws: `relianceLost` when a pack to be rescued was swept meanwhile.
  @discardableResult
  package func condemn(
    rescuing wanted: [ObjectHash],
    _ choose: (JournalState) throws(VaultError) -> (packs: [ObjectHash], segments: [ObjectHash])
  ) throws(VaultError) -> JournalEntry? {
    var reliance = Reliance(vault: self, own: RunObjects(), reused: wanted)
    return try journal.append { (state) throws(VaultError) in
      let (segments, rescued) = try reliance.settle(state)
      let condemned = try choose(state)
      guard !condemned.packs.isEmpty || !condemned.segments.isEmpty || !rescued.isEmpty else {
        return nil
      }
      return .condemn(
        packs: condemned.packs, segments: condemned.segments, newSegments: segments,
        rescued: rescued)
    }
  }

  /// Checks that the local index knows every segment that counts.
  ///
  /// - Throws: what is wrong with one that could not be read; whoever decides what is not needed
  ///   must know everything.
  package func requireWholeIndex(of state: JournalState) throws(VaultError) {
    for name in try unknownSegments(of: state) {
      _ = try segment(name)
      // The index may be ahead of this state, and not need it any more.
      guard journal.state.segmentState(name) == .named else {
        throw .missing(object: ObjectName.segment(name).description)
      }
      throw .cache("the index does not have index/\(name.hex) yet; run this again")
    }
  }
}
