// `ls`: what is listed, and in which form.

import Glibc
import Igudar
import Platform
import Testing

@testable import IgudarCLI

@Suite struct ListTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir -p a/b c; printf one > a/one; printf twotwo > a/b/two; ln -s one a/link
      mkfifo c/pipe; printf x > top; chmod 4751 top; chmod 1777 c
      find . -exec touch -h -d '2020-02-03T04:05:06.5Z' '{}' +
      """)
    _ = try repository.backup("src")
  }

  private static let all = [
    "/src", "/src/a", "/src/a/b", "/src/a/b/two", "/src/a/link", "/src/a/one", "/src/c",
    "/src/c/pipe", "/src/top",
  ]

  private func paths(_ arguments: String...) throws -> [String] {
    try repository.run(["ls", "-q"] + arguments).lines
  }

  @Test func everythingIsListedInOrder() throws {
    #expect(try paths("latest") == Self.all)
    #expect(try paths("latest:src/a") == ["/b", "/b/two", "/link", "/one"])
    #expect(try paths("latest:/src/a/one") == ["/one"])
  }

  @Test func foldersChooseWhatIsDirectlyInThem() throws {
    #expect(try paths("latest", "/src/a") == ["/src/a", "/src/a/b", "/src/a/link", "/src/a/one"])
    #expect(
      try paths("latest", "/src/c", "/src/a/b/") == [
        "/src/a/b", "/src/a/b/two", "/src/c", "/src/c/pipe",
      ])
    #expect(try paths("latest", "/src/a", "--recursive") == Array(Self.all[1...5]))
    #expect(try paths("latest", "/src/a/one") == ["/src/a/one"])
    #expect(try paths("latest", "/", "--recursive") == Self.all)
    #expect(try paths("latest:src", "/a/b") == ["/a/b", "/a/b/two"])
  }

  @Test func theOrderIsChosen() throws {
    try repository.shell(
      """
      mkdir order; cd order; printf 333 > b.c; printf 1 > c.a; printf 22 > a; printf 22 > d.b
      touch -d 1960-01-01 d.b; touch -d 2000-01-01 a; touch -d 2000-01-01T00:00:00.5 c.a
      touch -d 2030-01-01 b.c
      """)
    _ = try repository.backup("order")
    for (order, names) in [
      ("name", "a b.c c.a d.b"), ("size", "c.a a d.b b.c"), ("time", "d.b a c.a b.c"),
      ("mtime", "d.b a c.a b.c"), ("atime", "d.b a c.a b.c"), ("extension", "a c.a d.b b.c"),
    ] {
      let paths = names.split(separator: " ").map { "/\($0)" }
      #expect(try self.paths("latest:order", "--sort", order) == paths, "\(order)")
      #expect(try self.paths("latest:order", "-s", order, "--reverse") == paths.reversed())
    }
    #expect(try paths("latest~1", "--reverse") == Self.all.reversed())
    #expect(try paths("latest~1", "/src/a", "--sort", "size").last == "/src/a/one")
    let json = try repository.igudar("ls", "--json", "latest:order", "--sort", "size")
    let sizes = try JSON.lines(json.text).dropFirst().map { $0["size"]?.number }
    #expect(sizes == [1, 2, 2, 3])
    for (options, text) in [
      (["--sort", "shape"], "must be one of name, size"), (["--ncdu", "--reverse"], "--ncdu"),
    ] {
      let outcome = try repository.run(["ls", "latest"] + options, code: 1)
      #expect(outcome.errorText.contains(text))
    }
  }

  @Test func manyEntriesAreSortedInAFile() throws {
    try repository.shell(
      "mkdir many; cd many; i=0; while [ $i -lt 5000 ]; do : > file-$i.$((i * 7 % 5000)); i=$((i + 1)); done"
    )
    _ = try repository.backup("many")
    let paths = try paths("latest:many", "--sort", "extension")
    #expect(paths.count == 5000)
    let suffixes = paths.map { String($0.split(separator: ".")[1]) }
    #expect(suffixes == suffixes.sorted())
    #expect(try self.paths("latest:many", "--sort", "extension", "--reverse") == paths.reversed())
  }

  @Test func theSnapshotIsNamedFirst() throws {
    let lines = try repository.igudar("ls", "latest", "/src/c").lines
    #expect(lines.count == 3)
    let id = try repository.snapshots()[0]["short_id"]?.text ?? ""
    #expect(lines[0].hasPrefix("snapshot \(id) of [\(repository.path("src"))] at "))
    #expect(lines[0].hasSuffix("@granary filtered by [/src/c]:"))
  }

  @Test func longLinesSayWhatResticsDo() throws {
    let lines = try paths("-l", "latest:src")
    let (uid, gid) = (getuid(), getgid())
    func line(_ mode: String, _ size: Int, _ rest: String) -> String {
      let owner = "\(aligned(uid, 5)) \(aligned(gid, 5)) \(aligned(size, 6))"
      return "\(mode) \(owner) 2020-02-03 04:05:06 \(rest)"
    }
    #expect(lines.first == line("drwxr-xr-x", 0, "/a"))
    #expect(lines.contains(line("Lrwxrwxrwx", 0, "/a/link -> one")))
    #expect(lines.contains(line("-rw-r--r--", 6, "/a/b/two")))
    #expect(lines.contains(line("dtrwxrwxrwx", 0, "/c")))
    #expect(lines.contains(line("prw-r--r--", 0, "/c/pipe")))
    #expect(lines.last == line("urwxr-x--x", 1, "/top"))
    let human = try paths("-l", "--human-readable", "latest", "/src/a/b/two")
    #expect(human.first?.contains(" 6 B 2020-02-03 ") == true)
  }

  private func aligned(_ number: some BinaryInteger, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
  }

  @Test func nodesHaveResticsKeys() throws {
    let lines = try JSON.lines(try repository.igudar("ls", "--json", "latest").text)
    #expect(lines.count == 1 + Self.all.count)
    let snapshot = lines[0]
    #expect(snapshot["message_type"] == .text("snapshot"))
    #expect(snapshot["struct_type"] == .text("snapshot"))
    #expect(snapshot["id"]?.text?.count == 64)
    #expect(snapshot["hostname"] == .text("granary"))
    #expect(lines.dropFirst().map { $0["path"]?.text } == Self.all)
    let top = lines[lines.count - 1]
    #expect(
      top.keys == [
        "message_type", "struct_type", "name", "type", "path", "uid", "gid", "size", "mode",
        "permissions", "mtime", "atime", "ctime", "inode",
      ])
    #expect(top["message_type"] == .text("node"))
    #expect(top["name"] == .text("top"))
    #expect(top["type"] == .text("file"))
    #expect(top["size"] == .number(1))
    #expect(top["mode"] == .number(Double(1 << 23 | 0o751)))
    #expect(top["permissions"] == .text("urwxr-x--x"))
    #expect(top["mtime"] == .text("2020-02-03T04:05:06.5Z"))
    #expect(top["uid"] == .number(Double(getuid())))
    let folder = lines[2]
    #expect(folder["type"] == .text("dir"))
    #expect(folder["size"] == nil)
    #expect(folder["mode"] == .number(Double(1 << 31 | 0o755)))
  }

  @Test func namesOfAnyBytesAreShownSafely() throws {
    try repository.shell(
      #"cd src; : > "$(printf 'bad-\377')"; : > "$(printf 'esc-\033[2J')""#)
    _ = try repository.backup("src")
    let lines = try paths("latest")
    #expect(lines.contains(#"/src/bad-\xff"#))
    #expect(lines.contains(#"/src/esc-\x1b[2J"#))
    let nodes = try JSON.lines(try repository.igudar("ls", "--json", "latest").text)
    let bad = try #require(nodes.first { $0["name_base64"] != nil })
    #expect(bad["name_base64"] == .text("YmFkLf8="))
    #expect(nodes.contains { $0["name"] == .text("esc-\u{1B}[2J") })
  }

  @Test func mistakesAreExplained() throws {
    let missing = try repository.igudar("ls", "latest", "/src/gone", code: 1)
    #expect(missing.errorText.contains("has no “/src/gone”"))
    let relative = try repository.igudar("ls", "latest", "src/gone", code: 1)
    #expect(relative.errorText.contains("has no “/src/gone”"))
    #expect(
      try repository.igudar("ls", "latest", "src").text
        == (try repository.igudar("ls", "latest", "/src").text))
    let nothing = try repository.igudar("ls", code: 1)
    #expect(nothing.errorText.contains("an argument is missing"))
    let part = try repository.igudar("ls", "latest:gone", code: 1)
    #expect(part.errorText.contains("has no “/gone”"))
  }

  @Test func aReaderThatLeavesEndsIt() throws {
    let script = "\(Program.path) ls latest | head -2"
    let outcome = try repository.shell(script)
    #expect(outcome.lines.count == 2)
    #expect(outcome.errors.isEmpty)
  }

  @Test func aLostFolderIsNamedAndTheRestIsListed() throws {
    let many = "cd src/a/b; i=0; while [ $i -lt 400 ]; do : > $i; i=$((i + 1)); done"
    try repository.shell(many)
    _ = try repository.backup("src")
    // The folder is a node of its own now; the packs of the first snapshot hold the rest.
    try repository.shell("touch src/zz")
    _ = try repository.backup("src")
    let whole = try paths("latest")
    #expect(whole.count == Self.all.count + 401)
    let node = try #require(try chunk(of: "b"))
    let packs = try repository.shell("ls repo/packs/*/* | xargs -n1 basename").lines
    let pack = try #require(
      try packs.first { name in
        try repository.igudar("cat", "--json", "pack", name).text.contains(node)
      })
    try repository.shell("rm repo/packs/*/\(pack)")
    let outcome = try repository.igudar("ls", "latest", code: 5)
    #expect(outcome.errorText.contains("/src/a/b: cannot be listed: packs/"))
    #expect(outcome.lines.last == "/src/zz")
  }

  // The ID of the node of a folder that stands in one of its own.
  private func chunk(of name: String) throws -> String? {
    let tree = try JSON(try repository.igudar("cat", "--json", "snapshot", "latest").text)["tree"]
    let root = try JSON(try repository.igudar("cat", "--json", "chunk", tree?.text ?? "").text)
    var waiting: [JSON] = [root]
    while let object = waiting.popLast() {
      if object["name"] == .text(name) { return object["children"]?["id"]?.text }
      for key in ["entries", "children"] {
        if case .list(let below) = object[key] { waiting += below }
      }
    }
    return nil
  }
}

@Suite struct ListPartTests {
  @Test(
    arguments: [
      (EntryType.file, 0o644, 0o644, "-rw-r--r--"),
      (.directory, 0o1777, 1 << 31 | 1 << 20 | 0o777, "dtrwxrwxrwx"),
      (.symbolicLink, 0o777, 1 << 27 | 0o777, "Lrwxrwxrwx"),
      (.characterDevice, 0o600, 1 << 26 | 1 << 21 | 0o600, "Dcrw-------"),
      (.blockDevice, 0o660, 1 << 26 | 0o660, "Drw-rw----"),
      (.fifo, 0o644, 1 << 25 | 0o644, "prw-r--r--"),
      (.socket, 0o755, 1 << 24 | 0o755, "Srwxr-xr-x"),
      (.file, 0o6711, 1 << 23 | 1 << 22 | 0o711, "ugrwx--x--x"),
    ] as [(EntryType, UInt16, UInt32, String)])
  func modesAreGos(_ type: EntryType, _ mode: UInt16, _ bits: UInt32, _ text: String) {
    let go = GoFileMode(type, mode: mode)
    #expect(go.bits == bits)
    #expect(go.text == text)
  }

  @Test func foldersAreNotConfusedWithLongerNames() {
    var choice = ListedFolders(["/a/b"], recursive: false)
    #expect(choice.judge("/a").isListed == false)
    #expect(choice.judge("/a").isEntered)
    #expect(choice.judge("/a/bc").isListed == false)
    #expect(choice.judge("/a/bc").isEntered == false)
    #expect(choice.missing == "/a/b")
    #expect(choice.judge("/a/b").isEntered)
    #expect(choice.judge("/a/b/c").isListed)
    #expect(choice.judge("/a/b/c").isEntered == false)
    #expect(choice.missing == nil)
  }
}
