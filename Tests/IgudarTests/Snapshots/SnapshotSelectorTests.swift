// Snapshots are found by ID, by a unique beginning and as `latest`, and filters mean what restic's
// mean.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct SnapshotSelectorTests {
  private func info(
    _ hex: String, at seconds: Int64, host: String = "a", tags: [String] = [],
    paths: [String] = ["/home"], isPartial: Bool = false, isForgotten: Bool = false
  ) throws -> SnapshotInfo {
    let root = Entry(
      name: Entry.rootName, kind: .directory(.nodes(TreeReference(level: 0, id: .zero))),
      mode: 0o755, uid: 0, gid: 0, mtime: Timestamp(seconds: 0, nanoseconds: 0))
    var snapshot = Snapshot(root: root, time: Timestamp(seconds: seconds, nanoseconds: 0))
    snapshot.host = Array(host.utf8)
    snapshot.tags = tags.map { Array($0.utf8) }
    snapshot.paths = paths.map { FilePath($0) }
    let id = try #require(SnapshotID(hex: hex + String(repeating: "0", count: 64 - hex.count)))
    return SnapshotInfo(
      id: id, number: UInt64(seconds), snapshot: snapshot, isPartial: isPartial,
      isForgotten: isForgotten)
  }

  private func list() throws -> [SnapshotInfo] {
    try [
      info("ab12", at: 30, tags: ["x", "y"]), info("ab34", at: 10), info("cd", at: 20, host: "b"),
      info("ef", at: 40, isPartial: true), info("12", at: 50, isForgotten: true),
    ]
  }

  private func find(
    _ text: String, _ filter: SnapshotFilter = SnapshotFilter(), forgotten: Bool = false
  ) throws -> String {
    let selector = try SnapshotSelector(parsing: Array(text.utf8))
    let found = try selector.resolve(among: list(), filter: filter, forgotten: forgotten)
    return String(found.id.hex.prefix(4))
  }

  @Test func beginningsOfIDsFindOneSnapshot() throws {
    #expect(try find("ab1") == "ab12")
    #expect(try find("AB3") == "ab34")
    #expect(try find("c") == "cd00")
    #expect(try find("ef") == "ef00")
    #expect(try find("ab12" + String(repeating: "0", count: 60)) == "ab12")
    #expect(try find("12", forgotten: true) == "1200")
    let forgotten = try list().suffix(1).map(\.id)
    #expect(throws: SelectorError.forgotten(forgotten)) { try find("12") }
    #expect(throws: SelectorError.notFound("0")) { try find("0") }
    let ids = try list().prefix(2).map(\.id)
    #expect(throws: SelectorError.ambiguous("ab", ids)) { try find("ab") }
    #expect(SelectorError.ambiguous("ab", ids).description.contains("ab120000, ab340000"))
  }

  @Test(arguments: ["", "xyz", "latest~", "latest~-1", "latest~x", "lates", ":/a", "ab:a\0b"])
  func otherTextsAreRefused(text: String) {
    #expect(throws: SelectorError.self) { try find(text) }
  }

  @Test func latestPassesOverWhatIsPartialOrForgotten() throws {
    #expect(try find("latest") == "ab12")
    #expect(try find("latest~1") == "cd00")
    #expect(try find("latest~2") == "ab34")
    #expect(throws: SelectorError.notFound("latest~3")) { try find("latest~3") }
    #expect(try find("latest", SnapshotFilter(hosts: [Array("b".utf8)])) == "cd00")
    #expect(throws: SelectorError.self) {
      try find("latest", SnapshotFilter(hosts: [Array("z".utf8)]))
    }
    #expect(try find("cd", SnapshotFilter(hosts: [Array("a".utf8)])) == "cd00")
  }

  @Test func whereAllArePartialThatIsSaid() throws {
    let partial = try [
      info("a1", at: 10, isPartial: true), info("a2", at: 20, isPartial: true),
      info("a3", at: 30, isPartial: true, isForgotten: true),
    ]
    let selector = try SnapshotSelector(parsing: Array("latest".utf8))
    let error = SelectorError.partial("latest", SnapshotFilter(), partial[1].id)
    #expect(throws: error) { try selector.resolve(among: partial) }
    #expect(error.description.contains("a2000000"))
    let others = SnapshotFilter(hosts: [Array("z".utf8)])
    #expect(throws: SelectorError.notFound("latest", others)) {
      try selector.resolve(among: partial, filter: others)
    }
    #expect(
      SelectorError.notFound("latest", others).description
        == "no snapshot “latest” among those of host z")
  }

  @Test func pathsStandBehindAColon() throws {
    func path(_ text: String) throws -> [String]? {
      try SnapshotSelector(parsing: Array(text.utf8)).path?.map(\.description)
    }
    #expect(try path("ab") == nil)
    #expect(try path("ab:") == nil)
    #expect(try path("ab:/") == [])
    #expect(try path("ab:/home//user/./x/../y/") == ["home", "user", "y"])
    #expect(try path("latest~1:a:b") == ["a:b"])
  }

  @Test func filtersJoinTagsOfOneListAndChooseBetweenLists() throws {
    func chosen(_ filter: SnapshotFilter) throws -> [String] {
      try list().prefix(3).filter { filter.matches($0) }.map { String($0.id.hex.prefix(4)) }
    }
    func tags(_ texts: String...) -> SnapshotFilter {
      SnapshotFilter(tagLists: texts.map { SnapshotFilter.tagList(parsing: Array($0.utf8)) })
    }
    #expect(try chosen(SnapshotFilter()) == ["ab12", "ab34", "cd00"])
    #expect(try chosen(tags("x")) == ["ab12"])
    #expect(try chosen(tags("x, y")) == ["ab12"])
    #expect(try chosen(tags("x,z")) == [])
    #expect(try chosen(tags("z", "y")) == ["ab12"])
    #expect(try chosen(tags("")) == ["ab34", "cd00"])
    #expect(try chosen(tags("", "x")) == ["ab12", "ab34", "cd00"])
    #expect(try chosen(SnapshotFilter(hosts: [[0x61], [0x62]])) == ["ab12", "ab34", "cd00"])
    #expect(try chosen(SnapshotFilter(paths: ["/home"])) == ["ab12", "ab34", "cd00"])
    #expect(try chosen(SnapshotFilter(paths: ["/home", "/etc"])) == [])
  }

  @Test func sortingIsByTimeThenByTheJournal() throws {
    let times = try list().shuffled().sortedByTime().map(\.time.seconds)
    #expect(times == [10, 20, 30, 40, 50])
  }
}
