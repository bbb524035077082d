// A file system of a kind that a test wants, in a file of the sandbox. Making and mounting one takes
// root, loop devices, the kernel's or FUSE's driver and the tools of the file system; where one of
// them is not to be had the tests that need it are skipped.

import Testing

/// A mounted file system in a sandbox, gone at the end.
final class MountedImage {
  /// The kinds that tests ask for.
  enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case xfs, btrfs
    /// Keeps times in whole seconds until 2038, and no large attributes.
    case smallExt4
    /// Knows no owners, links or modes, and takes names for the same whatever their case.
    case exfat

    var testDescription: String { rawValue }

    /// Bytes that the file system needs; the file is sparse.
    fileprivate var size: String { self == .xfs ? "304M" : self == .btrfs ? "128M" : "16M" }

    fileprivate var making: String {
      switch self {
      case .xfs: "mkfs.xfs -q -m reflink=1,bigtime=1"
      case .btrfs: "mkfs.btrfs -q"
      case .smallExt4: "mkfs.ext4 -q -F -I 128"
      case .exfat: "mkfs.exfat"
      }
    }

    // The loop device goes with the mount.
    fileprivate func mounting(_ image: String, at path: String) -> String {
      let how = self == .exfat ? "timeout 20 mount.exfat-fuse" : "mount"
      return """
        device=$(losetup --find --show \(image)); \(how) $device \(path) || failed=yes
        losetup --detach $device; test -z "$failed"
        """
    }

    /// Whether one can be mounted here.
    var isPermitted: Bool {
      guard let sandbox = try? Sandbox() else { return false }
      return (try? MountedImage(self, in: sandbox)) != nil
    }
  }

  /// Where it is mounted.
  let path: String
  private let sandbox: Sandbox

  /// Makes an empty file system and mounts it below the sandbox.
  init(_ kind: Kind, in sandbox: Sandbox) throws {
    self.sandbox = sandbox
    path = sandbox.path("\(kind).mount")
    try sandbox.makeFolder("\(kind).mount")
    let image = sandbox.path("\(kind).image")
    let outcome = try Self.shell(
      sandbox,
      """
      truncate -s \(kind.size) \(image); \(kind.making) \(image)
      \(kind.mounting(image, at: path))
      mountpoint -q \(path)
      """)
    try #require(outcome.code == 0, "\(outcome.errorText)")
  }

  deinit { _ = try? Self.shell(sandbox, "umount -l \(path)") }

  private static func shell(_ sandbox: Sandbox, _ script: String) throws -> Outcome {
    let path = "PATH=/usr/sbin:/sbin:/usr/bin:/bin; exec >/dev/null 2>&1;"
    return try sandbox.run("/bin/sh", ["-ec", "\(path) \(script)"].map { Array($0.utf8) })
  }
}
