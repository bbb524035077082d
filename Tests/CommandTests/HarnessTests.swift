// The harness itself: what it reports must be what happened.

import Glibc
import Testing

@Suite struct HarnessTests {
  @Test func codeOutputAndErrorsAreCaptured() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.run(
      "/bin/sh", ["-c", "cat; echo oops >&2; exit 7"].map { Array($0.utf8) },
      input: [1, 2, 255, 10])
    #expect(outcome.code == 7)
    #expect(outcome.output == [1, 2, 255, 10])
    #expect(outcome.errorText == "oops\n")
    #expect(!outcome.timedOut)
  }

  @Test func whatTakesTooLongIsKilled() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.run("/bin/sleep", [Array("600".utf8)], seconds: 0)
    #expect(outcome.timedOut)
    #expect(outcome.code == 128 + SIGKILL)
  }

  @Test func nothingIsLeftBehind() throws {
    var sandbox: Sandbox? = try Sandbox()
    let path = try #require(sandbox?.path)
    try sandbox?.write("file", "text")
    sandbox = nil
    let isGone = unsafe access(path, F_OK) != 0
    #expect(isGone)
  }

  @Test func programsCanBeTalkedToOnATerminal() throws {
    let sandbox = try Sandbox()
    let script = "test -t 0 && printf 'name? ' && read name && echo \"<$name>\"; exit 5"
    let session = try TerminalSession(sandbox, running: ["/bin/sh", "-c", script])
    #expect(session.shows("name? "))
    session.type("agadir\n")
    #expect(session.finish() == 5)
    #expect(session.text == "name? agadir\r\n<agadir>\r\n")
  }

  @Test func ctrlCOnATerminalInterrupts() throws {
    let sandbox = try Sandbox()
    let session = try TerminalSession(sandbox, running: ["/bin/sh", "-c", "echo ready; exec cat"])
    #expect(session.shows("ready"))
    session.type("\u{3}")
    #expect(session.finish() == 128 + SIGINT)
  }
}
