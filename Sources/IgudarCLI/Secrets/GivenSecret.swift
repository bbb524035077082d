// The secret itself, as the vault wants it: a password, or the bytes of a key file.

import Platform

/// A secret that was read.
struct GivenSecret: ~Copyable {
  enum Kind: Sendable { case password, keyFile }

  let kind: Kind
  let text: SecretText
  /// The key file's name.
  var path: [UInt8] = []
}

extension SecretSource {
  /// How often a person may mistype.
  static let attempts = 3

  /// Opens an existing repository at `location`, asking a person up to three times.
  ///
  /// `attempt` gets the secret and returns nil when it is the wrong one.
  func unlocking<Result>(
    _ location: String, _ attempt: (borrowing GivenSecret) throws -> Result?
  ) throws -> Result {
    for number in 1...(self == .prompt ? Self.attempts : 1) {
      if number > 1 { try Prompt.say("wrong password, try again\n") }
      if let result = try attempt(try read("enter password for repository: ")) { return result }
    }
    throw Failure.wrongKey(at: location)
  }

  /// Reads the secret for a new slot; a person types it twice.
  func new() throws(Failure) -> GivenSecret {
    guard self == .prompt else { return try read("") }
    let first = try Prompt.read("enter password for new repository key: ")
    let second = try Prompt.read("enter password again: ")
    guard first.isEqual(to: second) else { throw Failure("the passwords are not the same") }
    return try Self.checked(first)
  }

  private func read(_ question: String) throws(Failure) -> GivenSecret {
    switch self {
    case .file(let path, let source):
      try Failure.naming(source) { () throws(Failure) in
        try Self.checked(try SecretFile.line(at: path))
      }
    case .keyFile(let path, let source):
      try Failure.naming(source) { () throws(Failure) in
        try Self.key(try SecretFile.whole(at: path), at: path)
      }
    case .command(let words): try Self.checked(try PasswordCommand(words).read())
    case .environment: try Self.checked(try SecretVariable.take("IGUDAR_PASSWORD"))
    case .prompt: try Self.checked(try Prompt.read(question))
    }
  }

  private static func checked(_ text: consuming SecretText) throws(Failure) -> GivenSecret {
    guard !text.isEmpty else { throw Failure("the password is empty, which is not accepted") }
    return GivenSecret(kind: .password, text: text)
  }

  private static func key(
    _ text: consuming SecretText, at path: [UInt8]
  ) throws(Failure) -> GivenSecret {
    let secret = GivenSecret(kind: .keyFile, text: text, path: path)
    _ = try secret.forVault()
    return secret
  }
}
