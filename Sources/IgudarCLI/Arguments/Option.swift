// One option of a command's table. The table is the only place that knows an option: parsing, help
// and shell completion all read it.

/// A flag or an option with an argument.
struct Option: Sendable {
  enum Argument: Equatable, Sendable {
    case none
    /// The name help shows for it: `FILE`.
    case required(String)
    /// Only as `--name=ARGUMENT`.
    case optional(String)
  }

  /// Without dashes.
  let name: StaticString
  /// An ASCII letter, for `-x`.
  let letter: Character?
  let argument: Argument
  /// One line, no full stop.
  let help: String
  /// May be given several times and means something each time; else the last one wins.
  let isRepeatable: Bool
  /// Understood, but not shown.
  let isHidden: Bool

  init(
    _ name: StaticString, _ letter: Character? = nil, _ argument: Argument = .none,
    repeatable: Bool = false, hidden: Bool = false, help: String
  ) {
    self.name = name
    self.letter = letter
    self.argument = argument
    self.help = help
    isRepeatable = repeatable
    isHidden = hidden
  }

  /// An option that takes an argument.
  init(
    _ name: StaticString, _ letter: Character? = nil, takes argument: String,
    repeatable: Bool = false, hidden: Bool = false, help: String
  ) {
    self.init(
      name, letter, .required(argument), repeatable: repeatable, hidden: hidden, help: help)
  }

  /// As it is written: `--name`.
  var flag: String { "--\(name)" }

  /// As help lists it: `-t, --target DIR`.
  var synopsis: String {
    let short = letter.map { "-\($0), " } ?? "    "
    switch argument {
    case .none: return short + flag
    case .required(let name): return "\(short)\(flag) \(name)"
    case .optional(let name): return "\(short)\(flag)[=\(name)]"
    }
  }
}
