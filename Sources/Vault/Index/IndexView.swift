// A view of a repository whose index is damaged: through a private index of what its readable
// segments say and of what packs say themselves that no readable segment names.

import Storage

extension Vault {
  /// The repository as it would be after a rebuild of its index; nothing of it is changed.
  ///
  /// Packs that cannot tell what they hold are told to `unreadable` and left out.
  package func viewWithoutSegments(
    of packs: [(name: ObjectHash, size: Int)],
    unreadable: (VaultError) throws(VaultError) -> Void
  ) throws(VaultError) -> Vault {
    let index = try IndexCache.temporary(repository: repositoryID)
    let state = journal.state
    _ = try index.importSegments(state.namedSegments) { (name) throws(VaultError) in
      try unlessLost { () throws(VaultError) in try segment(name) }
    }
    var builder = SegmentBuilder()
    for pack in packs {
      if case .swept = state.packState(pack.name) { continue }
      do throws(VaultError) {
        builder.add(
          pack.name, size: pack.size,
          directory: try packReader.directory(of: pack.name, size: pack.size))
      } catch {
        guard error.isLoss else { throw error }
        try unreadable(error)
      }
      if builder.rowCount >= SegmentWriter.rowLimit {
        try add(builder, to: index)
        builder = SegmentBuilder()
      }
    }
    if !builder.isEmpty { try add(builder, to: index) }
    let swept = state.packs.filter { if case .swept = $0.value { true } else { false } }
    try index.setPackState(.swept, of: Array(swept.keys))
    return viewed(through: index)
  }

  private func add(_ builder: SegmentBuilder, to index: IndexCache) throws(VaultError) {
    let payload = builder.finish(epoch.indexKey)
    let segment: Segment
    do throws(Damage) { segment = try Segment(payload: payload) } catch {
      throw .verificationFailed("a segment made of packs \(error)")
    }
    try index.importSegment(Hash.name(of: payload), segment)
  }

  private func unlessLost<Result>(
    _ body: () throws(VaultError) -> Result
  ) throws(VaultError) -> Result? {
    do throws(VaultError) { return try body() } catch {
      guard error.isLoss else { throw error }
      return nil
    }
  }
}
