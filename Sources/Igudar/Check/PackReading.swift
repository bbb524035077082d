// Reads packs with all cores and collects what is wrong in them.

import Platform
import Synchronization
import Vault

/// Verifies many packs.
struct PackReading: Sendable {
  private let vault: Vault
  private let jobs: Int
  private let progress: CheckProgress

  /// What came of it.
  struct Results: Sendable {
    var readCount = 0
    var findings: [(ObjectHash, [PackFinding])] = []
    /// Packs that were listed and are not there any more.
    var missing: [ObjectHash] = []
    var failure: VaultError?
  }

  init(vault: Vault, jobs: Int, progress: CheckProgress) {
    self.vault = vault
    self.jobs = jobs
    self.progress = progress
  }

  /// Reads all of these packs; stops early when the program is asked to.
  func read(_ packs: [StoredPack]) throws(VaultError) -> Results {
    guard !packs.isEmpty else { return Results() }
    let work = Channel<StoredPack>(capacity: 4)
    let results = Results.Box()
    let threads = (0..<min(jobs, packs.count)).map { index in
      Thread.start(name: "check \(index)") { verify(work, results) }
    }
    for pack in packs {
      if Interrupt.requested != 0 || results.hasFailed { break }
      _ = work.send(pack)
    }
    work.close()
    for thread in threads { thread.join() }
    let outcome = results.value
    if let failure = outcome.failure { throw failure }
    return outcome
  }

  private func verify(_ work: Channel<StoredPack>, _ results: Results.Box) {
    var verifier = PackVerifier(reader: vault.packReader, hasher: vault.hasher)
    while let pack = work.receive() {
      if Interrupt.requested != 0 { continue }
      do throws(VaultError) {
        if let verified = try verifier.add(pack.name, size: pack.size) { results.add(verified) }
      } catch {
        switch error {
        case .damaged(_, let damage):
          results.add(
            VerifiedPack(name: pack.name, findings: [PackFinding(damage: damage, chunks: [])]))
        case .missing: results.miss(pack.name)
        default: results.fail(error)
        }
      }
      progress.packs.add(1, ordering: .relaxed)
      progress.bytes.add(UInt64(pack.size), ordering: .relaxed)
    }
    if let verified = verifier.last() { results.add(verified) }
  }
}

extension PackReading.Results {
  /// Results that threads add to.
  final class Box: Sendable {
    private let state = Mutex(PackReading.Results())

    var value: PackReading.Results { state.withLock { $0 } }
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    func add(_ pack: VerifiedPack) {
      state.withLock {
        $0.readCount += 1
        if !pack.findings.isEmpty { $0.findings.append((pack.name, pack.findings)) }
      }
    }

    func miss(_ pack: ObjectHash) { state.withLock { $0.missing.append(pack) } }

    func fail(_ error: VaultError) {
      state.withLock { if $0.failure == nil { $0.failure = error } }
    }
  }
}
