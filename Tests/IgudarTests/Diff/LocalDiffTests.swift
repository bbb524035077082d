// A comparison with this machine where the snapshot is damaged.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct LocalDiffTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
  }

  @Test func aFileOfUnknownContentIsNamedAndTheRestOfItsFolderCompared() throws {
    let crafted = try CraftedSnapshot(in: harvest)
    // A list of what is in the file that nobody stored.
    let gone = Content.nodes(TreeReference(level: 0, id: ChunkID.zero))
    let content = Content.inline([.chunk(try crafted.chunk([7, 7]), length: 2)])
    let files = [("a", content), ("lost", gone), ("x", content), ("y", content)].map {
      (name, content) in
      CraftedSnapshot.entry(name, .file(Entry.File(size: 2, content: content)))
    }
    let snapshot = try crafted.commit(crafted.folder(files))
    try harvest.shell(
      "cd src; printf '\\007\\007' | tee a lost y > /dev/null; printf ab > x; echo > z")
    var unreadable: [FilePath] = []
    var found: [FilePath] = []
    let repository = try harvest.open(harvest.store)
    try LocalDiff(repository, options: LocalDiffOptions()).run(
      from: snapshot.snapshot.root, to: harvest.folder.appending("src"),
      unreadable: { path, _ in unreadable.append(path) },
      unreadableSource: { Issue.record("\($0): \($1)") },
      found: { difference in
        if difference.change.contains(.content) || difference.change.isEmpty {
          found.append(difference.path)
        }
        return true
      })
    #expect(unreadable == ["/lost"])
    #expect(found.contains("/x") && found.contains("/z"))
    #expect(!found.contains("/a") && !found.contains("/y"))
  }
}
