// A block device over a file. Attaching one takes root and a kernel that has them; where that is
// not to be had the tests that need it are skipped.

import Testing

/// A loop device, detached at the end.
final class LoopDevice {
  /// The device, `/dev/loop…`.
  let path: String
  private let sandbox: Sandbox

  /// Makes a device of the content of a file in the sandbox.
  init(_ sandbox: Sandbox, over file: String) throws {
    self.sandbox = sandbox
    let outcome = try Self.losetup(sandbox, "--find", "--show", "--read-only", file)
    path = outcome.lines.first ?? ""
    try #require(outcome.code == 0 && path.starts(with: "/dev/loop"))
  }

  deinit { _ = try? Self.losetup(sandbox, "--detach", path) }

  private static func losetup(_ sandbox: Sandbox, _ words: String...) throws -> Outcome {
    try sandbox.run("/usr/sbin/losetup", words.map { Array($0.utf8) })
  }

  static let isPermitted: Bool = {
    guard let sandbox = try? Sandbox(),
      (try? sandbox.write("file", [UInt8](repeating: 1, count: 512))) != nil
    else { return false }
    return (try? LoopDevice(sandbox, over: "file")) != nil
  }()
}
