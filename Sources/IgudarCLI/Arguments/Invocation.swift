// One call of the command: which command, what it was given, where it prints.

import Platform

/// What a command works with.
struct Invocation: Sendable {
  let command: Command
  let options: OptionValues
  let output: Output

  /// What is neither an option nor its argument: paths, snapshot names.
  var operands: [[UInt8]] { options.operands }

  /// The operands as text; throws when one is not UTF-8.
  func textOperands() throws(Failure) -> [String] {
    var texts: [String] = []
    for operand in operands { texts.append(try parsed(operand, of: "argument")) }
    return texts
  }

  /// An error about the command line that points to this command's help.
  func usage(_ message: String) -> Failure {
    Failure.usage(message, of: command.name)
  }

  /// Throws when more than one of the options was given.
  func refuseTogether(_ options: Option...) throws(Failure) {
    let given = options.filter(self.options.has).map(\.flag)
    guard given.count < 2 else {
      throw usage("\(given.joined(separator: " and ")) exclude each other")
    }
  }
}

extension Invocation {
  /// Repository, secret and cache as options and environment name them.
  func settings() throws(Failure) -> Settings {
    try Settings(options, of: command.name)
  }

  /// The value of an option, else of an environment variable; an empty variable counts as not set.
  func value<Value: Parsable>(
    _ option: Option, or variable: String, as type: Value.Type = Value.self
  ) throws(Failure) -> Value? {
    if let value = try options.value(option, as: type) { return value }
    guard let bytes = environment(variable), !bytes.isEmpty else { return nil }
    return try parsed(bytes, of: variable)
  }
}
