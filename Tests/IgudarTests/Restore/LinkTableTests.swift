// Files with several names, more of them than a restore keeps in memory.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct LinkTableTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
  }

  private func entry(_ number: Int, links: UInt64) -> Entry {
    var entry = CraftedSnapshot.entry("n\(number)", .fifo)
    entry.inode = UInt64(number) + 1
    entry.hardLink = Entry.HardLink(device: 0, count: links)
    return entry
  }

  private func directory(_ parent: RestoreDirectory, _ name: String) -> RestoreDirectory {
    RestoreDirectory(
      CraftedSnapshot.entry(name, .directory(.none)), in: parent, open: nil, hasObstacle: false,
      patterns: nil)
  }

  @Test func whatLeftMemoryIsFoundAgainAsOftenAsTheFileHasNames() throws {
    let root = RestoreDirectory(root: nil, path: "out", entry: nil, patterns: nil)
    let folders = (0..<3).map { directory(directory(root, "f\($0)"), "deep") }
    var table = LinkTable(harvest.repository.vault.hasher, below: root.chain)
    let count = 9_000
    let outcomes: [LinkGroup.Outcome] = [
      .isThere, .lost(.notPermitted), .lost(.failed), .lost(.damaged),
    ]
    var pending: [LinkGroup] = []
    for number in 0..<count {
      let entry = entry(number, links: 3)
      #expect(try table.find(entry) == nil)
      let group = try #require(try table.begin(entry, in: folders[number % 3]))
      // Some files are not complete for a long time.
      if number % 2250 == 7 {
        pending.append(group)
      } else {
        #expect(group.settle(outcomes[number % 4]).isEmpty)
      }
    }
    for _ in 0..<2 {
      for number in 0..<count {
        let found = try #require(try table.find(entry(number, links: 3)))
        guard "\(found.path)" == "out/f\(number % 3)/deep/n\(number)" else {
          Issue.record("\(number) is \(found.path)")
          return
        }
        switch (found.outcome, outcomes[number % 4]) {
        case (nil, _): #expect(number % 2250 == 7)
        case (.isThere, .isThere), (.lost(.notPermitted), .lost(.notPermitted)),
          (.lost(.failed), .lost(.failed)), (.lost(.damaged), .lost(.damaged)):
          break
        default: Issue.record("\(number) came to another end")
        }
      }
    }
    #expect(pending.count == 4)
    // An inode number that is met again is another file.
    for number in 0..<count { #expect(try table.find(entry(number, links: 3)) == nil) }
  }

  @Test func stretchesComeBackWhetherTheyLeftMemoryOrNot() throws {
    for count in [0, 1, 4096, 4097, 9_000] {
      var list = StretchList()
      #expect(list.isEmpty)
      for number in 0..<UInt64(count) { try list.append(number * 10..<number * 10 + 5) }
      try list.append(1 << 40..<1 << 41)
      // What follows at once is one with it.
      try list.append(1 << 41..<1 << 42)
      #expect(!list.isEmpty)
      var found: [Range<UInt64>] = []
      while let stretch = try list.take() { found.append(stretch) }
      found.sort { $0.lowerBound < $1.lowerBound }
      let expected = (0..<UInt64(count)).map { $0 * 10..<$0 * 10 + 5 } + [1 << 40..<1 << 42]
      #expect(found == expected)
    }
  }

  /// More names than may wait for a file that is not complete before its batch is full.
  @Test func manyNamesOfAFileThatIsNotThereYetAreMade() throws {
    try harvest.shell(
      """
      cd src; echo x > a; mkdir b
      i=0; while test $i -lt 2500; do echo $i; i=$((i+1)); done | xargs -I{} ln a b/{}
      """)
    _ = try harvest.backup()
    try harvest.expectRestores(try #require(try harvest.repository.snapshots().last), "out")
  }
}
