// Repositories of somebody who has the key and bad intentions: whatever their trees say, nothing is
// made or changed outside the target, what is wrong is told as damage, and what is right beside it
// comes back.

import Glibc
import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

@Suite struct HostileRestoreTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
    try harvest.shell("mkdir victim; echo safe > victim/file")
  }

  // MARK: Tools

  private func file(_ name: String, _ content: Content, size: UInt64) -> Entry {
    CraftedSnapshot.entry(name, .file(Entry.File(size: size, content: content)))
  }

  /// An entry's encoding under a name that no entry may have, or that is longer than its length.
  private func encoded(_ entry: Entry, as name: [UInt8]) -> [UInt8] {
    var entry = entry
    entry.name = FileName(unchecked: name)
    return entry.encoded
  }

  private struct Course {
    var troubles: [RestoreTrouble] = []
    var text = ""
    var error: RepositoryError?
  }

  /// Restores a crafted snapshot; the folder beside the target must stay what it is.
  @discardableResult
  private func restore(
    _ root: (CraftedSnapshot) throws -> Children,
    _ options: RestoreOptions = RestoreOptions()
  ) throws -> Course {
    let crafted = try CraftedSnapshot(in: harvest)
    let snapshot = try crafted.commit(root(crafted))
    let course = Mutex(Course())
    let restore = Restore(
      snapshot.snapshot.root, of: try harvest.open(harvest.store),
      to: harvest.folder.appending("out"), options: options)
    do throws(RepositoryError) {
      try restore.run { event in
        guard case .failed(let path, let message, let trouble, _) = event else { return }
        course.withLock {
          $0.troubles.append(trouble)
          $0.text += "\(path): \(message)\n"
        }
      }
    } catch { course.withLock { $0.error = error } }
    // Beside the source folder that every test has, the target, and what may not be touched.
    try harvest.shell(
      "test \"$(ls -A | tr '\\n' ' ')\" = 'out src victim '; test $(cat victim/file) = safe")
    try harvest.shell("test \"$(ls -A victim)\" = file; test -z \"$(ls -A src)\"")
    return course.withLock { $0 }
  }

  // MARK: Names

  @Test(
    arguments: [
      "..", ".", "", "../victim/new", "/tmp/igudar-hostile", "a/b", "victim\0x",
      String(repeating: "n", count: 256),
    ])
  func namesThatLeadElsewhereAreDamage(_ name: String) throws {
    let course = try restore { crafted in
      let content = Content.inline([.chunk(try crafted.chunk([1]), length: 1)])
      return try crafted.folder([
        encoded(file("x", content, size: 1), as: Array(name.utf8)),
        file("z", content, size: 1).encoded,
      ])
    }
    #expect(course.troubles == [.damaged])
    #expect(course.error == nil)
    try harvest.shell("test -z \"$(ls -A out)\"; test ! -e /tmp/igudar-hostile")
  }

  @Test func namesInInnerFoldersAreCheckedToo() throws {
    let course = try restore { crafted in
      let inner = try crafted.folder([
        encoded(CraftedSnapshot.entry("x", .fifo), as: Array("..".utf8))
      ])
      return try crafted.folder([
        CraftedSnapshot.entry("a", .directory(inner), mode: 0o755),
        CraftedSnapshot.entry("b", .fifo),
      ])
    }
    #expect(course.troubles == [.damaged])
    try harvest.shell("test -p out/b; test -d out/a")
  }

  @Test(arguments: [["a", "a"], ["b", "a"], ["a", "c", "b"]])
  func namesThatComeTwiceOrInNoOrderAreDamage(_ names: [String]) throws {
    let course = try restore { crafted in
      try crafted.folder(names.map { CraftedSnapshot.entry($0, .fifo) })
    }
    #expect(course.troubles == [.damaged])
  }

  // MARK: Links

  @Test func nothingGoesThroughALink() throws {
    // A link; then, in another snapshot, a folder of its name with a file in it.
    let link = CraftedSnapshot.entry(
      "way", .symbolicLink(target: Array("../victim".utf8)))
    try restore { crafted in try crafted.folder([link]) }
    try harvest.shell("test -L out/way")
    for policy in Overwrite.allCases {
      var options = RestoreOptions()
      options.overwrite = policy
      options.deletesExtra = true
      try harvest.shell("rm -rf out; mkdir out; ln -s ../victim out/way")
      try restore(
        { crafted in
          let inner = try crafted.folder([
            file("file", .inline([.chunk(try crafted.chunk([1]), length: 1)]), size: 1)
          ])
          return try crafted.folder([
            CraftedSnapshot.entry("way", .directory(inner), mode: 0o755)
          ])
        }, options)
    }
  }

  @Test func aFileDoesNotGoThroughALinkOfItsName() throws {
    try harvest.shell("mkdir out; ln -s ../victim/file out/a; ln -s ../victim/new out/b")
    var options = RestoreOptions()
    options.patchesInPlace = true
    let course = try restore(
      { crafted in
        let content = Content.inline([.chunk(try crafted.chunk([1]), length: 1)])
        return try crafted.folder(["a", "b"].map { file($0, content, size: 1) })
      }, options)
    #expect(course.troubles.isEmpty)
    try harvest.shell("test ! -L out/a; test ! -L out/b")
  }

  @Test func hardLinksDoNotLeadOutEither() throws {
    // All names of “one file” are of other types; the first is a link that leads out.
    let kinds: [Entry.Kind] = [
      .symbolicLink(target: Array("../victim/file".utf8)),
      .file(Entry.File(size: 0, content: .empty)), .fifo,
    ]
    let course = try restore { crafted in
      try crafted.folder(
        kinds.enumerated().map { index, kind in
          var entry = CraftedSnapshot.entry("\(index)", kind, mode: 0o600)
          entry.inode = 9
          entry.hardLink = Entry.HardLink(device: 3, count: .max)
          return entry
        })
    }
    #expect(course.troubles.isEmpty)
    try harvest.shell("test -L out/0; test -f out/1; test ! -L out/1; test -p out/2")
  }

  // MARK: Sizes

  @Test func lengthsThatAreNotThoseOfTheChunksAreTold() throws {
    let course = try restore { crafted in
      let chunk = try crafted.chunk([1, 2, 3])
      return try crafted.folder([
        file("long", .inline([.chunk(chunk, length: 8 << 20)]), size: 8 << 20),
        file("right", .inline([.chunk(chunk, length: 3)]), size: 3),
        file("short", .inline([.chunk(chunk, length: 2)]), size: 2),
      ])
    }
    #expect(course.troubles.count == 2)
    try harvest.shell("test \"$(ls -A out)\" = right")
  }

  @Test func hugeFilesOfNothingTakeNoRoom() throws {
    let course = try restore { crafted in
      let most = UInt64(Int64.max)
      let chunk = Extent.chunk(try crafted.chunk([1]), length: 1)
      let twice = Content.inline([.hole(length: most), chunk, .hole(length: most)])
      return try crafted.folder([
        file("a", twice, size: .max),
        file("b", .inline([.hole(length: 1 << 40)]), size: 1 << 40),
        file("c", .inline([.hole(length: most)]), size: most),
      ])
    }
    // The largest is more than the file system can hold, or not.
    #expect(!course.troubles.isEmpty)
    try harvest.shell(
      "test ! -e out/a; test $(stat -c %b out/b) = 0; test $(du -sk out | cut -f1) -lt 100")
  }

  @Test func sizesThatDoNotAddUpAreDamage() throws {
    let course = try restore { crafted in
      let chunk = try crafted.chunk([1, 2, 3])
      var writer = ByteWriter()
      for byte in [NodeType.contentLeaf.rawValue, 0, 1, 6] { writer.u8(byte) }
      writer.id(chunk)
      let node = try crafted.chunk(writer.bytes, kind: .tree)
      return try crafted.folder([
        file("file", .nodes(TreeReference(level: 0, id: node)), size: 1 << 50)
      ])
    }
    #expect(course.troubles == [.damaged])
    try harvest.shell("test -z \"$(ls -A out)\"")
  }

  // 15 MiB of zeros in some hundred bytes, sealed as a frame that says it holds less, or more.
  @Test(arguments: [64 << 10, 16 << 20 - 1])
  func bombsGoNoFurtherThanWhatTheyDeclare(_ declared: Int) throws {
    let course = try restore { crafted in
      let bomb = try crafted.bomb(of: 15 << 20, declaring: declared)
      let sound = Content.inline([.chunk(try crafted.chunk([1]), length: 1)])
      return try crafted.folder([
        file("bomb", .inline([.chunk(bomb, length: 64 << 10)]), size: 64 << 10),
        file("sound", sound, size: 1),
      ])
    }
    #expect(course.troubles == [.damaged], "\(course.text)")
    #expect(course.error == nil)
    try harvest.shell("test \"$(ls -A out)\" = sound")
  }

  // A node's ID is a keyed hash of its bytes, which hold the IDs of the nodes below: none can hold
  // itself. What can be had is a node of one kind where another belongs, and levels that lie.
  @Test func treesThatAreNoTreesAreDamage() throws {
    let course = try restore { crafted in
      let leaf = try crafted.folder([CraftedSnapshot.entry("x", .fifo)])
      guard case .nodes(let reference) = leaf else { return leaf }
      let folders = [UInt8(1), 16].enumerated().map { index, level in
        CraftedSnapshot.entry(
          "\(index)", .directory(.nodes(TreeReference(level: level, id: reference.id))), mode: 0o755
        )
      }
      let content = file("z", .nodes(TreeReference(level: 0, id: reference.id)), size: 5)
      return try crafted.folder(folders + [content])
    }
    #expect(course.troubles == [.damaged, .damaged, .damaged])
    for level in [UInt8(17), 255] {
      let course = try restore { crafted in
        let reference = TreeReference(level: level, id: ChunkID.zero)
        return try crafted.folder([CraftedSnapshot.entry("x", .directory(.nodes(reference)))])
      }
      #expect(course.troubles == [.damaged])
    }
  }

  @Test func treesDeeperThanAnyMachineAllowsEndWhereTheyMust() throws {
    // One node of a folder that holds the one before: 300 nodes for 300 folders, each cheap to make.
    let course = try restore { crafted in
      var children = try crafted.folder([CraftedSnapshot.entry("bottom", .fifo)])
      for _ in 0..<300 {
        children = try crafted.folder([
          CraftedSnapshot.entry(
            String(repeating: "d", count: 255), .directory(children), mode: 0o755)
        ])
      }
      return children
    }
    #expect(course.troubles.isEmpty, "\(course.text)")
    try harvest.shell("test $(find out -name bottom -type p | wc -l) = 1")
  }

  // A million million files in a few nodes: the restore can be stopped, and takes no memory for
  // what it has not come to.
  @Test func anEnormousTreeIsStoppedByPatterns() throws {
    var options = RestoreOptions()
    options.selection = .including(try PatternSet([Array("/0/1/2/3/4/5/6/7/8/9/file".utf8)]))
    let course = try restore(
      { crafted in
        let content = Content.inline([.chunk(try crafted.chunk([1]), length: 1)])
        var children = try crafted.folder([file("file", content, size: 1)])
        for _ in 0..<10 {
          let below = children
          children = try crafted.folder(
            (0..<10).map { CraftedSnapshot.entry("\($0)", .directory(below), mode: 0o755) })
        }
        return children
      }, options)
    #expect(course.troubles.isEmpty, "\(course.text)")
    try harvest.shell("test \"$(find out -type f)\" = out/0/1/2/3/4/5/6/7/8/9/file")
  }

  // MARK: Rights

  @Test(.enabled(if: isSuperuser(), "another user has no devices anyway"))
  func whatTheKernelRefusesIsToldAndTheRestComesBack() throws {
    let course = try restore { crafted in
      let device = Entry.DeviceNumber(major: .max, minor: .max)
      var strange = file("strange", .empty, size: 0)
      strange.attributes = [
        ExtendedAttribute(name: Array("none.such".utf8), value: .inline([1])),
        ExtendedAttribute(name: Array("system.posix_acl_access".utf8), value: .inline([1, 2, 3])),
      ]
      strange.uid = .max - 1
      strange.inodeFlags = .max
      strange.projectID = 7
      return try crafted.folder([
        CraftedSnapshot.entry("device", .characterDevice(device)),
        CraftedSnapshot.entry("fifo", .fifo), strange,
      ])
    }
    #expect(course.troubles.count >= 2)
    #expect(course.troubles.allSatisfy { $0 == .failed }, "\(course.text)")
    try harvest.shell("test -p out/fifo; test -f out/strange; chattr -R -i -a out || true")
  }
}
