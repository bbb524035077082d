// Nothing that a path says leads out of the directory.

import Glibc
import Testing

@testable import Platform

@Suite struct BeneathTests {
  /// With the kernel's call, and name by name as on kernels without it.
  enum Way: CaseIterable {
    case kernel
    case names

    func open(_ path: FilePath, _ flags: Int32, at directory: Int32) throws(Errno) -> Descriptor {
      switch self {
      case .kernel: try Descriptor.openBeneath(path, flags, at: directory)
      case .names:
        try Descriptor.openByName(path, flags | O_NOFOLLOW | O_CLOEXEC, 0o600, at: directory)
      }
    }
  }

  @Test(arguments: Way.allCases)
  func whatIsBelowIsOpened(_ way: Way) throws {
    let scratch = try Scratch()
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    unsafe scratch.path("a").withCString { _ = unsafe mkdir($0, 0o700) }
    _ = try way.open("a/file", O_WRONLY | O_CREAT | O_EXCL, at: folder.raw)
    _ = try way.open("./a//file", O_RDONLY, at: folder.raw)
    let same = try way.open(".", O_RDONLY, at: folder.raw)
    #expect(try FileStatus.of(same.raw).inode == FileStatus.of(folder.raw).inode)
    #expect(try FileStatus.of(scratch.path("a/file")).mode == 0o600)
    #expect(throws: Errno.notFound) { _ = try way.open("b/file", O_RDONLY, at: folder.raw) }
  }

  @Test(arguments: Way.allCases)
  func nothingLeadsOut(_ way: Way) throws {
    let scratch = try Scratch()
    try scratch.write([1], to: "secret")
    unsafe scratch.path("inner").withCString { _ = unsafe mkdir($0, 0o700) }
    unsafe scratch.path("inner/up").withCString { _ = unsafe symlink("..", $0) }
    unsafe scratch.path("inner/there").withCString { _ = unsafe symlink("../secret", $0) }
    unsafe scratch.path("inner/root").withCString { _ = unsafe symlink("/", $0) }
    let inner = try Descriptor.open(scratch.path("inner"), O_RDONLY | O_DIRECTORY)
    for path in ["../secret", "/etc/passwd", "up/secret", "there", "root/etc/passwd", "up"] {
      #expect(throws: Errno.self, "\(path)") {
        _ = try way.open(FilePath(path), O_RDONLY, at: inner.raw)
      }
    }
  }
}
