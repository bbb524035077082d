// Where the secret comes from. Flags win over the environment; two flags, or two variables, that name
// different sources are an error, never a guess.

import Glibc
import Platform

/// A way to get the password or the key.
enum SecretSource: Equatable, Sendable {
  /// A password file, and the option or variable that names it.
  case file([UInt8], from: String = GlobalOptions.passwordFile.flag)
  case command([String])
  /// The variable IGUDAR_PASSWORD.
  case environment
  case keyFile([UInt8], from: String = GlobalOptions.keyFile.flag)
  /// Ask on the terminal.
  case prompt

  /// The file that it is in, if it is in one.
  var file: FilePath? {
    switch self {
    case .file(let path, _), .keyFile(let path, _): FilePath(path)
    case .command, .environment, .prompt: nil
    }
  }

  static let variables = [
    "IGUDAR_PASSWORD", "IGUDAR_PASSWORD_FILE", "IGUDAR_PASSWORD_COMMAND", "IGUDAR_KEY_FILE",
  ]

  /// The source that the options name, else the one the environment names, else the terminal.
  init(
    _ options: OptionValues, of command: String,
    environment: (String) -> [UInt8]? = Platform.environment
  ) throws(Failure) {
    let flags = [
      GlobalOptions.passwordFile, GlobalOptions.passwordCommand, GlobalOptions.keyFile,
    ].filter(options.has).map(\.flag)
    guard flags.count < 2 else {
      throw Failure.usage("\(flags.joined(separator: " and ")) exclude each other", of: command)
    }
    if let source = try Self.named(by: options) {
      self = source
    } else {
      self = try Self.named(by: environment) ?? .prompt
    }
  }

  private static func named(by options: OptionValues) throws(Failure) -> SecretSource? {
    if let path = options.bytes(GlobalOptions.passwordFile) { return .file(path) }
    if let path = options.bytes(GlobalOptions.keyFile) { return .keyFile(path) }
    let words = try options.value(GlobalOptions.passwordCommand, as: CommandWords.self)
    return words.map { .command($0.words) }
  }

  private static func named(
    by environment: (String) -> [UInt8]?
  ) throws(Failure) -> SecretSource? {
    let given = variables.filter { environment($0)?.isEmpty == false }
    guard given.count < 2 else {
      throw Failure("\(given.joined(separator: " and ")) are both set; unset all but one")
    }
    guard let name = given.first, let value = environment(name) else { return nil }
    switch name {
    case "IGUDAR_PASSWORD": return .environment
    case "IGUDAR_PASSWORD_FILE": return .file(value, from: name)
    case "IGUDAR_KEY_FILE": return .keyFile(value, from: name)
    default:
      let words: CommandWords = try parsed(value, of: name)
      return .command(words.words)
    }
  }
}
