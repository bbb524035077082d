// Completion in the shells that it is for: each is asked what it would complete.

import Testing

@Suite struct CompletionTests {
  private let sandbox: Sandbox

  init() throws {
    sandbox = try Sandbox()
  }

  /// What a shell prints that runs a script after the completion for it was loaded.
  private func lines(
    _ shell: String, _ script: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let file = sandbox.path("completion")
    let made = try sandbox.igudar("generate", "--\(shell)-completion", file)
    #expect(made.code == 0, "\(made.errorText)", sourceLocation: sourceLocation)
    let outcome = try sandbox.run(
      "/usr/bin/env", [shell, "-c", script].map { Array($0.utf8) })
    #expect(outcome.errors.isEmpty, "\(outcome.errorText)", sourceLocation: sourceLocation)
    return outcome.lines
  }

  @Test func bashCompletesCommandsAndOptions() throws {
    let script = """
      source ./completion
      COMP_WORDS=(igudar ver); COMP_CWORD=1; _igudar; echo "${COMPREPLY[@]}"
      COMP_WORDS=(igudar -r x version --js); COMP_CWORD=4; _igudar; echo "${COMPREPLY[@]}"
      COMP_WORDS=(igudar key ''); COMP_CWORD=2; _igudar; echo "${COMPREPLY[@]}"
      """
    #expect(try lines("bash", script) == ["version", "--json", "add list passwd remove"])
  }

  @Test func zshCompletesCommandsAndOptions() throws {
    // The functions of zsh that would show them print them.
    let script = #"""
      compdef() { :; }; _files() { print files }
      _describe() { local list=$argv[-1]; print -lr -- ${(P)list} | grep -- "^$words[CURRENT]" }
      source ./completion
      words=(igudar ver) CURRENT=2; _igudar
      words=(igudar -r x version --js) CURRENT=5; _igudar
      words=(igudar key p) CURRENT=3; _igudar
      words=(igudar backup --exclude '') CURRENT=4; _igudar
      words=(igudar restore latest '') CURRENT=4; _igudar
      words=(igudar backup --one) CURRENT=3; _igudar
      """#
    #expect(
      try lines("zsh", script) == [
        "version:Print the version of igudar", "--json:print JSON for programs",
        "passwd:Change the password", "files", "files",
        "--one-file-system:stay on the file system",
      ])
  }

  @Test func fishCompletesCommandsAndOptions() throws {
    let script = """
      source ./completion
      for line in 'igudar ver' 'igudar -r x version --js' 'igudar key p' 'igudar backup --one' \
          'igudar restore comp' 'igudar ls --exclu'
        complete -C $line | string replace \\t ':'
      end
      """
    #expect(
      try lines("fish", script) == [
        "version:Print the version of igudar", "--json:print JSON for programs",
        "passwd:Change the password", "--one-file-system:stay on the file system", "completion",
      ])
  }
}
