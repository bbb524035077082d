// Members in any order give the tree that extracting them one after the other gives.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct ImportTreeTests {
  /// A file system as dictionaries: what is at a path, and which file it is a name of.
  private struct Model {
    var files: [[UInt8]: Int] = [:]
    var directories: [[UInt8]: UInt16] = [:]
    var modes: [Int: UInt16] = [:]

    private func parents(_ path: [UInt8]) -> [[UInt8]] {
      path.indices.filter { path[$0] == 0x2f }.map { Array(path[..<$0]) }
    }

    mutating func way(to path: [UInt8]) -> Bool {
      for parent in parents(path) {
        if files[parent] != nil { return false }
        if directories[parent] == nil { directories[parent] = 0o755 }
      }
      return true
    }

    private func isFull(_ path: [UInt8]) -> Bool {
      let below = path + [0x2f]
      return files.keys.contains { $0.starts(with: below) }
        || directories.keys.contains { $0.starts(with: below) }
    }

    mutating func put(_ path: [UInt8], isDirectory: Bool, mode: UInt16) {
      guard way(to: path) else { return }
      if isDirectory {
        files[path] = nil
        directories[path] = mode
      } else if !(directories[path] != nil && isFull(path)) {
        directories[path] = nil
        files[path] = modes.count
        modes[modes.count] = mode
      }
    }

    mutating func link(_ path: [UInt8], to target: [UInt8]) {
      guard let file = files[target], way(to: path) else { return }
      guard !(directories[path] != nil && isFull(path)) else { return }
      directories[path] = nil
      files[path] = file
    }

    var text: [String] {
      var lines: [String] = []
      for (path, mode) in directories { lines.append("\(printable(path)) d\(mode)") }
      for (path, file) in files {
        let names = files.filter { $0.value == file }.keys.map { printable($0) }.sorted()
        lines.append("\(printable(path)) f\(modes[file] ?? 0) \(names.joined(separator: ","))")
      }
      return lines.sorted()
    }
  }

  private func text(of tree: ImportTree) throws -> [String] {
    var (lines, way): ([String], [FileName]) = ([], [])
    var groups: [UInt64: [String]] = [:]
    var found: [(path: String, entry: Entry)] = []
    var last: [[UInt8]] = [[]]
    try tree.walk { step in
      func path(_ name: FileName) -> String {
        printable(Array((way + [name]).map(\.bytes).joined(separator: [0x2f])))
      }
      switch step {
      case .enter(let entry):
        #expect(last[last.count - 1].lexicographicallyPrecedes(entry.name.bytes))
        last[last.count - 1] = entry.name.bytes
        last.append([])
        lines.append("\(path(entry.name)) d\(entry.mode)")
        way.append(entry.name)
      case .leave:
        way.removeLast()
        last.removeLast()
      case .entry(let entry):
        #expect(last[last.count - 1].lexicographicallyPrecedes(entry.name.bytes))
        last[last.count - 1] = entry.name.bytes
        found.append((path(entry.name), entry))
        if entry.hardLink != nil { groups[entry.inode, default: []].append(path(entry.name)) }
      }
    }
    #expect(way.isEmpty)
    for (path, entry) in found {
      let names = entry.hardLink == nil ? [path] : (groups[entry.inode] ?? []).sorted()
      #expect(entry.hardLink.map { Int($0.count) == names.count } ?? true)
      lines.append("\(path) f\(entry.mode) \(names.joined(separator: ","))")
    }
    return lines.sorted()
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func theTreeIsTheOneThatExtractingGives(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let tree = ImportTree(implied: entry(.directory(.none), 0o755))
    var model = Model()
    let names = ["a", "a.b", "b", "c"]
    func path() -> String {
      (0...random.number(below: 3)).map { _ in names[random.number(below: 4)] }
        .joined(separator: "/")
    }
    for step in 0..<60 {
      let (target, mode) = (path(), UInt16(step))
      let components = FilePath(target).components
      if random.chance(30) {
        let source = path()
        _ = try tree.link(components, to: FilePath(source).components)
        model.link(Array(target.utf8), to: Array(source.utf8))
      } else {
        let isDirectory = random.chance(30)
        _ = try tree.put(entry(isDirectory ? .directory(.none) : .fifo, mode), at: components)
        model.put(Array(target.utf8), isDirectory: isDirectory, mode: mode)
      }
    }
    #expect(try text(of: tree) == model.text, "seed \(seed)")
  }

  private func entry(_ kind: Entry.Kind, _ mode: UInt16) -> Entry {
    Entry(
      name: Entry.rootName, kind: kind, mode: mode, uid: 0, gid: 0, mtime: Timestamp(seconds: 0))
  }

  @Test func obstaclesAreNamed() throws {
    let tree = ImportTree(implied: entry(.directory(.none), 0o755))
    func components(_ path: String) -> [FileName] { FilePath(path).components }
    _ = try tree.put(entry(.fifo, 1), at: components("a/file"))
    guard
      case .notDirectory("a/file")? = try tree.put(entry(.fifo, 2), at: components("a/file/b/c"))
    else { throw VaultError.limit("a file is no folder") }
    guard case .directoryInTheWay? = try tree.put(entry(.fifo, 3), at: components("a")) else {
      throw VaultError.limit("a full folder stays")
    }
    #expect(try tree.link(components("x"), to: components("gone")).isThere == false)
    #expect(try tree.link(components("x"), to: components("a")).isThere == false)
  }
}

