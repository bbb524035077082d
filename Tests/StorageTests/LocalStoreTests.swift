// What is special about a folder: temporary files, modes, syncs, other processes, full disks.

import Glibc
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct LocalStoreTests {
  @Test func whereThereIsNoFolderThereIsNoStore() throws {
    let scratch = try Scratch()
    try scratch.write([], to: "file")
    for name in ["nothing", "nothing/below", "file", "file/below"] {
      #expect { try LocalStore(opening: scratch.path(name)) } throws: { error in
        guard case .absent(let text)? = error as? StoreError else { return false }
        return text.contains(name)
      }
    }
    #expect(try scratch.names(in: "") == ["file"])
  }

  @Test func filesAreTheOwnersAndNothingElseIsLeft() throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path("new/place"))
    _ = try store.create(.pack(hash(1)), sample(10))
    _ = try store.create(.pack(hash(1)), sample(11))
    #expect(try scratch.names(in: "new/place") == ["packs", "tmp"])
    #expect(try scratch.names(in: "new/place/tmp") == [])
    let name = ObjectName.pack(hash(1)).description
    for (path, mode) in [("new/place", 0o700), ("new/place/packs", 0o700)] as [(String, UInt16)] {
      #expect(try FileStatus.of(scratch.path(path)).mode == mode)
    }
    #expect(try FileStatus.of(scratch.path("new/place/\(name)")).mode == 0o600)
  }

  @Test func openingChangesNothing() throws {
    let scratch = try Scratch()
    let store = try LocalStore(opening: scratch.path)
    #expect(try store.list(prefix: "").isEmpty)
    try store.delete(.pack(hash(3)))
    try store.barrier()
    #expect(try scratch.names(in: "") == [])
  }

  @Test func whatIsNoObjectIsPassedOver() throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path)
    _ = try store.create(.journal(1), sample(4))
    _ = try store.create(.pack(hash(1)), sample(4))
    for folder in ["parity", "packs/zz", "packs/abc", "journal/ff"] {
      #expect(unsafe scratch.path(folder).withCString { unsafe mkdir($0, 0o700) } == 0)
    }
    for file in ["lost", "journal/readme", "packs/zz/\(hash(2))", "packs/stray"] {
      try scratch.write([1], to: file)
    }
    let odd = scratch.path("journal").appending([0x62, 0xff, 0xfe])
    _ = try Descriptor.open(odd, O_WRONLY | O_CREAT)
    #expect(try store.list(prefix: "").map(\.name) == [.journal(1), .pack(hash(1))])
  }

  @Test func aPipeInThePlaceOfAnObjectDoesNotHang() throws {
    let scratch = try Scratch()
    let store = try LocalStore(opening: scratch.path)
    #expect(unsafe scratch.path("format").withCString { unsafe mkfifo($0, 0o600) } == 0)
    #expect(throws: StoreError.self) { try store.bytes(of: .format, at: 0, count: 1) }
    let listed = try store.list(prefix: "")
    #expect(listed.map(\.name) == [.format] && listed.map(\.size) == [0])
  }

  @Test func whatStandsInThePlaceOfAnObjectIsDeletedUnlessItHoldsSomething() throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path)
    let name = ObjectName.journal(7)
    let place = scratch.path(name.description)
    try scratch.write([], to: "format")
    #expect(unsafe scratch.path("journal").withCString { unsafe mkdir($0, 0o700) } == 0)
    #expect(unsafe place.withCString { unsafe mkdir($0, 0o700) } == 0)
    try store.delete(name)
    #expect(try store.create(name, [1]) == .created)
    try store.delete(name)
    #expect(unsafe place.withCString { unsafe mkdir($0, 0o700) } == 0)
    try scratch.write([2], to: "\(name)/kept")
    #expect(throws: StoreError.self) { try store.delete(name) }
    #expect(try store.list(prefix: "journal/").map(\.size) == [0])
  }

  // The packs of one folder are lost, no others.
  @Test func aFileInThePlaceOfAFolderOfPacksHidesThoseAlone() throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path)
    let (lost, whole) = (ObjectName.pack(hash(1)), ObjectName.pack(hash(2)))
    for name in [lost, whole, .format] { _ = try store.create(name, [1]) }
    let folder = String(lost.description.prefix("packs/00".count))
    #expect(!whole.description.hasPrefix(folder))
    #expect(unsafe scratch.path(lost.description).withCString { unsafe unlink($0) } == 0)
    #expect(unsafe scratch.path(folder).withCString { unsafe rmdir($0) } == 0)
    try scratch.write([], to: folder)
    #expect(try store.list(prefix: "packs/").map(\.name) == [whole])
    #expect { try store.size(of: lost) } throws: { error in
      guard case .unreadable? = error as? StoreError else { return false }
      return true
    }
    try store.delete(lost)
  }

  // What every repository has tells one bad object from a store that is gone.
  @Test(arguments: ["mkdir", "mkfifo", "symlink"])
  func anObjectThatCannotBeReadIsNotAStoreThatIsGone(_ kind: String) throws {
    let scratch = try Scratch()
    let store = try LocalStore(opening: scratch.path)
    let name = ObjectName.segment(hash(1))
    #expect(unsafe scratch.path("index").withCString { unsafe mkdir($0, 0o700) } == 0)
    let made = unsafe scratch.path(name.description).withCString { path in
      switch kind {
      case "mkdir": unsafe mkdir(path, 0o700)
      case "mkfifo": unsafe mkfifo(path, 0o600)
      default: unsafe symlink("nothing", path)
      }
    }
    #expect(made == 0)
    func outcome() -> StoreError? {
      do throws(StoreError) {
        _ = try store.bytes(of: name, at: 0, count: 1)
        return nil
      } catch { return error }
    }
    guard case .failed? = outcome() else { return #expect(Bool(false), "\(outcome() as Any)") }
    try scratch.write([1], to: "format")
    guard case .unreadable(let text, _)? = outcome() else {
      return #expect(Bool(false), "\(outcome() as Any)")
    }
    #expect(text.contains("\(name)"))
  }

  @Test func aListingThatBreaksOffIsAnError() throws {
    let scratch = try Scratch()
    let store = try LocalStore(opening: scratch.path)
    try scratch.write([], to: "journal")
    #expect(throws: StoreError.self) { try store.list(prefix: "journal/") }
  }

  @Test func leftoversOfTheDeadAreRemovedAndOnlyThose() throws {
    let scratch = try Scratch()
    _ = try LocalStore(creating: scratch.path).create(.journal(0), sample(1))
    try scratch.write(sample(9), to: "tmp/1-dead")
    try scratch.write(sample(9), to: "tmp/2-alive")
    let alive = try Descriptor.open(scratch.path("tmp/2-alive"), O_RDWR)
    #expect(flock(alive.raw, LOCK_EX | LOCK_NB) == 0)

    let store = try LocalStore(opening: scratch.path)
    _ = try store.read(.journal(0), limit: 1)
    #expect(try scratch.names(in: "tmp") == ["1-dead", "2-alive"], "reading removes nothing")
    _ = try store.create(.journal(1), sample(1))
    #expect(try scratch.names(in: "tmp") == ["2-alive"])
  }

  @Test func aWriterWhoseFilesVanishTriesAgain() throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path)
    _ = try store.create(.pack(hash(1)), sample(1))
    // Somebody cleans up while the store is in use.
    for folder in ["tmp", "packs/\(hash(2).prefix(2))"] {
      _ = unsafe scratch.path(folder).withCString { unsafe rmdir($0) }
    }
    #expect(try store.create(.pack(hash(2)), sample(2)) == .created)
    #expect(try store.read(.pack(hash(2)), limit: 2) == sample(2))
    try store.barrier()
  }

  @Test func aFailedDataSyncIsRepeatedOnceWithANewFile() throws {
    let scratch = try Scratch()
    let seen = Mutex<[UInt64]>([])
    let failures = Counter()
    var calls = LocalStore.SyncCalls()
    calls.data = { descriptor in
      let inode = (try? FileStatus.of(descriptor))?.inode ?? 0
      seen.withLock { $0.append(inode) }
      guard failures.value < 1 else { return fdatasync(descriptor) }
      failures.increment()
      errno = EIO
      return -1
    }
    let store = try LocalStore(opening: scratch.path, calls: calls)
    #expect(try store.create(.format, sample(50)) == .created)
    #expect(try store.read(.format, limit: 50) == sample(50))
    #expect(seen.withLock { $0.count } == 2)
    #expect(try scratch.names(in: "tmp") == [])
  }

  @Test func whatCannotBeSyncedIsNotWritten() throws {
    let scratch = try Scratch()
    let attempts = Counter()
    var calls = LocalStore.SyncCalls()
    calls.data = { _ in
      attempts.increment()
      errno = EIO
      return -1
    }
    let store = try LocalStore(opening: scratch.path, calls: calls)
    #expect(throws: StoreError.self) { try store.create(.format, sample(50)) }
    #expect(attempts.value == 2)
    #expect(try scratch.names(in: "") == ["tmp"])
    #expect(try scratch.names(in: "tmp") == [])
  }

  @Test func aFailedFolderSyncIsNeverForgotten() throws {
    let scratch = try Scratch()
    let hasFailed = Atomic<Bool>(false)
    let fails = { @Sendable in !hasFailed.exchange(true, ordering: .relaxed) }
    var calls = LocalStore.SyncCalls()
    calls.folder = { descriptor in
      guard fails() else { return fsync(descriptor) }
      errno = EIO
      return -1
    }
    let store = try LocalStore(opening: scratch.path, calls: calls)
    _ = try store.create(.format, sample(5))
    #expect(throws: StoreError.self) { try store.barrier() }
    // The kernel says yes from now on, but the name may be gone.
    #expect(throws: StoreError.self) { try store.barrier() }
  }

  @Test func foldersThatCannotBeSyncedAreTolerated() throws {
    let scratch = try Scratch()
    var calls = LocalStore.SyncCalls()
    calls.folder = { _ in
      errno = EINVAL
      return -1
    }
    let store = try LocalStore(opening: scratch.path, calls: calls)
    _ = try store.create(.format, sample(5))
    try store.barrier()
  }

  @Test func aBarrierSyncsEveryFolderWithANewName() throws {
    let scratch = try Scratch()
    let synced = Mutex<Set<UInt64>>([])
    var calls = LocalStore.SyncCalls()
    calls.folder = { descriptor in
      let inode = (try? FileStatus.of(descriptor))?.inode ?? 0
      synced.withLock { _ = $0.insert(inode) }
      return 0
    }
    let store = try LocalStore(opening: scratch.path, calls: calls)
    let pack = ObjectName.pack(hash(1))
    _ = try store.create(pack, sample(5))
    try store.barrier()
    let folder = String(pack.description.dropLast(65))
    for folder in ["", "packs", folder] {
      let inode = try FileStatus.of(scratch.path(folder)).inode
      #expect(synced.withLock { $0.contains(inode) }, "\(folder)")
    }
    synced.withLock { $0 = [] }
    try store.barrier()
    #expect(synced.withLock { $0.isEmpty })
  }

  @Test func ofTwoProcessesOneCreates() async throws {
    let scratch = try Scratch()
    let store = try LocalStore(creating: scratch.path)
    let path = String(decoding: scratch.path.bytes, as: UTF8.self)
    let ours = Counter()
    let racer = Thread.start(name: "racer") {
      let bytes = sample(64)
      for number in UInt64(0)..<400 where (try? store.create(.journal(number), bytes)) == .created {
        ours.increment()
      }
    }
    await #expect(processExitsWith: .success) { [path = path as String] in
      let store = try LocalStore(opening: FilePath(path))
      var count = 0
      for number in 0..<400 {
        let answer = try store.create(.journal(UInt64(number)), sample(64, seed: 1))
        if answer == .created { count += 1 }
      }
      _ = try store.create(.format, Array("\(count)".utf8))
    }
    racer.join()
    let theirs = Int(String(decoding: try store.read(.format, limit: 9), as: UTF8.self))
    #expect(theirs.map { $0 + ours.value } == 400)
    #expect(try store.list(prefix: "journal/").count == 400)
  }
}
