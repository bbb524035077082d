// The command line is read in steps, so that global options may stand before the command's name and all
// options behind it. A name may have two words: `key add`.

import Platform

/// A command line, read.
enum Request: Sendable {
  case run(Command, OptionValues)
  /// Help about a command, a group, or everything (nil).
  case help(String?)
  case version(OptionValues)

  /// Reads arguments without the program's name.
  init(_ arguments: [[UInt8]]) throws(Failure) {
    var values = OptionValues()
    var name = ""
    var rest = arguments
    repeat {
      var part = try Self.globals(rest)
      guard let word = part.operands.first else {
        self = try Self.commandless(name, values, part)
        return
      }
      (rest, part.operands) = (Array(part.operands.dropFirst()), [])
      values.append(part)
      name += (name.isEmpty ? "" : " ") + printable(word)
    } while Command.named(name) == nil && !Command.group(name).isEmpty
    guard let command = Command.named(name) else { throw Self.unknown(name) }
    self = try Self.reading(command, values, rest)
  }

  private static func globals(_ arguments: [[UInt8]]) throws(Failure) -> OptionValues {
    let table = GlobalOptions.all + [GlobalOptions.version]
    return try OptionScanner(table, stopsAtOperand: true).scan(arguments)
  }

  private static func commandless(
    _ group: String, _ earlier: OptionValues, _ last: OptionValues
  ) throws(Failure) -> Request {
    var values = earlier
    values.append(last)
    if values.has(GlobalOptions.version) { return .version(values) }
    if group.isEmpty || values.has(GlobalOptions.help) { return .help(group.isEmpty ? nil : group) }
    let names = Command.group(group).map(\.name)
    throw Failure.usage("'\(group)' needs one more word: \(names.joined(separator: ", "))")
  }

  private static func reading(
    _ command: Command, _ earlier: OptionValues, _ rest: [[UInt8]]
  ) throws(Failure) -> Request {
    var values = earlier
    let table = command.options + GlobalOptions.all
    values.append(try OptionScanner(table, of: command.name).scan(rest))
    if values.has(GlobalOptions.help) { return .help(command.name) }
    try check(values.operands, of: command)
    values.command = command.name
    return .run(command, values)
  }

  private static func check(_ operands: [[UInt8]], of command: Command) throws(Failure) {
    if operands.count < command.operandCount.lowerBound {
      throw Failure.usage("an argument is missing: \(command.synopsis)", of: command.name)
    }
    guard operands.count > command.operandCount.upperBound else { return }
    let extra = printable(operands[command.operandCount.upperBound])
    throw Failure.usage("unexpected argument '\(extra)': \(command.synopsis)", of: command.name)
  }

  /// The error for a command that does not exist.
  static func unknown(_ name: String) -> Failure {
    if let advice = advice(forAbsent: name) {
      return Failure.usage("unknown command '\(name)': \(advice)")
    }
    let names = Command.all.filter { !$0.isHidden }.map(\.name)
    return Failure.usage("unknown command '\(name)'\(suggestions(for: name, among: names))")
  }
}
