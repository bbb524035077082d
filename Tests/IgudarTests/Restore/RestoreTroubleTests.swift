// A restore from a store that fails, and from a repository that is damaged: two different things.

import Glibc
import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

@Suite struct RestoreTroubleTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
  }

  /// What a restore told, and what ended it.
  private struct Course {
    var events: [(path: FilePath, message: String, trouble: RestoreTrouble)] = []
    var error: RepositoryError?
  }

  private func restore(
    _ path: [FileName], of repository: Repository, _ options: RestoreOptions = RestoreOptions(),
    _ prepare: () throws -> Void = {}
  ) throws -> Course {
    let snapshot = try #require(try repository.snapshots().last)
    let entry = try repository.entry(at: path, in: snapshot)
    try prepare()
    let course = Mutex(Course())
    let restore = Restore(
      entry, of: repository, to: harvest.folder.appending("out"), options: options)
    do throws(RepositoryError) {
      try restore.run { event in
        if case .failed(let path, let message, let trouble, _) = event {
          course.withLock { $0.events.append((path, message, trouble)) }
        }
      }
    } catch { course.withLock { $0.error = error } }
    return course.withLock { $0 }
  }

  @Test(arguments: [StoreError.unavailable("the cable is out"), .failed("the cable is out")])
  func aStoreThatFailsEndsTheRestoreAndIsNoDamage(_ trouble: StoreError) throws {
    try harvest.shell(
      "cd src; mkdir a; for f in 1 2 3; do head -c 3000000 /dev/urandom > a/$f; done")
    _ = try harvest.backup()
    let isBroken = Mutex(false)
    let store = FaultyStore(harvest.store) {
      (operation, name, _) throws(StoreError) in
      guard operation == .read, case .pack? = name?.kind else { return }
      if isBroken.withLock({ $0 }) { throw trouble }
    }
    let repository = try harvest.open(store)
    let course = try restore(harvest.folder.appending("src").components, of: repository) {
      isBroken.withLock { $0 = true }
    }
    #expect(course.error == .store("the cable is out"))
    #expect(course.events.isEmpty, "\(course.events)")
    try harvest.shell("test -z \"$(find out -type f)\"")
  }

  @Test func aDamagedFolderIsToldOnce() throws {
    let crafted = try CraftedSnapshot(in: harvest)
    let content = Content.inline([.chunk(try crafted.chunk([7, 7]), length: 2)])
    let names = ["x", "y"].map { name in
      var entry = CraftedSnapshot.entry(name, .file(Entry.File(size: 2, content: content)))
      entry.inode = 5
      entry.hardLink = Entry.HardLink(device: 0, count: 2)
      return entry
    }
    // A node that nobody stored.
    let gone = TreeReference(level: 0, id: ChunkID.zero)
    let folder = CraftedSnapshot.entry("a", .directory(.nodes(gone)), mode: 0o755)
    _ = try crafted.commit(crafted.folder([folder] + names))
    let course = try restore([], of: harvest.open(harvest.store))
    #expect(course.error == nil)
    #expect(course.events.map(\.path) == [harvest.folder.appending("out/a")])
    #expect(course.events.map(\.trouble) == [.damaged])
    try harvest.shell("test out/x -ef out/y; test $(stat -c %s out/x) = 2")
  }

  private static func holdsFile(_ folder: FilePath) -> Bool {
    guard let open = try? Descriptor.open(folder, O_RDONLY | O_DIRECTORY),
      let names = try? DirectoryListing(of: open)
    else { return false }
    return (0..<names.count).contains { !names.name($0).isTemporary }
  }

  @Test func whatWasFinishedBeforeAnInterruptionIsNotWrittenAgain() throws {
    try harvest.shell(
      "cd src; for f in $(seq 1000 2599); do head -c 11000 /dev/urandom > $f; done")
    let summary = try harvest.backup()
    let reads = Mutex<Int?>(nil)
    let out = harvest.folder.appending("out")
    let store = FaultyStore(harvest.store) {
      (operation, name, _) throws(StoreError) in
      guard operation == .read, case .pack? = name?.kind else { return }
      let count = reads.withLock { count in
        count = count.map { $0 + 1 }
        return count ?? 0
      }
      // In the midst of the files, which lie in about eight frames; how many packs there are, whose
      // beginnings are read as well, depends on how busy the machine was.
      if count > 5, Self.holdsFile(out) { throw .unavailable("gone") }
    }
    let repository = try harvest.open(store)
    var options = RestoreOptions()
    options.jobs = 1
    let course = try restore(
      harvest.folder.appending("src").components, of: repository, options
    ) { reads.withLock { $0 = 0 } }
    #expect(course.error == .store("gone"))
    // Whole files and nothing else.
    try harvest.shell(
      """
      test -z "$(find out -name '.igudar-*')"; test -n "$(ls out)"
      for f in $(ls out); do cmp src/$f out/$f; done
      cd out; ls | wc -l > ../count; stat -c '%n %i %z %y' * > ../before
      """)
    let snapshot = try #require(
      try harvest.repository.snapshots().first { $0.id == summary.snapshot })
    try harvest.expectRestores(snapshot, "out")
    try harvest.shell(
      """
      test $(cat count) -lt 1600; test $(ls out | wc -l) = 1600
      cd out; stat -c '%n %i %z %y' $(cut -d' ' -f1 ../before) | cmp - ../before
      """)
  }

  @Test func whatAppearsWhileItsNameIsRestoredIsNotReplaced() throws {
    try harvest.shell(
      "cd src; mkdir a; head -c 3000000 /dev/urandom > a/1; head -c 3000000 /dev/urandom > x")
    _ = try harvest.backup()
    let out = harvest.folder.appending("out")
    let store = FaultyStore(harvest.store) { (operation, _, _) throws(StoreError) in
      // The names in the target are known by the time when the first folder in it is made.
      guard operation == .read, (try? FileStatus.of(out.appending("a"))) != nil else { return }
      _ = try? Descriptor.open(out.appending("x"), O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    }
    var options = RestoreOptions()
    options.overwrite = .never
    options.jobs = 1
    let course = try restore(
      harvest.folder.appending("src").components, of: harvest.open(store), options)
    #expect(course.error == nil)
    #expect(course.events.map(\.path) == [out.appending("x")])
    #expect(course.events.first?.message.contains("it is not replaced") == true)
    try harvest.shell("test ! -s out/x; cmp src/a/1 out/a/1; test $(ls -A out | wc -l) = 2")
  }

  @Test func whatVerifyingMeetsIsCountedUnlessItIsKnown() throws {
    try harvest.shell("echo x > src/x; mkdir -p out/x/full")
    _ = try harvest.backup()
    let repository = try harvest.open(harvest.store)
    let snapshot = try #require(try repository.snapshots().last)
    let out = harvest.folder.appending("out")
    let restore = Restore(
      try repository.entry(at: harvest.folder.appending("src").components, in: snapshot),
      of: repository, to: out, options: RestoreOptions())
    for isKnown in [false, true] {
      let progress = RestoreProgress()
      let paths = Mutex<[FilePath]>([])
      try restore.verify(progress: progress, isKnown: { _ in isKnown }) { event in
        if case .failed(let path, _, _, _) = event { paths.withLock { $0.append(path) } }
      }
      #expect(paths.withLock { $0 } == (isKnown ? [] : [out.appending("x")]))
      #expect(progress.errorCount == (isKnown ? 0 : 1))
    }
  }

  @Test(arguments: [Overwrite.never, .ifNewer])
  func whatWasRestoredIsVerifiedWhateverTimesAreKept(_ policy: Overwrite) throws {
    try harvest.shell("echo one > src/one; echo two > src/two; mkdir out; echo mine > out/two")
    _ = try harvest.backup()
    let repository = try harvest.open(harvest.store)
    let snapshot = try #require(try repository.snapshots().last)
    let out = harvest.folder.appending("out")
    var options = RestoreOptions()
    options.overwrite = policy
    let restore = Restore(
      try repository.entry(at: harvest.folder.appending("src").components, in: snapshot),
      of: repository, to: out, options: options)
    try restore.run { _ in }
    // As where times are kept in other steps; and a byte is lost.
    try harvest.shell(
      "printf X | dd of=out/one bs=1 conv=notrunc 2>/dev/null; touch -d @1000000000 out/one")
    let paths = Mutex<[FilePath]>([])
    try restore.verify { event in
      if case .failed(let path, _, _, _) = event { paths.withLock { $0.append(path) } }
    }
    #expect(paths.withLock { $0 } == [out.appending("one")])
    try harvest.shell("test $(cat out/two) = mine")
  }

  @Test(arguments: [true, false])
  func metadataIsPutOnNothingButWhatWasLookedAt(_ isTrusted: Bool) throws {
    try harvest.shell("mkdir out; : > out/x; : > out/y; chmod 640 out/y")
    let path = harvest.folder.appending("out")
    let status = try FileStatus.of(path.appending("x"))
    try harvest.shell("mv out/y out/x")
    let told = Mutex<[String]>([])
    let context = RestoreContext(
      vault: harvest.repository.vault, options: RestoreOptions(), progress: RestoreProgress(),
      report: { event in
        if case .failed(_, let message, _, _) = event { told.withLock { $0.append(message) } }
      })
    let directory = RestoreDirectory(
      root: SharedDescriptor(try Descriptor.open(path, O_RDONLY | O_DIRECTORY)), path: path,
      entry: nil, patterns: nil)
    let file = FileRestore(
      CraftedSnapshot.entry("x", .file(Entry.File(size: 0, content: .empty)), mode: 0o777),
      in: directory, isTrusted ? .trusted(status) : .compared(status), group: nil)
    file.endPart(try RestoreHand(context: context, root: directory))
    #expect(told.withLock { $0 } == [RestoreContext.replaced])
    try harvest.shell("test $(stat -c %a out/x) = 640")
  }

  @Test func whoIsRefusedBeforeAnotherOpensAFolderGoesOn() throws {
    try harvest.shell("mkdir out; chmod 500 out")
    let path = harvest.folder.appending("out")
    let folder = SharedDescriptor(try Descriptor.open(path, O_RDONLY | O_DIRECTORY))
    let directory = RestoreDirectory(root: folder, path: path, entry: nil, patterns: nil)
    let context = RestoreContext(
      vault: harvest.repository.vault, options: RestoreOptions(), progress: RestoreProgress(),
      report: { _ in })
    for _ in 0..<2 {
      var isRefused = true
      try directory.changing(context) { (_) throws(Errno) in
        defer { isRefused = false }
        if isRefused { throw Errno.accessDenied }
      }
    }
    try harvest.shell("test $(stat -c %a out) = 700")
  }
}
