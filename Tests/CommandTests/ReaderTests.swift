// The second implementation: Tests/Reader is written in Python from FORMAT.md alone. What igudar
// writes it must read, byte for byte, or FORMAT.md says something else than the code does.

import Testing

@Suite struct ReaderTests {
  private static let reader = "\(testsFolder)/Reader/igudar_reader.py"
  private static var testsFolder: String {
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }
  }

  private func read(_ sandbox: Sandbox, _ arguments: String...) throws -> Outcome {
    try sandbox.run(
      "/usr/bin/env", (["python3", Self.reader] + arguments).map { Array($0.utf8) }, seconds: 120)
  }

  // A repository with a large, a small, an empty and a sparse file, and a second snapshot.
  private func repository(_ sandbox: Sandbox, _ options: String...) throws -> String {
    try sandbox.write("key", [UInt8](0..<32))
    sandbox.environment["IGUDAR_KEY_FILE"] = sandbox.path("key")
    sandbox.environment["IGUDAR_REPOSITORY"] = sandbox.path("repo")
    #expect(try sandbox.igudar((["init"] + options).map { Array($0.utf8) }).code == 0)
    try sandbox.makeFolder("data")
    try sandbox.write("data/small", "small\n")
    try sandbox.write("data/empty", "")
    try sandbox.write("data/large", Self.noise(3_000_000))
    let sparse = "truncate -s 9M sparse && printf x | dd of=sparse bs=1 seek=5000000 conv=notrunc"
    let made = try sandbox.run(
      "/bin/sh", ["-c", "cd \(sandbox.path("data")) && \(sparse)"].map { Array($0.utf8) })
    #expect(made.code == 0)
    #expect(try sandbox.igudar("backup", sandbox.path("data")).code == 0)
    try sandbox.write("data/small", "changed\n")
    #expect(try sandbox.igudar("backup", sandbox.path("data")).code == 0)
    return sandbox.path("repo")
  }

  // Bytes that do not compress, the same in every run.
  private static func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }

  @Test(arguments: ["xchacha20-poly1305", "aes256-gcm"])
  func whatIsBackedUpIsReadByTheReader(cipher: String) throws {
    let sandbox = try Sandbox()
    let repository = try repository(sandbox, "--cipher", cipher)
    let key = sandbox.path("key")
    let list = try read(sandbox, repository, "--key-file", key, "list")
    #expect(list.code == 0, "\(list.errorText)")
    #expect(list.lines.filter { !$0.isEmpty }.count >= 2)
    for name in ["small", "empty", "large", "sparse"] {
      let path = sandbox.path("data/\(name)")
      let outcome = try read(sandbox, repository, "--key-file", key, "extract", "latest", path)
      #expect(outcome.code == 0, "\(outcome.errorText)")
      let isEqual = try outcome.output == sandbox.read("data/\(name)")
      #expect(isEqual, "\(name) differs")
    }
    let check = try read(sandbox, repository, "--key-file", key, "check")
    #expect(check.code == 0, "\(check.text)\(check.errorText)")
  }

  @Test func theReaderNeedsNoIndex() throws {
    let sandbox = try Sandbox()
    let repository = try repository(sandbox)
    let outcome = try read(
      sandbox, repository, "--key-file", sandbox.path("key"), "--from-packs", "extract", "latest",
      sandbox.path("data/large"))
    #expect(outcome.code == 0, "\(outcome.errorText)")
    let isEqual = try outcome.output == sandbox.read("data/large")
    #expect(isEqual)
  }

  @Test func theReaderProvesTheVectors() throws {
    let sandbox = try Sandbox()
    let outcome = try read(sandbox, "selftest", "\(Self.testsFolder)/Vectors")
    #expect(outcome.code == 0, "\(outcome.text)\(outcome.errorText)")
  }
}
