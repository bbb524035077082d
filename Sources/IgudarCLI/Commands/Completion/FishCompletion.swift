// Completion for fish: words with what they mean; file names come from fish.

/// The script that `generate --fish-completion` writes.
enum FishCompletion {
  static var script: String {
    """
    # fish completion for igudar, made by `igudar generate`
    function __igudar_command
      set -l words (commandline -opc)
      set -e words[1]
      set -l command
      set -l isValue 0
      for word in $words
        if test $isValue = 1
          set isValue 0
          continue
        end
        switch $word
          case \(CompletionWords.valueFlags.joined(separator: " "))
            set isValue 1
          case '-*'
          case '*'
            set -a command $word
            contains -- "$command" \(CompletionWords.groups.joined(separator: " ")); or break
        end
      end
      string join ' ' -- $command
    end
    function __igudar_is
      set -l command (__igudar_command)
      test "$command" = "$argv"
    end
    complete -c igudar -f
    \((words + options + values).joined(separator: "\n"))

    """
  }

  private static var words: [String] {
    let first = CompletionWords.first.map { line("", $0.word, $0.help) }
    let second = CompletionWords.groups.flatMap { group in
      CompletionWords.verbs(of: group).map { line(group, $0.word, $0.help) }
    }
    return first + second
  }

  private static func line(_ command: String, _ word: String, _ help: String) -> String {
    "complete -c igudar -n \(condition(command)) -a \(word) -d \(quoted(help))"
  }

  private static var options: [String] {
    CompletionWords.globalOptions.map { line($0, nil) }
      + CompletionWords.commands.flatMap { command in
        CompletionWords.options(of: command).map { line($0, command.name) }
      }
  }

  private static func line(_ option: Option, _ command: String?) -> String {
    var words = ["complete -c igudar"]
    if let command { words.append("-n \(condition(command))") }
    words.append("-l \(option.name)")
    if let letter = option.letter { words.append("-s \(letter)") }
    if option.takesNextWord { words.append("-r -F") }
    return (words + ["-d \(quoted(option.help))"]).joined(separator: " ")
  }

  // Operands can be files.
  private static var values: [String] {
    CompletionWords.commands.filter { !$0.operands.isEmpty }.map { command in
      "complete -c igudar -n \(condition(command.name)) -F"
    }
  }

  private static func condition(_ command: String) -> String {
    command.isEmpty ? "'__igudar_is \"\"'" : "'__igudar_is \(command)'"
  }

  private static func quoted(_ text: String) -> String {
    "'\(text.writing("\\", as: "\\\\").writing("'", as: "\\'"))'"
  }
}
