// `igudar generate`: files made from the option tables.

import Platform

/// Shell completion.
enum Generate {
  private static let bash = Option(
    "bash-completion", takes: "FILE", help: "write completion for bash to FILE ('-' prints it)")
  private static let fish = Option(
    "fish-completion", takes: "FILE", help: "write completion for fish to FILE")
  private static let zsh = Option(
    "zsh-completion", takes: "FILE", help: "write completion for zsh to FILE")

  static let command = Command(
    "generate", summary: "Write completion for the shell",
    details: """
      For one session of bash or zsh, and of fish:

        source <(igudar generate --bash-completion -)
        igudar generate --fish-completion - | source

      For good:

        igudar generate --bash-completion /etc/bash_completion.d/igudar
        igudar generate --zsh-completion /usr/local/share/zsh/site-functions/_igudar
        igudar generate --fish-completion ~/.config/fish/completions/igudar.fish
      """,
    options: [bash, fish, zsh]
  ) { invocation in
    var isIdle = true
    for (option, script) in [
      (bash, BashCompletion.script), (fish, FishCompletion.script), (zsh, ZshCompletion.script),
    ] {
      guard let target = invocation.options.bytes(option) else { continue }
      try write(script, to: target, invocation.output)
      isIdle = false
    }
    if isIdle {
      throw invocation.usage(
        "say what to write: \(bash.flag) FILE, or \(fish.flag) or \(zsh.flag)")
    }
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
