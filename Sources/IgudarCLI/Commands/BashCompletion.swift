// Completion for bash: the words are complete as of this binary's tables, file names come from bash.

/// The script that `generate --bash-completion` writes.
enum BashCompletion {
  static var script: String {
    """
    # bash completion for igudar, made by `igudar generate`
    _igudar() {
      local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
      local command= word index
      COMPREPLY=()
      for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        case $word in
          \(valueFlags)) ((index++)) ;;
          -*) ;;
          *) command+="${command:+ }$word"; [[ " \(groups) " == *" $command "* ]] || break ;;
        esac
      done
      case $previous in
        \(valueFlags)) compopt -o default; return ;;
      esac
      local words
      case $command in
    \(cases)
        *) words="\(firstWords) \(flags(GlobalOptions.all))" ;;
      esac
      if [[ $current != -* && -n $command && " \(groups) " != *" $command "* ]]; then
        compopt -o default
        return
      fi
      COMPREPLY=($(compgen -W "$words" -- "$current"))
    }
    complete -F _igudar igudar

    """
  }

  private static var visible: [Command] { Command.all.filter { !$0.isHidden } }

  private static var cases: String {
    let commands = visible.map { command in
      "    '\(command.name)') words=\"\(flags(command.options + GlobalOptions.all))\" ;;"
    }
    let groups = groupNames.map { group in
      let verbs = Command.group(group).map { $0.name.dropFirst(group.count + 1) }
      return "    '\(group)') words=\"\(verbs.joined(separator: " "))\" ;;"
    }
    return (commands + groups).joined(separator: "\n")
  }

  private static var groups: String { groupNames.joined(separator: " ") }

  private static var groupNames: [String] {
    unique(visible.map(\.name).filter { $0.contains(" ") }.map(firstWord))
  }

  private static var firstWords: String {
    unique(visible.map(\.name).map(firstWord)).joined(separator: " ")
  }

  private static func flags(_ options: [Option]) -> String {
    options.filter { !$0.isHidden }.map(\.flag).joined(separator: " ")
  }

  /// Flags that take the next word as their argument, as a bash pattern.
  private static var valueFlags: String {
    let options = (visible.flatMap(\.options) + GlobalOptions.all).filter { option in
      if case .required = option.argument { true } else { false }
    }
    return unique(
      options.flatMap { option in
        [option.flag] + (option.letter.map { ["-\($0)"] } ?? [])
      }
    ).joined(separator: "|")
  }

  private static func firstWord(_ name: String) -> String {
    String(name.prefix { $0 != " " })
  }

  private static func unique(_ words: [String]) -> [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }
}
