// Status, data, holes, attributes and flags of files.

import Glibc
import Platform
import Testing

@Suite struct FileTests {
  @Test func statusSaysWhatTheFileIs() throws {
    let scratch = try Scratch()
    try scratch.write(Array(repeating: 7, count: 5000), to: "file")
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    let file = try Descriptor.open(scratch.path("file"), O_RDONLY)
    unsafe scratch.path("file").withCString { _ = unsafe chmod($0, 0o4751) }
    unsafe scratch.path("link").withCString { _ = unsafe symlink("file", $0) }
    var times = [timespec(tv_sec: -5, tv_nsec: 1), timespec(tv_sec: 12, tv_nsec: 999_999_999)]
    unsafe futimens(file.raw, &times)

    let name = try #require(FileName(Array("file".utf8)))
    let status = try FileStatus.of(name, at: folder.raw)
    #expect(try status == FileStatus.of(file.raw))
    #expect(status.type == .regular)
    #expect(status.mode == 0o4751)
    #expect(status.size == 5000)
    #expect(status.links == 1)
    #expect(status.uid == getuid())
    #expect(status.atime == Timestamp(seconds: -5, nanoseconds: 1))
    #expect(status.mtime == Timestamp(seconds: 12, nanoseconds: 999_999_999))
    #expect(try FileStatus.of(folder.raw).type == .directory)
    #expect(try FileStatus.of(scratch.path("link")).type == .symbolicLink)
    #expect(try FileStatus.of("/dev/null").type == .characterDevice)
    #expect(try FileStatus.of("/dev/null").deviceMinor == 3)
    #expect(throws: Errno.notFound) { try FileStatus.of(scratch.path("nothing")) }
  }

