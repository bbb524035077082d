// Completion for zsh: words with what they mean; file names come from zsh.

/// The script that `generate --zsh-completion` writes.
enum ZshCompletion {
  static var script: String {
    """
    #compdef igudar
    # zsh completion for igudar, made by `igudar generate`
    _igudar() {
      local -a commands options
      local command= word
      integer index
      for ((index = 2; index < CURRENT; index++)); do
        word=$words[index]
        case $word in
          (\(valueFlags)) ((index++)) ;;
          (-*) ;;
          (*) command+="${command:+ }$word"; [[ " \(groups) " == *" $command "* ]] || break ;;
        esac
      done
      case $words[CURRENT-1] in
        (\(valueFlags)) _files; return ;;
      esac
      case $command in
        ('') commands=(\(list(CompletionWords.first))) ;;
    \(cases)
      esac
      options+=(\(list(CompletionWords.globalOptions)))
      if [[ $words[CURRENT] == -* ]]; then
        _describe -o option options
      elif (( $#commands )); then
        _describe command commands
      else
        _files
      fi
    }
    if [[ $funcstack[1] == _igudar ]]; then _igudar "$@"; else compdef _igudar igudar; fi

    """
  }

  private static var cases: String {
    let commands = CompletionWords.commands.map { command in
      "    ('\(command.name)') options=(\(list(CompletionWords.options(of: command)))) ;;"
    }
    let groups = CompletionWords.groups.map { group in
      "    ('\(group)') commands=(\(list(CompletionWords.verbs(of: group)))) ;;"
    }
    return (commands + groups).joined(separator: "\n")
  }

  private static var groups: String { CompletionWords.groups.joined(separator: " ") }
  private static var valueFlags: String { CompletionWords.valueFlags.joined(separator: "|") }

  private static func list(_ options: [Option]) -> String {
    list(options.map { ($0.flag, $0.help) })
  }

  private static func list(_ words: [(word: String, help: String)]) -> String {
    words.map { word in
      // A colon ends the word, and a quote the text.
      "'\(word.word):\(word.help.writing("'", as: "'\\''"))'"
    }.joined(separator: " ")
  }
}
