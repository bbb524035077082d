// One command: its table of options, its help, and what it does. A command's file defines one value
// of this type; `Command.all` lists them.

/// A verb of the command line.
struct Command: Sendable {
  /// One word, or two for a verb of a group: `key add`.
  let name: String
  /// One line for the list of commands, no full stop.
  let summary: String
  /// As the synopsis shows them: `[SNAPSHOT[:PATH]] …`; empty when there are none.
  let operands: String
  /// How many operands are accepted.
  let operandCount: ClosedRange<Int>
  /// Paragraphs for the command's own help.
  let details: String
  let options: [Option]
  let isHidden: Bool
  let run: @Sendable (Invocation) throws -> ExitCode

  init(
    _ name: String, summary: String, operands: String = "",
    operandCount: ClosedRange<Int> = 0...0, details: String = "", options: [Option] = [],
    hidden: Bool = false, run: @escaping @Sendable (Invocation) throws -> ExitCode
  ) {
    self.name = name
    self.summary = summary
    self.operands = operands
    self.operandCount = operandCount
    self.details = details
    self.options = options
    self.run = run
    isHidden = hidden
  }

  /// The usage line, such as `igudar backup [options] FILE/DIR …`.
  var synopsis: String {
    ["igudar \(name)", "[options]", operands].filter { !$0.isEmpty }.joined(separator: " ")
  }

  static func named(_ name: String) -> Command? {
    all.first { $0.name == name }
  }

  /// The commands of a group such as `key`; empty when there is no such group.
  static func group(_ name: String) -> [Command] {
    all.filter { $0.name.hasPrefix(name + " ") }
  }
}
