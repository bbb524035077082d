// `igudar generate`: files made from the option tables.

import Platform

/// Shell completion.
enum Generate {
  static let bash = Option(
    "bash-completion", takes: "FILE", help: "write completion for bash to FILE ('-' prints it)")

  static let command = Command(
    "generate", summary: "Write completion for the shell",
    details: """
      For one shell session: source <(igudar generate --bash-completion -)
      For good: igudar generate --bash-completion /etc/bash_completion.d/igudar
      """,
    options: [bash]
  ) { invocation in
    guard let target = invocation.options.bytes(bash) else {
      throw invocation.usage("say what to write: \(bash.flag) FILE")
    }
    try write(BashCompletion.script, to: target, invocation.output)
    return .done
  }

  private static func write(
    _ text: String, to target: [UInt8], _ output: Output
  ) throws {
    if target == Array("-".utf8) { return output.write(Array(text.utf8)) }
    try SmallFile.write(target, Array(text.utf8))
    output.note("wrote \(printable(target))")
  }
}
