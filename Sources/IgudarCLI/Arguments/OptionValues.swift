// What the command line said: options in their order and operands. Arguments are bytes, as the
// kernel hands them over; text is asked for where text is meant.

import Platform

/// Options and operands as given.
struct OptionValues: Sendable {
  private var given: [(name: String, argument: [UInt8]?)] = []
  /// The command whose help lists the options, but for those of all commands.
  var command: String?
  /// What is neither an option nor an option's argument, and all that follows `--`.
  var operands: [[UInt8]] = []

  mutating func add(_ option: Option, _ argument: [UInt8]?) {
    given.append((option.flag, argument))
  }

  /// Adds another part of the command line behind this one.
  mutating func append(_ other: OptionValues) {
    given += other.given
    operands += other.operands
  }

  /// How many times the option was given.
  func count(_ option: Option) -> Int {
    given.count { $0.name == option.flag }
  }

  func has(_ option: Option) -> Bool { count(option) > 0 }

  /// The argument given last, as it is.
  func bytes(_ option: Option) -> [UInt8]? { all(option).last }

  /// All arguments, in order, as they are.
  func all(_ option: Option) -> [[UInt8]] {
    given.filter { $0.name == option.flag }.compactMap(\.argument)
  }

  /// The argument given last; throws when it does not parse.
  func value<Value: Parsable>(
    _ option: Option, as type: Value.Type = Value.self
  ) throws(Failure) -> Value? {
    guard let bytes = bytes(option) else { return nil }
    return try parsed(bytes, of: option.flag, in: topic(option))
  }

  /// All arguments, in order; throws at the first that does not parse.
  func values<Value: Parsable>(
    _ option: Option, as type: Value.Type = Value.self
  ) throws(Failure) -> [Value] {
    var values: [Value] = []
    for bytes in all(option) {
      values.append(try parsed(bytes, of: option.flag, in: topic(option)))
    }
    return values
  }

  private func topic(_ option: Option) -> String? {
    GlobalOptions.all.contains { $0.flag == option.flag } ? nil : command
  }
}

/// Reads the text of an option or environment variable; the error names `source`, and the command
/// whose help says more.
func parsed<Value: Parsable>(
  _ bytes: [UInt8], of source: String, in command: String? = nil
) throws(Failure) -> Value {
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw Failure.usage("\(source) '\(printable(bytes))': is not UTF-8", of: command)
  }
  do {
    return try Value(parsing: text)
  } catch {
    throw Failure.usage("\(source) '\(printable(bytes))': \(error.reason)", of: command)
  }
}
