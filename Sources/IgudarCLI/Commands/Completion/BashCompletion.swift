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

  private static var cases: String {
    let commands = CompletionWords.commands.map { command in
      "    '\(command.name)') words=\"\(flags(command.options + GlobalOptions.all))\" ;;"
    }
    let groups = CompletionWords.groups.map { group in
      let verbs = CompletionWords.verbs(of: group).map(\.word).joined(separator: " ")
      return "    '\(group)') words=\"\(verbs)\" ;;"
    }
    return (commands + groups).joined(separator: "\n")
  }

  private static var groups: String { CompletionWords.groups.joined(separator: " ") }
  private static var valueFlags: String { CompletionWords.valueFlags.joined(separator: "|") }

  private static var firstWords: String {
    CompletionWords.first.map(\.word).joined(separator: " ")
  }

  private static func flags(_ options: [Option]) -> String {
    options.filter { !$0.isHidden }.map(\.flag).joined(separator: " ")
  }
}
