// What can be completed, from the tables of commands and options: the same for every shell.

/// The words that shells complete, with what they mean.
enum CompletionWords {
  static let commands = Command.all.filter { !$0.isHidden }

  /// The first words of commands: names, and groups such as `key`.
  static var first: [(word: String, help: String)] {
    let plain = commands.filter { !$0.name.contains(" ") }.map { ($0.name, $0.summary) }
    let grouped = groups.map { ($0, verbs(of: $0).map(\.word).joined(separator: ", ")) }
    return (plain + grouped).sorted { $0.0 < $1.0 }
  }

  /// The words that begin several commands.
  static var groups: [String] {
    unique(commands.map(\.name).filter { $0.contains(" ") }.map { String($0.prefix { $0 != " " }) })
  }

  /// The second words of a group.
  static func verbs(of group: String) -> [(word: String, help: String)] {
    Command.group(group).filter { !$0.isHidden }.map { command in
      (String(command.name.dropFirst(group.count + 1)), command.summary)
    }
  }

  /// The options of a command that help shows.
  static func options(of command: Command) -> [Option] {
    command.options.filter { !$0.isHidden }
  }

  static let globalOptions = GlobalOptions.all.filter { !$0.isHidden }

  /// Flags that take the next word as their argument.
  static var valueFlags: [String] {
    let options = (commands.flatMap(\.options) + GlobalOptions.all).filter(\.takesNextWord)
    return unique(
      options.flatMap { option in
        [option.flag] + (option.letter.map { ["-\($0)"] } ?? [])
      })
  }

  private static func unique(_ words: [String]) -> [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }
}

extension String {
  /// With every occurrence of a character written as another text.
  func writing(_ character: Character, as other: String) -> String {
    split(separator: character, omittingEmptySubsequences: false).joined(separator: other)
  }
}

extension Option {
  /// Whether the next word is its argument.
  var takesNextWord: Bool {
    if case .required = argument { true } else { false }
  }
}
