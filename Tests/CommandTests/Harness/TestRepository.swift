// A sandbox with a repository that a key file opens: no password hash, so that a run takes
// milliseconds. Sources lie in the folder `src`.

import Glibc
import Platform
import Testing

/// A repository for one test.
struct TestRepository {
  let sandbox: Sandbox

  init(_ options: String...) throws {
    sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](repeating: 7, count: 32))
    sandbox.environment["IGUDAR_REPOSITORY"] = sandbox.path("repo")
    sandbox.environment["IGUDAR_KEY_FILE"] = sandbox.path("key")
    sandbox.environment["IGUDAR_HOST"] = "granary"
    try run(["init", "-q"] + options)
    try sandbox.makeFolder("src")
  }

  /// Runs igudar, which must succeed.
  @discardableResult
  func run(
    _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [],
    code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try sandbox.igudar(
      arguments.map { Array($0.utf8) }, environment: environment, input: input)
    #expect(
      outcome.code == code, "\(arguments): \(outcome.text)\(outcome.errorText)",
      sourceLocation: sourceLocation)
    return outcome
  }

  @discardableResult
  func igudar(
    _ arguments: String..., environment: [String: String] = [:], input: [UInt8] = [],
    code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    try run(
      arguments, environment: environment, input: input, code: code,
      sourceLocation: sourceLocation)
  }

  /// Runs igudar as a user without rights, who may use the repository; takes root.
  @discardableResult
  func igudarAsNobody(
    _ arguments: String..., code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    try igudarAsNobody(arguments, code: code, sourceLocation: sourceLocation)
  }

  @discardableResult
  func igudarAsNobody(
    _ arguments: [String], code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    try shell("chown -R 65534:65534 repo cache state tmp key; chown 65534:65534 .")
    let identity = ["--reuid=65534", "--regid=65534", "--clear-groups", Program.path]
    let outcome = try sandbox.run(
      "/usr/bin/setpriv", (identity + arguments).map { Array($0.utf8) })
    #expect(
      outcome.code == code, "\(arguments): \(outcome.text)\(outcome.errorText)",
      sourceLocation: sourceLocation)
    return outcome
  }

  /// Backs up with `--json` and answers the summary.
  func backup(
    _ arguments: String..., code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> JSON {
    let outcome = try run(
      ["backup", "--json", "-q"] + arguments, code: code, sourceLocation: sourceLocation)
    return try #require(
      try JSON.lines(outcome.text).last, sourceLocation: sourceLocation)
  }

  /// What `snapshots` says.
  func snapshots(_ arguments: String...) throws -> [JSON] {
    let outcome = try run(["snapshots", "--json"] + arguments)
    guard case .list(let snapshots) = try JSON(outcome.text) else { return [] }
    return snapshots
  }

  /// The paths that a restore of the newest snapshot brings, sorted, below the target.
  func restoredPaths(
    _ snapshot: String = "latest", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let target = "restored-\(UInt32.random(in: 0...UInt32.max))"
    try run(["restore", "-q", snapshot, "-t", target], sourceLocation: sourceLocation)
    return try shell("cd \(target) && find . -mindepth 1 | cut -c3- | LC_ALL=C sort").lines
  }

  /// Runs a script of the shell in the sandbox, which must succeed.
  @discardableResult
  func shell(
    _ script: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try sandbox.run("/bin/sh", [Array("-ec".utf8), Array(script.utf8)])
    #expect(outcome.code == 0, "\(outcome.errorText)", sourceLocation: sourceLocation)
    return outcome
  }

  /// How two folders differ in the eyes of rsync: content, modes, owners, times, links, attributes.
  func differences(_ left: String, _ right: String) throws -> [String] {
    let outcome = try shell("rsync -aHAXnic --numeric-ids --delete '\(left)/' '\(right)/'")
    return outcome.lines
  }

  func path(_ name: String) -> String { sandbox.path(name) }
}
