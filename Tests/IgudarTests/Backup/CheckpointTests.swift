// Checkpoints: whatever the moment, what is saved so far is a whole tree, and the backup that goes
// on is none the worse for it.

import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

@Suite struct CheckpointTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
    try harvest.shell(
      """
      cd src; mkdir -p a/b/c d e/f; for i in 1 2 3 4 5; do echo $i > a/$i; echo $i > a/b/c/$i; done
      ln a/1 d/1; ln -s x d/link; head -c 20000000 /dev/urandom > d/large; echo z > e/f/z; echo z > z
      find . -depth -exec touch -h -d 2020-01-01 '{}' +
      """)
  }

  // Commits before every entry and within large files.
  private var anxious: BackupOptions {
    var options = BackupOptions()
    options.checkpointInterval = .zero
    options.ignoresCtime = true
    return options
  }

  @Test func aBackupWithManyCheckpointsIsWhole() throws {
    let summary = try harvest.backup(anxious)
    #expect(!summary.isPartial)
    let snapshots = try harvest.repository.snapshots()
    #expect(snapshots.map(\.id) == [summary.snapshot])
    #expect(!snapshots[0].isPartial)
    #expect(harvest.repository.vault.journal.state.commits.count > 30)
    try harvest.expectRestores(snapshots[0], "out")
  }

  @Test func unchangedFoldersAreTakenOverAcrossCheckpoints() throws {
    _ = try harvest.backup(anxious)
    let first = try harvest.repository.snapshots()[0]
    try harvest.shell("cd src; echo new > a/b/c/3")
    let second = try harvest.backup(anxious)
    #expect(second.counts.filesUnmodified == 14)
    #expect(second.counts.filesChanged == 1)
    let snapshots = try harvest.repository.snapshots()
    #expect(snapshots.count == 2)
    try harvest.expectRestores(snapshots[1], "out")
    let third = try harvest.backup(anxious)
    #expect(third.counts.dataChunksAdded == 0)
    #expect(first.id != third.snapshot)
  }

  // The machine dies after every file: what another client finds then must restore.
  @Test func whateverTheMomentOfACrashWhatIsSavedRestores() throws {
    let moments = Mutex<[MemoryStore]>([])
    var options = anxious
    options.tellsItems = true
    _ = try harvest.backup(options) {
      let copy = harvest.store.copy()
      copy.crash()
      moments.withLock { $0.append(copy) }
    }
    var restoredCount = 0
    for (index, store) in moments.withLock({ $0 }).enumerated() {
      let repository = try harvest.open(store)
      for (number, snapshot) in try repository.snapshots().enumerated() {
        let name = "part-\(index)-\(number)"
        guard
          let _ = try? repository.entry(
            at: harvest.folder.appending("src").components, in: snapshot)
        else { continue }
        try harvest.restore(snapshot, of: repository, to: name)
        restoredCount += 1
        try harvest.shell("test -z \"$(rsync -aAXnic \(name)/ src/ | tee /dev/stderr)\"")
      }
    }
    #expect(restoredCount > 10)
  }

  @Test func aCheckpointIsDueWhenItsTimeHasPassedSinceTheLastOne() {
    let start = ContinuousClock.now
    var pace = CheckpointPace(every: BackupOptions().checkpointInterval, from: start)
    let moments = (0...60).map { start + .seconds($0 * 60) }.filter { pace.isDue(at: $0) }
    #expect(moments == [14, 28, 42, 56].map { start + .seconds($0 * 60) })
    // A clock that was read late makes up for nothing.
    let late = [86_400, 86_400 + 839].map { start + .seconds($0) }
    #expect(late.map { pace.isDue(at: $0) } == [true, false])
  }
}
