// A small disk in memory, to be filled. Mounting one takes root; where that is not to be had the
// tests that need it are skipped.

import Glibc
import Platform
import Testing

/// A file system of its own in a sandbox.
final class Disk {
  let path: String
  private var filler: [String] = []

  init(_ sandbox: Sandbox, _ name: String, sizeBytes: Int) throws {
    path = sandbox.path(name)
    try sandbox.makeFolder(name)
    try #require(
      try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(sizeBytes)", "tmpfs", path))
  }

  deinit { _ = try? Self.run("/bin/umount", "-l", path) }

  /// Leaves no room but for this many bytes.
  func fill(leaving rest: Int = 0) throws {
    var status = statvfs()
    try #require(unsafe statvfs(path, &status) == 0)
    let size = Int(status.f_bavail) * Int(status.f_bsize) - rest
    let name = "\(path)/filler-\(filler.count)"
    let descriptor = unsafe open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    filler.append(name)
    try #require(size <= 0 || posix_fallocate(descriptor, 0, off_t(size)) == 0)
  }

  /// Takes back what `fill` took.
  func empty() {
    for name in filler { _ = unsafe unlink(name) }
    filler = []
  }

  private static func run(_ words: String...) throws -> Bool {
    let null = ["/bin/sh", "-c", "exec \"$@\" 2>/dev/null", "sh"]
    return try Process((null + words).map { Array($0.utf8) }).end() == .exited(0)
  }

  static let isPermitted: Bool = {
    guard let sandbox = try? Sandbox() else { return false }
    return (try? Disk(sandbox, "disk", sizeBytes: 65536)) != nil
  }()
}
