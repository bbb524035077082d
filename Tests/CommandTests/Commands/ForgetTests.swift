// `forget`, `pin`, `unpin`, `unforget`, `annotate`.

import Testing

@Suite struct ForgetTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.sandbox.write("src/one", "one")
    for day in ["01", "02", "03", "04", "05"] {
      var options = ["backup", "-q", "src", "--time", "2026-01-\(day) 23:30:00"]
      if day == "03" { options += ["--tag", "foo"] }
      try repository.run(options)
    }
  }

  private func days(_ options: String...) throws -> [String] {
    let outcome = try repository.run(["snapshots", "--json"] + options)
    guard case .list(let snapshots) = try JSON(outcome.text) else { return [] }
    return snapshots.compactMap { $0["time"]?.text.map { String($0.dropFirst(8).prefix(2)) } }
  }

  @Test func aPolicyForgetsTheRest() throws {
    let text = try repository.igudar("forget", "-d", "2", "--keep-tag", "foo").text
    #expect(
      text.hasPrefix(
        "Applying Policy: keep 2 daily snapshots and all snapshots with tags [[foo]]\n"))
    #expect(text.contains("time zone UTC\n"))
    #expect(text.contains("keep 3 snapshots:\n"))
    #expect(text.contains("has tags [foo]"))
    #expect(text.contains("remove 2 snapshots:\n"))
    #expect(text.hasSuffix("forgot 2 snapshots\n"))
    #expect(try days() == ["03", "04", "05"])
    #expect(try days("--forgotten") == ["01", "02"])
    let first = try #require(try repository.snapshots("--forgotten")[0]["id"]?.text)
    try repository.igudar("unforget", String(first.prefix(10)))
    #expect(try days() == ["01", "03", "04", "05"])
    let again = try repository.igudar("unforget", first, code: 1)
    #expect(again.errorText.contains("it is not forgotten, or prune has taken its data"))
  }

  @Test func objectsHaveResticsKeys() throws {
    let outcome = try repository.igudar("forget", "--keep-last", "2", "-n", "--json")
    let group = try #require(try JSON(outcome.text)[0])
    #expect(group.keys == ["tags", "host", "paths", "keep", "remove", "reasons"])
    #expect(group["tags"] == .null)
    #expect(group["host"] == .text("granary"))
    #expect(group["paths"] == .list([.text(repository.path("src"))]))
    #expect(group["keep"]?.count == 2)
    #expect(group["keep"]?[0]?["time"] == .text("2026-01-05T23:30:00Z"))
    #expect(group["remove"]?.count == 3)
    #expect(group["reasons"]?[0]?.keys == ["snapshot", "matches"])
    #expect(group["reasons"]?[0]?["matches"] == .list([.text("last snapshot")]))
    let all = try repository.igudar("forget", "--keep-last", "9", "--json", "-g", "")
    #expect(try JSON(all.text)[0]?["remove"] == .null)
    #expect(try JSON(all.text)[0]?["paths"] == .null)
    #expect(try days().count == 5)
    #expect(try repository.igudar("forget", "--json", "latest").text.isEmpty)
  }

  @Test func daysBeginInTheZone() throws {
    let text = try repository.igudar("forget", "-n", "-d", "1", "--tz", "+02:00").text
    #expect(text.contains("2026-01-06 01:30:00"))
    let wrong = try repository.igudar("forget", "-d", "1", "--tz", "Atlantis", code: 1)
    #expect(wrong.errorText.contains("--tz 'Atlantis': is no time zone"))
    let bad = try repository.igudar("forget", "-d", "1", environment: ["TZ": "Atlantis"], code: 1)
    #expect(bad.errorText.contains("Name one with --tz"))
    #expect(try days().count == 5)
  }

  @Test(
    arguments: [
      ([], 1, "no policy was specified, no snapshots will be removed"),
      (["--keep-daily", "0"], 1, "the policy keeps nothing"),
      (["--unsafe-allow-remove-all"], 1, "is not allowed unless"),
      (
        ["--keep-tag", "nothing"], 6, "the policy keeps none of the 5 snapshots for host [granary]"
      ),
      (["-l", "1", "--max-remove", "3"], 6, "4 of 5 snapshots would be forgotten, and at most 3"),
      (["-l", "1", "--max-remove", "79%"], 6, "at most 79% may be"),
      (["-l", "-2"], 1, "--keep-last '-2'"), (["--keep-within", "2w"], 1, "--keep-within '2w'"),
      (["-l", "1", "--max-remove", "some"], 1, "--max-remove 'some'"),
      (["-l", "1", "--keep-id", "feed"], 1, "no snapshot “feed”"),
      (["feed"], 1, "no snapshot “feed”"),
    ] as [([String], Int32, String)])
  func whatIsTooMuchIsRefused(_ options: [String], _ code: Int32, _ message: String) throws {
    let outcome = try repository.run(["forget"] + options, code: code)
    #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
    #expect(try days().count == 5)
  }

  @Test func allCanBeForgottenOnDemand() throws {
    try repository.igudar("forget", "-l", "1", "--max-remove", "80%")
    #expect(try days() == ["05"])
    try repository.igudar("forget", "--unsafe-allow-remove-all", "--host", "granary")
    #expect(try days() == [])
  }

  @Test func namedSnapshotsGoWhateverThePolicy() throws {
    let ids = try repository.snapshots().compactMap { $0["id"]?.text }
    let outcome = try repository.igudar("forget", ids[1], "latest", "feed", code: 3)
    #expect(outcome.errorText.contains("no snapshot “feed”"))
    #expect(try days() == ["01", "03", "04"])
    // Each is told once.
    let unknown = try repository.igudar("forget", "feed", "beef", code: 1).errorText
    for id in ["feed", "beef"] {
      #expect(unknown.ranges(of: "no snapshot “\(id)”").count == 1, "\(unknown)")
    }
  }

  @Test func pinnedSnapshotsStay() throws {
    let ids = try repository.snapshots().compactMap { $0["id"]?.text }
    try repository.igudar("pin", ids[0], "--reason", "tax", "--until", "2999-01-01")
    #expect(try repository.igudar("snapshots", "-c").text.contains("(pinned)"))
    #expect(
      try repository.igudar("snapshots").text.contains("pinned until 2999-01-01 00:00:00: tax"))
    #expect(
      try repository.snapshots()[0]["pin"]
        == (try JSON(#"{"reason":"tax","until":"2999-01-01T00:00:00Z"}"#)))
    let text = try repository.igudar("forget", "-l", "1").text
    #expect(text.contains("pinned"))
    #expect(try days() == ["01", "05"])
    let refused = try repository.igudar("forget", ids[0], code: 6)
    #expect(refused.errorText.contains("is pinned (tax)"))
    #expect(refused.errorText.contains("igudar unpin"))
    #expect(try days() == ["01", "05"])
    try repository.igudar("unpin", ids[0])
    #expect(try repository.igudar("unpin", ids[0]).text.contains("was not pinned"))
    try repository.igudar("forget", ids[0])
    #expect(try days() == ["05"])
    let late = try repository.igudar("pin", "latest", "--until", "2020-01-01", code: 1)
    #expect(late.errorText.contains("--until lies in the past"))
  }

  @Test func descriptionsAreShown() throws {
    try repository.igudar("annotate", "latest", "before the move")
    #expect(try repository.igudar("snapshots").text.contains("before the move"))
    #expect(try repository.snapshots()[4]["description"] == .text("before the move"))
    try repository.igudar("annotate", "latest", "")
    #expect(try repository.snapshots()[4]["description"] == nil)
  }

  @Test func policiesAreSimulatedWithoutARepository() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.igudar("forget", "--simulate", "400d", "-d", "7", "-m", "3")
    #expect(outcome.code == 0, "\(outcome.errorText)")
    #expect(outcome.text.hasPrefix("Simulating Policy: keep 7 daily, 3 monthly snapshots\n"))
    #expect(outcome.lines.contains { $0.hasPrefix("        1     1  20") })
    #expect(outcome.lines.contains { $0.hasPrefix("      400  ") })
    // An empty variable names none, as everywhere.
    let empty = try sandbox.igudar(
      "forget", "--simulate", "400d", "-d", "7", "-m", "3", environment: ["IGUDAR_REPOSITORY": ""])
    #expect(empty.code == 0 && empty.lines.count == outcome.lines.count, "\(empty.errorText)")
    let from = try repository.igudar("forget", "--simulate", "10d", "-y", "9", "--json")
    let groups = try JSON(from.text)
    #expect(groups.count == 1)
    #expect(groups[0]?["days"]?.count == 10)
    #expect(try days().count == 5)
  }
}
