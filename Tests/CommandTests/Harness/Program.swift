// The built executable as users run it: a process with its own home, whose output and exit code are
// captured. A run that outlives its limit is killed and reported, so that no test hangs.

import Glibc
import Platform
import Testing

/// The executable `igudar` beside the test bundle.
enum Program {
  /// Its path; the variable IGUDAR_TEST_PROGRAM names another one, such as a release build.
  static let path: String = {
    if let named = unsafe getenv("IGUDAR_TEST_PROGRAM") { return unsafe String(cString: named) }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    let own = String(decoding: bytes, as: UTF8.self)
    let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    let beside = "\(folder)/igudar"
    return unsafe access(beside, X_OK) == 0 ? beside : packageRoot + "/.build/debug/igudar"
  }()

  /// The checkout this file was compiled from.
  static let packageRoot: String = {
    let parts = #filePath.split(separator: "/").dropLast(4)
    return "/" + parts.joined(separator: "/")
  }()
}

/// How a run ended.
struct Outcome: Sendable {
  /// Exit code, or 128 + the signal that ended the process.
  let code: Int32
  let output: [UInt8]
  let errors: [UInt8]
  let timedOut: Bool

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  var errorText: String { String(decoding: errors, as: UTF8.self) }
  /// Standard output by lines.
  var lines: [String] { text.split(separator: "\n").map(String.init) }
}
