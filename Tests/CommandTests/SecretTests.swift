// How a password or key gets in: exact bytes, clear refusals, nothing left in the environment.

import Glibc
import Platform
import Testing

@testable import IgudarCLI

@Suite struct SecretTests {
  private let sandbox: Sandbox

  init() throws {
    sandbox = try Sandbox()
  }

  /// The secret that a source gives, as text.
  private func read(_ source: SecretSource) throws -> String {
    try source.unlocking("/srv/repo") { secret in
      unsafe secret.text.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
  }

  private func message(_ source: SecretSource) -> String {
    do {
      return "no error: " + (try read(source))
    } catch {
      return (error as? Failure)?.message ?? "\(error)"
    }
  }

  private func file(_ text: String) throws -> SecretSource {
    .file(Array(try sandbox.write("secret", text).utf8))
  }

  @Test(arguments: [
    ("secret\n", "secret"), ("secret", "secret"), ("two\n\n", "two\n"), (" spaces \n", " spaces "),
    ("cr\r\n", "cr"), ("cr\r", "cr\r"), ("\u{FEFF}é\n", "\u{FEFF}é"),
  ])
  func onlyTheFinalNewlineIsCut(_ content: String, _ secret: String) throws {
    #expect(try read(try file(content)).utf8.elementsEqual(secret.utf8))
  }

  @Test func emptyAndHugeFilesAreRefused() throws {
    #expect(message(try file("")).contains("empty"))
    #expect(message(try file("\n")).contains("empty"))
    let huge = try file(String(repeating: "x", count: 5000))
    #expect(message(huge).contains("\(sandbox.path)/secret holds more than 4095 bytes"))
    let missing = SecretSource.file(Array(sandbox.path("missing").utf8))
    let path = "\(sandbox.path)/missing"
    #expect(message(missing).contains("--password-file: \(path): No such file or directory"))
    #expect(message(.keyFile([], from: "IGUDAR_KEY_FILE")).contains("IGUDAR_KEY_FILE: “”: No such"))
  }

  @Test func commandsRunWithoutAShell() throws {
    #expect(try read(.command(["echo", "$HOME", "a b"])) == "$HOME a b")
    #expect(message(.command(["false"])).contains("'false' failed: exit code 1"))
    #expect(message(.command(["/nonexistent"])).contains("failed: No such file or directory"))
    #expect(message(.command(["true"])).contains("empty"))
  }

  @Test func aCommandThatNeverStopsPrintingIsEnded() {
    #expect(message(.command(["yes"])).contains("holds more than"))
  }

  @Test func aKeyFileHasItsSize() throws {
    let path = try sandbox.write("key", [UInt8](repeating: 7, count: 32))
    let kind = try SecretSource.keyFile(Array(path.utf8)).unlocking("") { $0.kind }
    #expect(kind == .keyFile)
    let short = try sandbox.write("short", "abc")
    #expect(message(.keyFile(Array(short.utf8))).contains("\(short) is not a key file"))
  }

  @Test func aWrongSecretThatNobodyTypedIsNotAskedForAgain() throws {
    var attempts = 0
    let source = try file("wrong")
    let failure = #expect(throws: Failure.self) {
      try source.unlocking("/srv/repo") { _ -> Int? in
        attempts += 1
        return nil
      }
    }
    #expect(attempts == 1)
    #expect(failure?.code == .wrongKey)
    #expect(failure?.message.contains("/srv/repo") == true)
  }

  @Test func theEnvironmentForgetsTheSecret() async {
    await #expect(processExitsWith: .exitCode(42)) {
      _ = unsafe setenv("IGUDAR_PASSWORD", "from outside", 1)
      guard let value = unsafe getenv("IGUDAR_PASSWORD") else { return }
      let text = try SecretVariable.take("IGUDAR_PASSWORD")
      let isWiped = unsafe value[0] == 0 && value[11] == 0
      if text.count == 12, isWiped, environment("IGUDAR_PASSWORD") == nil { exit(42) }
    }
  }

  @Test func equalSecretsAreEqual() throws {
    func text(_ content: String) throws -> SecretText {
      try SecretFile.line(at: Array(try sandbox.write(content, content).utf8))
    }
    let (one, other) = (try Box(text("abc")), try Box(text("abd")))
    let (same, different) = (one.text.isEqual(to: one.text), one.text.isEqual(to: other.text))
    #expect(same)
    #expect(!different)
  }
}

/// Lets a secret stand where only copyable values may.
private final class Box {
  let text: SecretText

  init(_ text: consuming SecretText) {
    self.text = text
  }
}
