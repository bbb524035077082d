// A temporary home for one test: everything the program reads or writes by default lies inside, and
// all of it goes when the test ends.

import Glibc
import Platform
import Testing

/// A folder of its own, with HOME and the XDG folders inside.
final class Sandbox {
  /// Absolute path of the folder.
  let path: String
  /// Variables for every run; HOME and XDG are set, nothing is inherited but PATH.
  var environment: [String: String]

  init() throws {
    var template = Array("/tmp/igudar-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw HarnessError("mkdtemp", errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "\(path)/home",
      "XDG_CACHE_HOME": "\(path)/cache", "XDG_STATE_HOME": "\(path)/state",
      "XDG_CONFIG_HOME": "\(path)/config", "TMPDIR": "\(path)/tmp", "TZ": "UTC",
      "LC_ALL": "C.UTF-8",
    ]
    for folder in ["home", "cache", "state", "config", "tmp"] { try makeFolder(folder) }
  }

  /// The absolute path of something inside.
  func path(_ name: String) -> String { "\(path)/\(name)" }

  func makeFolder(_ name: String) throws {
    guard unsafe mkdir(path(name), 0o700) == 0 else { throw HarnessError("mkdir \(name)", errno) }
  }

  /// Writes a file inside and returns its absolute path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let descriptor = unsafe open(path(name), flags, 0o600)
    guard descriptor >= 0 else { throw HarnessError("open \(name)", errno) }
    defer { close(descriptor) }
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw HarnessError("write \(name)", errno)
    }
    return path(name)
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// The bytes of a file inside.
  func read(_ name: String) throws -> [UInt8] {
    let descriptor = unsafe open(path(name), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HarnessError("open \(name)", errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while let part = readPart(descriptor) { bytes += part }
    return bytes
  }

  /// Runs igudar and waits for its end.
  func igudar(
    _ arguments: String..., environment extra: [String: String] = [:], input: [UInt8] = [],
    seconds: Int = 60
  ) throws -> Outcome {
    try igudar(arguments.map { Array($0.utf8) }, environment: extra, input: input, seconds: seconds)
  }

  /// Runs igudar with arguments that need not be UTF-8.
  func igudar(
    _ arguments: [[UInt8]], environment extra: [String: String] = [:], input: [UInt8] = [],
    seconds: Int = 60
  ) throws -> Outcome {
    try run(
      Program.path, arguments, environment: extra, input: input, seconds: seconds)
  }

  /// Runs any program by its absolute path, with this sandbox's environment and folder.
  func run(
    _ program: String, _ arguments: [[UInt8]], environment extra: [String: String] = [:],
    input: [UInt8] = [], seconds: Int = 60
  ) throws -> Outcome {
    let variables = environment.merging(extra) { $1 }
    let process = try Child(
      program, arguments, environment: variables, folder: path, input: input)
    return process.finish(within: seconds)
  }

  /// Starts igudar without waiting, to signal it while it works.
  func start(
    _ arguments: String..., environment extra: [String: String] = [:]
  ) throws -> Child { try start(words: arguments, environment: extra) }

  func start(words: [String], environment extra: [String: String] = [:]) throws -> Child {
    try Child(
      Program.path, words.map { Array($0.utf8) }, environment: environment.merging(extra) { $1 },
      folder: path, input: [])
  }

  deinit {
    // Restored files may be read-only folders; rm copes once they are ours again.
    for (program, arguments) in [
      ("/bin/chmod", ["-R", "u+rwX", path]), ("/bin/rm", ["-rf", "--", path]),
    ] {
      let child = try? Child(
        program, arguments.map { Array($0.utf8) }, environment: [:], folder: "/", input: [])
      _ = child?.finish(within: 60)
    }
  }
}

/// A call of the harness itself that failed.
struct HarnessError: Error, CustomStringConvertible {
  let description: String

  init(_ call: String, _ code: Int32) {
    description = "\(call): \(Errno(code).text)"
  }
}