@Suite struct TemporaryMapTests {
  @Test func valuesAreKeptInOrderAlsoWhenTheyLeaveMemory() throws {
    var random = SeededGenerator(seed: 5)
    let map = TemporaryMap(memoryLimit: 4096)
    var model: [[UInt8]: [UInt8]] = [:]
    for _ in 0..<3000 {
      let key = random.bytes(1 + random.number(below: 2))
      let value = random.bytes(random.number(below: 40))
      try map.set(key, to: value)
      model[key] = value
      let other = random.bytes(1)
      #expect(try map.get(other) == model[other])
    }
    var key: [UInt8] = [0]
    for (expected, value) in model.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let found = try #require(try map.first(from: key))
      #expect(found.key == expected && found.value == value)
      key = expected + [0]
    }
    #expect(try map.first(from: key) == nil)
  }
}

@Suite struct PosixACLTests {
  // What `setfacl -m u:1234:rw,g:77:r` on a file of mode 640 writes.
  private static let value: [UInt8] = [
    2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 210, 4, 0, 0, 4, 0, 4, 0, 255, 255, 255,
    255, 8, 0, 4, 0, 77, 0, 0, 0, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
  ]

  @Test func listsAreReadAndWrittenAsTheKernelDoes() throws {
    let list = try #require(PosixACL(Self.value))
    #expect(list.entries.map(\.tag) == [.owner, .user, .owningGroup, .group, .mask, .others])
    #expect(list.entries.map(\.permissions) == [6, 6, 4, 4, 6, 0])
    #expect(list.entries[1].id == 1234)
    #expect(list.bytes == Self.value)
    #expect(PosixACL(list.entries.reversed()).bytes == Self.value)
    #expect(list.mode(over: 0o4000) == 0o4660)
  }

  @Test(arguments: 0..<value.count)
  func whatIsCutOffIsNoList(_ count: Int) {
    let list = PosixACL(Array(Self.value.prefix(count)))
    #expect((list == nil) == (count % 8 != 4 || count == 4))
  }

  @Test func otherVersionsTagsAndPermissionsAreNoList() {
    for (index, byte) in [(0, 1), (4, 3), (6, 8), (5, 1)] as [(Int, UInt8)] {
      var value = Self.value
      value[index] = byte
      #expect(PosixACL(value) == nil)
    }
  }
}

@Suite struct ArchiveTimeTests {
  @Test(
    arguments: [
      (0, 0), (5, 1), (-5, 0), (-5, 123_456_789), (-2, 999_999_999), (-1, 0), (253_402_300_800, 7),
    ] as [(Int64, UInt32)])
  func timesBefore1970AreOneDecimalNumber(_ seconds: Int64, _ nanoseconds: UInt32) {
    let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    let parts = ArchiveTime(time)
    #expect(ArchiveTime(seconds: parts.seconds, nanoseconds: parts.nanoseconds).timestamp == time)
    let sign = parts.seconds < 0 ? -1.0 : 1.0
    let number = Double(parts.seconds) + sign * Double(parts.nanoseconds) / 1e9
    #expect(abs(number - (Double(seconds) + Double(nanoseconds) / 1e9)) < 1e-6)
  }

  @Test func theLastSecondBefore1970LosesItsFraction() {
    let parts = ArchiveTime(Timestamp(seconds: -1, nanoseconds: 500_000_000))
    #expect(parts.seconds == -1 && parts.nanoseconds == 0)
  }
}
