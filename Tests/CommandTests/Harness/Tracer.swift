// strace(1), which ends a program, or makes a call fail, at exactly the system call that a test
// wants. Where tracing is not permitted the tests that need it are skipped.

import Glibc
import Platform

/// What happens to one system call of a traced program.
struct Tracer {
  private let words: [String]

  /// Kills the program right before the call of this number, counted in each thread from 1.
  static func killing(at call: String, number: Int) -> Tracer {
    Tracer(call, "signal=KILL:when=\(number)")
  }

  /// Sends the program a signal at the call of this number, counted in each thread from 1.
  static func signalling(_ signal: String, at call: String, number: Int) -> Tracer {
    Tracer(call, "signal=\(signal):when=\(number)")
  }

  /// Sends the program a signal when it opens something in a folder for the first time.
  static func signalling(_ signal: String, atFirstOpenIn folder: String) -> Tracer {
    Tracer("openat", "signal=\(signal):when=1", in: folder)
  }

  /// Lets the call of this number fail, counted in each thread from 1.
  static func failing(_ call: String, _ error: String, number: Int) -> Tracer {
    Tracer(call, "error=\(error):when=\(number)")
  }

  /// Lets every such call fail.
  static func failing(_ call: String, _ error: String) -> Tracer {
    Tracer(call, "error=\(error)")
  }

  private init(_ call: String, _ fault: String, in folder: String? = nil) {
    words =
      (folder.map { ["-P", $0] } ?? []) + [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):\(fault)",
      ]
  }

  /// Runs igudar with this fault.
  func igudar(_ sandbox: Sandbox, _ arguments: [String]) throws -> Outcome {
    let all = words + [Program.path] + arguments
    return try sandbox.run("/usr/bin/strace", all.map { Array($0.utf8) })
  }

  /// Whether programs may be traced here.
  static let isPermitted: Bool = {
    let words = ["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"].map { Array($0.utf8) }
    return (try? Process(words).end()) == .exited(0)
  }()
}
