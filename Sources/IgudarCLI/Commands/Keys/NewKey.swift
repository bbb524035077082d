// The secret of a key that is to be made, and what is recorded about it.

import Glibc
import Igudar
import Platform
import Vault

/// A key as the options describe it.
struct NewKey {
  static let passwordFile = Option(
    "new-password-file", takes: "FILE", help: "file with the new password")
  static let keyFile = Option(
    "new-key-file", takes: "FILE", help: "key file, made if it does not exist")
  static let user = Option("user", takes: "NAME", help: "user to record (default: you)")
  static let host = Option("host", takes: "NAME", help: "host to record (default: this one)")

  static let options = [passwordFile, keyFile, user, host]

  let information: SlotInformation
  private let passwordPath: [UInt8]?
  private let keyPath: [UInt8]?

  init(_ invocation: Invocation) throws(Failure) {
    try invocation.refuseTogether(Self.passwordFile, Self.keyFile)
    let given = invocation.options
    passwordPath = given.bytes(Self.passwordFile)
    keyPath = given.bytes(Self.keyFile)
    information = SlotInformation(
      label: [], host: given.bytes(Self.host) ?? Machine.hostName,
      user: given.bytes(Self.user) ?? Machine.userName, created: .now())
  }

  /// Reads, asks for or makes the secret.
  func secret() throws(Failure) -> Secret {
    if let passwordPath {
      return try SecretSource.file(passwordPath, from: Self.passwordFile.flag).new().forVault()
    }
    guard let keyPath else { return try SecretSource.prompt.new().forVault() }
    if let made = try made(at: FilePath(keyPath)) { return made }
    return try SecretSource.keyFile(keyPath, from: Self.keyFile.flag).new().forVault()
  }

  // A new key file, which survives a crash from here on; nil where there is a file already.
  private func made(at path: FilePath) throws(Failure) -> Secret? {
    let secret = Secret.newKeyFile()
    guard case .keyFile(let key) = secret else { return nil }
    do throws(SystemError) {
      let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o400)
      let folder = try Descriptor.open(path.parent, O_RDONLY | O_DIRECTORY)
      do throws(Errno) {
        try unsafe key.withBytes { (bytes) throws(Errno) in try unsafe file.write(bytes) }
        try file.sync()
        try folder.sync()
      } catch { throw SystemError("write", error, path) }
    } catch {
      if error.errno == .exists { return nil }
      throw .system(error)
    }
    return secret
  }
}
