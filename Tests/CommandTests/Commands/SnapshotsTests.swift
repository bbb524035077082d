// `snapshots` and `tag`.

import Testing

@Suite struct SnapshotsTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.sandbox.write("src/one", "one")
    try repository.sandbox.write("src/two", "two")
    for (path, day, host, tags) in [
      ("src/one", "01", "barn", "a"), ("src/two", "02", "barn", "a,b"),
      ("src/one", "03", "mill", ""), ("src/one", "04", "barn", "b"),
    ] {
      var options = ["backup", "-q", path, "-H", host, "--time", "2026-01-\(day) 12:00:00"]
      if !tags.isEmpty { options += ["--tag", tags] }
      try repository.run(options)
    }
  }

  private func days(_ options: String...) throws -> [String] {
    let outcome = try repository.run(["snapshots", "--json"] + options)
    guard case .list(let snapshots) = try JSON(outcome.text) else { return [] }
    return snapshots.compactMap { $0["time"]?.text.map { String($0.dropFirst(8).prefix(2)) } }
  }

  @Test func filtersChoose() throws {
    #expect(try days() == ["01", "02", "03", "04"])
    #expect(try days("--host", "barn") == ["01", "02", "04"])
    #expect(try days("--host", "barn", "-H", "mill") == ["01", "02", "03", "04"])
    #expect(try days("--tag", "a,b") == ["02"])
    #expect(try days("--tag", "a", "--tag", "b") == ["01", "02", "04"])
    #expect(try days("--tag", "") == ["03"])
    #expect(try days("--path", "src/two") == ["02"])
    #expect(try days("--path", repository.path("src/one"), "--host", "barn") == ["01", "04"])
    #expect(try days("--latest", "1") == ["02", "03", "04"])
    #expect(try days("latest") == ["04"])
    #expect(try days("latest~3", "latest") == ["01", "04"])
    #expect(try days("--host", "nobody") == [])
  }

  @Test func objectsHaveResticsKeys() throws {
    let snapshot = try #require(try repository.snapshots().first)
    let root: Set = ["uid", "gid"]
    #expect(
      snapshot.keys.subtracting(root) == [
        "time", "tree", "paths", "hostname", "username", "tags", "program_version", "summary", "id",
        "short_id",
      ])
    #expect(snapshot["time"] == .text("2026-01-01T12:00:00Z"))
    #expect(snapshot["id"]?.text?.count == 64)
    #expect(snapshot["tree"]?.text?.count == 64)
    #expect(snapshot["short_id"]?.text == snapshot["id"]?.text.map { String($0.prefix(8)) })
    #expect(snapshot["summary"]?["files_new"] == .number(1))
    #expect(snapshot["summary"]?["backup_start"] != nil)
  }

  @Test func groupsHaveResticsKeys() throws {
    let outcome = try repository.igudar("snapshots", "--json", "--group-by", "host,paths")
    let groups = try JSON(outcome.text)
    #expect(groups.count == 3)
    #expect(groups[0]?["group_key"]?["hostname"] == .text("barn"))
    #expect(groups[0]?["group_key"]?["paths"] == .list([.text(repository.path("src/one"))]))
    #expect(groups[0]?["group_key"]?["tags"] == .null)
    #expect(groups[0]?["snapshots"]?.count == 2)
    let latest = try JSON(
      try repository.igudar("snapshots", "--json", "-g", "host", "--latest", "1").text)
    #expect(latest.count == 2)
    #expect(latest[0]?["snapshots"]?.count == 1)
    let text = try repository.igudar("snapshots", "--group-by", "host").text
    #expect(text.contains("snapshots for (host [mill]):"))
    let wrong = try repository.igudar("snapshots", "--group-by", "size", code: 1)
    #expect(wrong.errorText.contains("--group-by 'size': must be host, paths or tags"))
  }

  @Test func peopleReadATable() throws {
    let lines = try repository.igudar("snapshots").lines
    #expect(lines.first?.hasPrefix("ID ") == true)
    #expect(lines.last == "4 snapshots")
    #expect(lines.contains { $0.contains("2026-01-01 12:00:00  barn  a     ") })
    #expect(try repository.igudar("snapshots", "--compact").lines.count == 8)
    #expect(try repository.igudar("snapshots", "-c").text.contains(" a,b "))
  }

  // MARK: Tags

  @Test func tagsAreAddedTakenAwayAndSet() throws {
    func tags() throws -> [JSON?] { try repository.snapshots().map { $0["tags"] } }
    let ids = try repository.snapshots().map { $0["id"] }
    try repository.igudar("tag", "--add", "new,a", "--host", "barn")
    let list = { (names: String...) in JSON.list(names.map { .text($0) }) }
    #expect(
      try tags() == [list("a", "new"), list("a", "b", "new"), nil, list("b", "new", "a")])
    try repository.igudar("tag", "--remove", "a,b", "latest")
    #expect(try tags()[3] == list("new"))
    try repository.igudar("tag", "--set", "only", "--tag", "a,b")
    #expect(try tags()[1] == list("only"))
    try repository.igudar("tag", "--set", "")
    #expect(try tags() == [nil, nil, nil, nil])
    #expect(try repository.snapshots().map { $0["id"] } == ids)
  }

  @Test func changesAreToldInJSON() throws {
    let outcome = try repository.igudar("tag", "--json", "--add", "x", "--host", "mill")
    let lines = try JSON.lines(outcome.text)
    #expect(lines.count == 2)
    #expect(lines[0].keys == ["message_type", "old_snapshot_id", "new_snapshot_id"])
    #expect(lines[0]["message_type"] == .text("changed"))
    #expect(lines[1]["changed_snapshots"] == .number(1))
    let again = try repository.igudar("tag", "--json", "--add", "x", "--host", "mill")
    #expect(try JSON(again.text)["changed_snapshots"] == .number(0))
  }

  @Test(arguments: [
    ([], "say what to change: --add, --remove or --set"),
    (["--add", "a", "--set", "b"], "--set and --add exclude each other"),
    (["--add", "a", "feed"], "no snapshot “feed”"),
  ])
  func mistakesAreExplained(_ options: [String], _ message: String) throws {
    let outcome = try repository.run(["tag"] + options, code: 1)
    #expect(outcome.errorText.contains(message))
  }
}
