// `cat`: objects of a repository, decoded, and never a key.

import Testing

@testable import IgudarCLI

@Suite struct CatTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository("--pack-size", "4")
    try repository.sandbox.write("src/file", "grain")
    _ = try repository.backup("src")
  }

  private func cat(_ arguments: String...) throws -> JSON {
    try JSON(try repository.run(["cat", "--json"] + arguments).text)
  }

  private func names(_ folder: String) throws -> [String] {
    try repository.shell("find repo/\(folder) -type f | xargs -n1 basename").lines
  }

  @Test func theRepositoryIsDescribed() throws {
    let configuration = try cat("config")
    #expect(configuration["id"]?.text?.count == 32)
    #expect(configuration["version"] == .number(1))
    #expect(configuration["pack_size"] == .number(4_194_304))
    #expect(configuration["cipher"] == .text("xchacha20-poly1305"))
    #expect(configuration["chunker"]?["target"] == .number(131_072))
    try repository.igudar("-r", "nowhere", "cat", "config", code: 10)
  }

  @Test func snapshotAndEntryAgree() throws {
    let snapshot = try cat("snapshot", "latest")
    #expect(snapshot["hostname"] == .text("granary"))
    let number = try #require(snapshot["journal_entry"]?.number)
    let entry = try cat("journal", "\(Int(number))")
    #expect(entry["type"] == .text("commit"))
    #expect(entry["hash"] == snapshot["id"])
    #expect(entry["snapshot"]?["tree"] == snapshot["tree"])
    #expect(entry["segments"]?.count == 1)
    #expect(try cat("journal", "latest") == entry)
    #expect(try cat("journal", "0")["type"] == .text("policy"))
    try repository.igudar("tag", "--add", "barley", "latest")
    let amend = try cat("journal", "latest")
    #expect(amend["type"] == .text("amend"))
    #expect(amend["snapshot"] == snapshot["id"])
    #expect(amend["tags"] == .list([.text("barley")]))
    #expect(try cat("snapshot", "latest")["tags"] == .list([.text("barley")]))
  }

  @Test func packsSegmentsAndChunksLeadToEachOther() throws {
    let tree = try #require(try cat("snapshot", "latest")["tree"]?.text)
    let node = try cat("chunk", tree)
    #expect(node["type"] == .text("directory"))
    #expect(node["entries"]?[0]?["name"] == .text("src"))
    let file = try #require(node["entries"]?[0]?["children"]?[0])
    #expect(file["name"] == .text("file"))
    let chunk = try #require(file["extents"]?[0]?["chunk"]?.text)
    #expect(try repository.igudar("cat", "chunk", chunk).text == "grain")
    let segment = try cat("index", try names("index")[0])
    guard case .list(let rows) = segment["chunks"] else {
      Issue.record("no chunks")
      return
    }
    let ids = rows.compactMap { $0["id"]?.text }
    #expect(ids.contains(chunk))
    #expect(ids.contains(tree))
    let packs = try names("packs")
    #expect(segment["packs"]?.count == packs.count)
    let holders = try packs.filter { name in
      let pack = try cat("pack", String(name.prefix(20)))
      #expect(pack["name"] == .text(name))
      #expect(pack["standing"] == .text("live"))
      return pack["frames"]?[0]?["chunks"]?[0]?["id"] == .text(chunk)
    }
    #expect(holders.count == 1)
  }

  @Test func keysAreNeverPrinted() throws {
    for word in ["masterkey", "key"] {
      let outcome = try repository.igudar("cat", word, code: 6)
      #expect(outcome.errorText.contains("never printed"))
      #expect(outcome.output.isEmpty)
    }
    let keyring = try cat("keyring")
    #expect(keyring.keys == ["owner", "current_epoch", "current_domain", "epochs", "domains"])
    let epoch = try #require(keyring["epochs"]?[0])
    #expect(epoch.keys == ["number", "cipher", "reader", "can_read"])
    let domain = try #require(keyring["domains"]?[0])
    #expect(domain.keys == ["number", "chunker"])
  }

  @Test func peopleReadIndentedLines() throws {
    let text = try repository.igudar("cat", "config").text
    #expect(text.hasPrefix("{\n  \"version\": 1,\n  \"id\": \""))
    #expect(text.hasSuffix("\n  }\n}\n"))
    #expect(try JSON(text) == (try cat("config")))
  }

  @Test func damageIsExit5() throws {
    let pack = try names("packs")[0]
    try repository.shell("p=$(echo repo/packs/*/\(pack)); chmod u+w $p; truncate -s -1 $p")
    let outcome = try repository.igudar("cat", "pack", pack, code: 5)
    #expect(outcome.errorText.contains("packs/"))
  }

  @Test(arguments: [
    (["foo"], "'foo' is none of chunk, config, index, journal, keyring, pack, snapshot"),
    (["pack"], "say which pack"), (["config", "x"], "config takes no ID"),
    (["pack", "xyz"], "'xyz' is not the beginning of a hash"),
    (["journal", "7000"], "the journal ends with entry 1"),
    (["journal", "-1x"], "is not the number of a journal entry"),
    (["chunk", "abc"], "'abc' is not a chunk ID"),
    (["snapshot", "latest:src"], "cat takes whole snapshots"),
  ])
  func mistakesAreExplained(_ arguments: [String], _ message: String) throws {
    let outcome = try repository.run(["cat", "--"] + arguments, code: 1)
    #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
  }
}

@Suite struct JSONIndenterTests {
  @Test(arguments: 1...8)
  func piecesOfAnySizeGiveTheSame(_ size: Int) {
    let compact = Array(#"{"a":[],"b":{},"c":[1,{"d":"x,{\"[\\"}],"e":null}"#.utf8)
    var indenter = JSONIndenter()
    var result: [UInt8] = []
    for start in stride(from: 0, to: compact.count, by: size) {
      result += indenter.indented(Array(compact[start..<min(start + size, compact.count)]))
    }
    let expected = #"""
      {
        "a": [],
        "b": {},
        "c": [
          1,
          {
            "d": "x,{\"[\\"
          }
        ],
        "e": null
      }
      """#
    #expect(String(decoding: result, as: UTF8.self) == expected)
  }
}
