// The command line as a process: options, help, errors and exit codes as users and scripts meet them.

import Testing

@testable import IgudarCLI

@Suite struct CommandLineTests {
  private let sandbox: Sandbox

  init() throws {
    sandbox = try Sandbox()
  }

  @Test func versionIsOneLine() throws {
    let outcome = try sandbox.igudar("version")
    #expect(outcome.code == 0)
    #expect(outcome.text.hasPrefix("igudar 0.1.0 compiled with Swift "))
    #expect(outcome.lines.count == 1)
    #expect(outcome.errors.isEmpty)
  }

  @Test func globalOptionsStandBeforeAndBehindTheCommand() throws {
    let before = try sandbox.igudar("--json", "version")
    let behind = try sandbox.igudar("version", "--json")
    #expect(before.text.hasPrefix(#"{"message_type":"version","version":"0.1.0","swift_version":"#))
    #expect(before.text == behind.text)
  }

  @Test func longOptionsMayBeAbbreviated() throws {
    let outcome = try sandbox.igudar("version", "--js")
    #expect(outcome.text.hasPrefix("{"))
  }

  @Test func shortOptionsMayBeBundled() throws {
    let outcome = try sandbox.igudar("-vvh")
    #expect(outcome.code == 0)
    #expect(outcome.text.contains("Commands:"))
  }

  @Test(arguments: [
    ([], "Commands:"), (["help"], "--password-command COMMAND"), (["-h"], "Exit codes:"),
    (["help", "version"], "Usage: igudar version"),
    (["version", "--help"], "Usage: igudar version"),
    (["generate", "-h"], "--bash-completion FILE"), (["unlock", "--help"], "no locks"),
  ])
  func helpIsPrinted(_ arguments: [String], _ expected: String) throws {
    let outcome = try sandbox.igudar(arguments.map { Array($0.utf8) })
    #expect(outcome.code == 0)
    #expect(outcome.text.contains(expected))
    #expect(outcome.errors.isEmpty)
  }

  @Test(arguments: [
    (["mount", "/mnt"], "unknown command 'mount': there is no mount: `igudar ls`"),
    (["copy"], "unknown command 'copy': snapshots are not copied"),
    (["list", "snapshots"], "unknown command 'list': `igudar snapshots` lists snapshots"),
    (["versoin"], "unknown command 'versoin' (did you mean version?)"),
    (["version", "--jsn"], "unknown option --jsn (did you mean --json?)"),
    (["version", "--pass", "x"], "--pass could be --password-file or --password-command"),
    (["version", "--quiet=3"], "--quiet takes no argument"),
    (["version", "-Z"], "unknown option -Z"),
    (["version", "-r"], "--repo needs an argument: --repo REPOSITORY"),
    (["--nonsense", "version"], "unknown option --nonsense before the command's name"),
    (["version", "extra"], "unexpected argument 'extra'"),
    (["version", "--verbose=x"], "--verbose 'x': is not a whole number"),
    (["version", "-q", "-v"], "--quiet and --verbose exclude each other"),
    (["generate"], "--bash-completion FILE"), (["help", "nothing"], "unknown command 'nothing'"),
  ])
  func mistakesNameTheFlag(_ arguments: [String], _ expected: String) throws {
    let outcome = try sandbox.igudar(arguments.map { Array($0.utf8) })
    #expect(outcome.code == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorText.contains(expected))
    #expect(outcome.errorText.contains("igudar help"))
  }

  @Test func aWrongOptionInJSONIsAnExitErrorOnStandardError() throws {
    let outcome = try sandbox.igudar("version", "--json", "--zzz")
    #expect(outcome.code == 1)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.errorText.hasPrefix(
        #"{"message_type":"exit_error","code":1,"message":"unknown option --zzz."#))
  }

  @Test(arguments: [40, 60, 80])
  func helpIsAsWideAsItMayBe(_ columns: Int) throws {
    for topic in [[], ["backup"], ["dump"], ["diff"], ["restore"], ["forget"]] {
      let words = (["help"] + topic).map { Array($0.utf8) }
      let narrow = try sandbox.igudar(words, environment: ["COLUMNS": "\(columns)"])
      let usual = try sandbox.igudar(words)
      // Usage lines and examples are left as they are.
      let wide = narrow.lines.filter { $0.count > columns && !$0.hasPrefix("Usage:") }
      #expect(
        wide.filter { $0.contains(" ") && $0.hasPrefix("  ") }.allSatisfy { line in
          line.split(separator: " ").count <= 4
        }, "\(topic): \(wide)")
      #expect(!usual.lines.contains { $0.count > 98 }, "\(topic)")
      // No word is lost.
      #expect(
        narrow.text.split { $0 == " " || $0 == "\n" }
          == usual.text.split { $0 == " " || $0 == "\n" })
      let other = try sandbox.igudar(words, environment: ["COLUMNS": "none"])
      #expect(other.text == usual.text)
    }
  }

  @Test func helpIsAsWideAsTheTerminal() throws {
    // A new terminal has no size, which is none to go by.
    let session = try TerminalSession(sandbox, "help", "backup")
    #expect(session.shows("save what the command printed that stands behind --; no snapshot"))
    #expect(session.finish() == 0)
  }

  @Test func hostileArgumentsCannotDriveTheTerminal() throws {
    let outcome = try sandbox.igudar([[0x1B, 0x5B, 0x32, 0x4A, 0xFF]])
    #expect(outcome.code == 1)
    #expect(!outcome.errors.contains(0x1B))
    #expect(!outcome.errors.contains(0xFF))
  }

  @Test func unlockSaysThatThereAreNoLocks() throws {
    let outcome = try sandbox.igudar("unlock")
    #expect(outcome.code == 0)
    #expect(outcome.text.contains("no locks"))
    #expect(try sandbox.igudar("unlock", "-q").output.isEmpty)
  }

  @Test func aClosedPipeEndsQuietly() throws {
    // The reader is gone for sure before igudar starts.
    let script = "exec 4> >(exec true); wait $!; \(Program.path) help >&4; echo $?"
    let outcome = try sandbox.run("/bin/bash", [Array("-c".utf8), Array(script.utf8)])
    #expect(outcome.lines == ["0"])
    #expect(outcome.errors.isEmpty)
  }

  @Test func outputThatCannotBeWrittenIsAFailure() throws {
    let script = "\(Program.path) version > /dev/full"
    let outcome = try sandbox.run("/bin/bash", [Array("-c".utf8), Array(script.utf8)])
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("cannot write standard output: No space left on device"))
  }
}
