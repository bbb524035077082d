// One file that many workers write at once: whoever finds it busy keeps what it has for later, and
// nothing of that may be lost or be written to another place.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct CrowdedFileTests {
  enum Target: CaseIterable {
    case nothing
    case otherVersion
    case otherVersionInPlace
  }

  @Test(arguments: Target.allCases)
  func allOfWhatWaitsIsWritten(into target: Target) throws {
    let harvest = try Harvest()
    // Pieces of known and of new content in turn, so that frames are met again and again.
    try harvest.shell(
      """
      head -c 60000000 /dev/urandom > src/1
      for n in $(seq 0 19); do tail -c +$((n * 3000000 + 1)) src/1 | head -c 1500000; done > src/2
      """)
    _ = try harvest.backup()
    let snapshot = try #require(try harvest.repository.snapshots().last)
    if target != .nothing {
      // Every other megabyte is another.
      try harvest.shell(
        """
        mkdir out; cp src/* out
        for f in 1 2; do for n in $(seq 0 2 28); do
        dd if=/dev/urandom of=out/$f bs=1000000 count=1 seek=$n conv=notrunc status=none; done; done
        """)
    }
    var options = RestoreOptions()
    options.jobs = 8
    options.patchesInPlace = target == .otherVersionInPlace
    let entry = try harvest.repository.entry(
      at: harvest.folder.appending("src").components, in: snapshot)
    let progress = RestoreProgress()
    let restore = Restore(
      entry, of: harvest.repository, to: harvest.folder.appending("out"), options: options)
    try restore.run(progress: progress) { event in
      if case .failed(let path, let message, _, _) = event { Issue.record("\(path): \(message)") }
    }
    try harvest.shell("cmp src/1 out/1; cmp src/2 out/2; test $(ls -A out | wc -l) = 2")
    if target == .nothing { #expect(progress.byteCount == 90_000_000) }
  }
}