  @Test func readingDoesNotTouchTheAccessTime() throws {
    let scratch = try Scratch()
    try scratch.write([1, 2, 3], to: "file")
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    let name = try #require(FileName(Array("file".utf8)))
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 2, tv_nsec: 0)]
    unsafe scratch.path("file").withCString { _ = unsafe utimensat(AT_FDCWD, $0, &times, 0) }
    let file = try Descriptor.openSource(name, at: folder.raw)
    #expect(try content(of: file) == [1, 2, 3])
    #expect(try FileStatus.of(file.raw).atime == Timestamp(seconds: 1))
  }

  @Test func sourcesAreNotFollowedAndNotWaitedFor() throws {
    let scratch = try Scratch()
    unsafe scratch.path("link").withCString { _ = unsafe symlink("/etc/passwd", $0) }
    unsafe scratch.path("pipe").withCString { _ = unsafe mkfifo($0, 0o600) }
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    let link = try #require(FileName(Array("link".utf8)))
    #expect(throws: Errno.loop) { _ = try Descriptor.openSource(link, at: folder.raw) }
    let pipe = try #require(FileName(Array("pipe".utf8)))
    _ = try Descriptor.openSource(pipe, at: folder.raw)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can become somebody else"))
  func filesOfOthersAreReadAllTheSame() async throws {
    let scratch = try Scratch()
    try scratch.write([1, 2, 3], to: "file")
    unsafe scratch.path.withCString { _ = unsafe chmod($0, 0o755) }
    unsafe scratch.path("file").withCString { _ = unsafe chmod($0, 0o644) }
    let path = String(decoding: scratch.path.bytes, as: UTF8.self)
    await #expect(processExitsWith: .success) { [path = path as String] in
      precondition(setuid(65534) == 0)
      let folder = try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
      // Only the owner of a file may leave its access time alone.
      _ = try Descriptor.openSource(FileName(unchecked: Array("file".utf8)), at: folder.raw)
    }
  }

  private func content(of file: borrowing Descriptor) throws -> [UInt8] {
    let buffer = OwnedBuffer(capacity: 1 << 20)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 1 << 20)
    let count = try unsafe file.read(at: 0, into: memory)
    return unsafe Array(memory[..<count])
  }

  private func write(
    _ bytes: [UInt8], at offset: Int64, to file: borrowing Descriptor
  ) throws {
    let buffer = OwnedBuffer(capacity: bytes.count)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: bytes.count)
    unsafe memory.copyBytes(from: bytes)
    try unsafe file.write(UnsafeRawBufferPointer(memory), at: offset)
  }

  private func stretches(of raw: Int32, size: UInt64) throws -> [Range<UInt64>] {
    var stretches = DataStretches(of: raw, size: size)
    var found: [Range<UInt64>] = []
    while let stretch = try stretches.next() { found.append(stretch) }
    return found
  }

  @Test func holesAreFoundAndMade() throws {
    let scratch = try Scratch()
    let file = try Descriptor.open(scratch.path("sparse"), O_RDWR | O_CREAT)
    try file.truncate(to: 10 << 20)
    #expect(try stretches(of: file.raw, size: 10 << 20) == [])
    try write(Array(repeating: 1, count: 65536), at: 1 << 20, to: file)
    try write(Array(repeating: 2, count: 65536), at: 8 << 20, to: file)
    let data = try stretches(of: file.raw, size: 10 << 20)
    // A file system that cannot tell says that all is data.
    let all: [Range<UInt64>] = [0..<10 << 20]
    guard data != all else { return }
    let first: Range<UInt64> = 1 << 20..<(1 << 20) + 65536
    let second: Range<UInt64> = 8 << 20..<(8 << 20) + 65536
    #expect(data == [first, second])
    #expect(try FileStatus.of(file.raw).mayHaveHoles)
    try file.punchHole(second)
    #expect(try stretches(of: file.raw, size: 10 << 20) == [first])
    #expect(try FileStatus.of(file.raw).size == 10 << 20)
    // Asked about less than there is, less is told.
    let end = first.lowerBound + 5
    #expect(try stretches(of: file.raw, size: end) == [first.lowerBound..<end])
    #expect(try stretches(of: file.raw, size: 0) == [])
  }

  @Test func rangesAreCopied() throws {
    let scratch = try Scratch()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
    try scratch.write(bytes, to: "from")
    let from = try Descriptor.open(scratch.path("from"), O_RDONLY)
    let to = try Descriptor.open(scratch.path("to"), O_RDWR | O_CREAT)
    do throws(Errno) {
      #expect(try to.copyRange(of: from, at: 0, count: 1 << 20) == 100_000)
      #expect(try to.copyRange(of: from, at: 200_000, count: 10) == 0)
    } catch {
      #expect([Errno.crossDevice, .notSupported, .invalid, .noSystemCall].contains(error))
      return
    }
    #expect(try content(of: to) == bytes)
  }

  @Test func attributesAreReadAndSet() throws {
    let scratch = try Scratch()
    try scratch.write([], to: "file")
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    let file = try Descriptor.open(scratch.path("file"), O_RDWR)
    let name = try #require(FileName(Array("file".utf8)))
    let places: [AttributeTarget] = [
      .descriptor(file.raw), .name(name, at: folder.raw), .path(scratch.path("file")),
    ]
    for place in places { #expect(try place.names().isEmpty) }
    let values: [(name: [UInt8], value: [UInt8])] = [
      (Array("user.a\u{ff}".utf8) + [0xfe], [0, 1, 2]), (Array("user.empty".utf8), []),
      (Array("user.large".utf8), Array(repeating: 9, count: 2000)),
    ]
    do throws(Errno) {
      for (place, value) in zip(places, values) { try place.set(value.name, to: value.value) }
    } catch {
      #expect(error == .notSupported)
      return
    }
    for place in places {
      #expect(try place.value(of: Array("user.none".utf8)) == nil)
      let names = try place.names()
      #expect(names == values.map(\.name))
      for (name, value) in zip(names, values) { #expect(try place.value(of: name) == value.value) }
    }
  }

  @Test func inodeFlagsAreReadAndSet() throws {
    let scratch = try Scratch()
    let file = try Descriptor.open(scratch.path("file"), O_RDWR | O_CREAT)
    guard let flags = try InodeFlags.flags(of: file.raw) else { return }
    let noDump: UInt32 = 0x40
    #expect(flags & noDump == 0)
    try InodeFlags.setFlags(flags | noDump, of: file.raw)
    #expect(try InodeFlags.flags(of: file.raw) == flags | noDump)
    #expect(try InodeFlags.project(of: file.raw) ?? 0 == 0)
    // Devices take such calls to mean something else, or say that they are none.
    let device = try Descriptor.open("/dev/null", O_RDONLY)
    #expect(try InodeFlags.flags(of: device.raw) == nil)
  }

  @Test func namesOfUsersAreLookedUpBothWays() {
    let accounts = Accounts()
    for _ in 0..<2 {
      #expect(accounts.user(0) == Array("root".utf8))
      #expect(accounts.group(0) == Array("root".utf8))
      #expect(accounts.uid(of: Array("root".utf8)) == 0)
      #expect(accounts.gid(of: Array("root".utf8)) == 0)
      #expect(accounts.user(3_999_999_999) == [])
      #expect(accounts.uid(of: Array("nobody of this name".utf8)) == nil)
      #expect(accounts.gid(of: [0xff]) == nil)
    }
  }
}
