// Takes damaged packs out of a repository: what can still be proven of them is stored anew, the rest
// is given up, so that no backup relies on it and the next one stores it again where it still is.

import Platform
import Storage
package import Vault

/// What a repair of packs did.
public struct PackRepairReport: Sendable {
  /// Packs taken out.
  public internal(set) var packCount = 0
  /// Chunks of them that could be read, here or from other packs.
  public internal(set) var savedCount = 0
  /// Chunks that nothing gives any more.
  public internal(set) var lostCount = 0
}

/// Repairs packs of a repository.
public struct PackRepair: Sendable {
  private let repository: Repository
  private let packs: [ObjectHash]

  /// A repair that takes out these packs, whether they are damaged or missing.
  package init(_ packs: [ObjectHash], of repository: Repository) {
    self.repository = repository
    self.packs = Array(Set(packs)).sorted()
  }

  /// Stores anew what can be read of the packs, sweeps them and deletes them.
  ///
  /// - Throws: `selector` for a pack that neither the store nor the index knows; what stores throw.
  public func run() throws(RepositoryError) -> PackRepairReport {
    let vault = repository.vault
    var report = PackRepairReport()
    try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requirePrunable()
      try vault.prepareToWrite()
    }
    try requireKnown()
    try vaultErrors { () throws(VaultError) in
      var options = RunOptions()
      options.avoidedPacks = packs
      let run = try vault.begin(options)
      defer { run.abandon() }
      try save(run, &report)
      try run.replace(packs)
      // One that a backup rescued meanwhile stays.
      let swept = packs.filter { vault.journal.state.isSwept($0) }
      try vault.deleteSwept(packs: swept, segments: [])
      try vault.loadIndex()
    }
    return report
  }

  private func requireKnown() throws(RepositoryError) {
    for pack in packs {
      let isKnown = try vaultErrors { () throws(VaultError) in
        if try repository.vault.index.pack(named: pack) != nil { return true }
        do throws(VaultError) { _ = try repository.vault.size(of: .pack(pack)) } catch {
          guard error.isLoss else { throw error }
          if case .missing = error { return false }
        }
        return true
      }
      guard isKnown else { throw .selector("no pack \(pack.hex)") }
    }
  }

  private func save(_ run: Run, _ report: inout PackRepairReport) throws(VaultError) {
    let lane = try run.lane()
    let reader = try ChunkReader(vault: repository.vault)
    for pack in packs {
      for (id, kind) in try repository.vault.chunks(of: pack) {
        if Interrupt.requested != 0 { throw .interrupted }
        if try save(id, kind, reader, lane) {
          report.savedCount += 1
        } else {
          report.lostCount += 1
        }
      }
      report.packCount += 1
    }
    try lane.flush()
  }

  // False when none of the chunk's places gives it.
  private func save(
    _ id: ChunkID, _ kind: ChunkKind, _ reader: ChunkReader, _ lane: Lane
  ) throws(VaultError) -> Bool {
    let outcome: Result<Void, VaultError>
    do throws(VaultError) {
      outcome = try unsafe reader.withChunk(id, kind: kind) { bytes in
        do throws(VaultError) {
          _ = try unsafe lane.put(bytes, kind: kind)
          return .success(())
        } catch { return .failure(error) }
      }
    } catch {
      guard error.isLoss else { throw error }
      return false
    }
    try outcome.get()
    return true
  }
}
