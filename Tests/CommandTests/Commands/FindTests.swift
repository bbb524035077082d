// `find`: what is found in which snapshots, in restic's forms.

import Glibc
import Testing

@Suite struct FindCommandTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir -p a/b; printf one > a/one.txt; head -c 3000 /dev/zero > a/b/Two.txt
      ln -s one.txt a/link; touch -d '2020-02-03 04:05:06Z' a/one.txt
      """)
    _ = try repository.backup("src", "--host", "barn", "--tag", "first")
    try repository.shell("cd src; rm a/one.txt; printf 3 > a/three.txt")
    _ = try repository.backup("src", "--host", "mill")
  }

  private func find(_ arguments: String...) throws -> [String] {
    try repository.run(["find", "-q"] + arguments).lines
  }

  @Test func pathsAreFoundInAllSnapshots() throws {
    #expect(
      try find("*.txt") == [
        "/src/a/b/Two.txt", "/src/a/one.txt", "/src/a/b/Two.txt", "/src/a/three.txt",
      ])
    #expect(try find("two.txt").isEmpty)
    #expect(try find("-i", "two.txt", "-s", "latest") == ["/src/a/b/Two.txt"])
    #expect(try find("one.txt", "--tag", "first") == ["/src/a/one.txt"])
    #expect(try find("*.txt", "--host", "mill").count == 2)
    #expect(try find("-R", "three.txt", "one.txt") == ["/src/a/three.txt", "/src/a/one.txt"])
    #expect(try find("/a").isEmpty)
    #expect(try find("a/b", "-s", "latest") == ["/src/a/b", "/src/a/b/Two.txt"])
  }

  @Test func conditionsChoose() throws {
    #expect(try find("--type", "l", "-s", "latest") == ["/src/a/link"])
    #expect(try find("--type", "d,symlink", "a", "-s", "latest").count == 3)
    #expect(try find("--larger-than", "2k", "-s", "latest") == ["/src/a/b/Two.txt"])
    #expect(try find("--smaller-than", "3", "-s", "latest") == ["/src/a/three.txt"])
    #expect(try find("--newest", "2020-12-31", "*") == ["/src/a/one.txt"])
    #expect(try find("--older", "1y", "*.txt") == ["/src/a/one.txt"])
    #expect(try find("--newer", "1d", "*.txt", "-s", "latest~1") == ["/src/a/b/Two.txt"])
    let moment = "2020-02-03T04:05:06Z"
    #expect(try find("-O", moment, "-N", moment) == ["/src/a/one.txt"])
  }

  @Test func peopleSeeTheSnapshots() throws {
    let text = try repository.igudar("find", "-l", "one.txt", "three.txt").text
    let ids = try repository.snapshots().map { $0["short_id"]?.text ?? "" }
    let blocks = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(blocks.count == 6)
    #expect(blocks[0].hasPrefix("Found matching entries in snapshot \(ids[0]) from 20"))
    #expect(blocks[1].hasPrefix("-rw-r--r-- "))
    #expect(blocks[1].hasSuffix(" 2020-02-03 04:05:06 /src/a/one.txt"))
    #expect(blocks[2].isEmpty)
    #expect(blocks[3].hasPrefix("Found matching entries in snapshot \(ids[1]) from 20"))
  }

  @Test func jsonHasResticsKeys() throws {
    let ids = try repository.snapshots().map { $0["id"] }
    let found = try JSON(try repository.igudar("find", "--json", "*.txt", "link").text)
    #expect(found.count == 2)
    #expect(found[0]?["snapshot"] == ids[0])
    #expect(found[0]?["hits"] == .number(3))
    #expect(found[1]?["matches"]?.count == 3)
    let match = try #require(found[0]?["matches"]?[2])
    #expect(match["path"] == .text("/src/a/one.txt"))
    #expect(match["size"] == .number(3))
    #expect(match["links"] == .number(1))
    #expect(match["mtime"] == .text("2020-02-03T04:05:06Z"))
    #expect(found[0]?["matches"]?[1]?["linktarget"] == .text("one.txt"))
    #expect(try repository.igudar("find", "--json", "nothing").text == "[]\n")
  }

  @Test func usesOfChunksAndNodesAreFound() throws {
    let tree = try JSON(try repository.igudar("cat", "--json", "snapshot", "latest").text)["tree"]
    let root = try #require(tree?.text)
    let nodes = try JSON(try repository.igudar("find", "--json", "--tree", root).text)
    #expect(nodes.count == 1)
    #expect(nodes[0]?["path"] == .text("/"))
    #expect(nodes[0]?["object_type"] == .text("tree"))
    let packs = try repository.shell("ls repo/packs/*/* | xargs -n1 basename").lines
    var (paths, blob): (Set<String>, String?) = ([], nil)
    for pack in packs {
      guard
        case .list(let uses) = try JSON(
          try repository.igudar("find", "--json", "--pack", String(pack.prefix(12))).text)
      else { continue }
      for use in uses {
        paths.insert(use["path"]?.text ?? "")
        if use["path"] == .text("/src/a/b/Two.txt") { blob = use["id"]?.text }
      }
    }
    #expect(paths.isSuperset(of: ["/", "/src/a/b/Two.txt", "/src/a/one.txt", "/src/a/three.txt"]))
    let text = try repository.igudar("find", "--blob", String(try #require(blob).prefix(10))).lines
    #expect(text.count == 6)
    #expect(text[1] == " ... in file /src/a/b/Two.txt")
  }

  @Test func mistakesAreExplained() throws {
    #expect(
      try repository.igudar("find", code: 1).errorText.contains("say what to find"))
    #expect(
      try repository.igudar("find", "[", code: 1).errorText.contains("malformed pattern: “[”"))
    #expect(
      try repository.igudar("find", "x", "--newer", "soon", code: 1).errorText.contains(
        "--newer 'soon': is neither a time"))
    #expect(
      try repository.igudar("find", "x", "--type", "q", code: 1).errorText.contains("must be of f"))
    #expect(
      try repository.igudar("find", "--blob", "xy", code: 1).errorText.contains(
        "'xy' is not the beginning of an ID"))
  }
}
