// The keys of a repository as people see them: ways to unlock it, which the format calls slots. A
// new one is written, read back and opened before an old one goes, and the last one stays.

public import Storage
public import Vault

/// One way to unlock a repository.
public struct KeyDescription: Sendable {
  /// What a key opens with.
  public enum Kind: String, Sendable {
    /// A password.
    case passphrase
    /// A file of random bytes.
    case keyFile = "key-file"
  }

  /// 32 hex digits.
  public let id: String
  /// What it opens with.
  public let kind: Kind
  /// What a guess of the passphrase costs; zero for key files.
  public let cost: Argon2Cost
  /// Whether the repository was opened with it.
  public let isCurrent: Bool
  /// Who made it, where and when; nil if that was tampered with.
  public let information: SlotInformation?

  /// The first eight digits, for people.
  public var shortID: String { String(id.prefix(8)) }
}

extension Repository {
  /// The keys in the order of their IDs, and what is wrong with objects that should be keys.
  public func keys() throws(RepositoryError) -> (keys: [KeyDescription], damages: [String]) {
    let (slots, damaged) = try vaultErrors { () throws(VaultError) in try vault.access.slots() }
    return (slots.map(describe), damaged.map { "\($0.name) \($0.damage)" })
  }

  /// What is wrong with objects that should be keys, as far as it can be seen without a secret.
  public static func damagedKeys(in store: any ObjectStore) throws(RepositoryError) -> [String] {
    let damaged = try vaultErrors { () throws(VaultError) in
      try RepositoryAccess.damagedSlots(of: store)
    }
    return damaged.map { "\($0.name) \($0.damage)" }
  }

  /// The only key whose ID begins with these digits.
  ///
  /// - Throws: `selector` when there is none, or more than one.
  public func key(_ prefix: String) throws(RepositoryError) -> KeyDescription {
    let digits = prefix.lowercased()
    let found = try keys().keys.filter { !digits.isEmpty && $0.id.hasPrefix(digits) }
    guard let first = found.first else { throw .selector("no key “\(prefix)”") }
    guard found.count == 1 else {
      let ids = found.map(\.shortID).joined(separator: ", ")
      throw .selector("“\(prefix)” could be any of the keys \(ids)")
    }
    return first
  }

  /// Adds a key and answers its ID; it was read back and opened on return.
  ///
  /// A passphrase costs as much as the one that opened the repository, if that was one.
  public func addKey(
    _ secret: Secret, information: SlotInformation
  ) throws(RepositoryError) -> String {
    let cost = try newCost()
    return try vaultErrors { () throws(VaultError) in
      try vault.access.addSlot(secret, cost: cost, information: information).hex
    }
  }

  /// Takes a key away.
  ///
  /// - Throws: `refused` for the one that opened the repository, and for the last one.
  public func removeKey(_ key: KeyDescription) throws(RepositoryError) {
    guard key.id != vault.access.slot.hex else {
      throw .refused("key \(key.shortID) is the one that opened the repository just now")
    }
    try vaultErrors { () throws(VaultError) in
      guard let id = SlotID(hex: key.id) else { throw .noSlot(key.id) }
      try vault.access.removeSlot(id)
    }
  }

  /// Puts a new secret in the place of the one that opened the repository; answers the new ID.
  public func replaceKey(
    with secret: Secret, information: SlotInformation
  ) throws(RepositoryError) -> String {
    let cost = try newCost()
    return try vaultErrors { () throws(VaultError) in
      let access = vault.access
      return try access.replaceSlot(
        access.slot, with: secret, cost: cost, information: information
      ).hex
    }
  }

  private func newCost() throws(RepositoryError) -> Argon2Cost {
    let current = try keys().keys.first { $0.isCurrent && $0.kind == .passphrase }
    return current?.cost ?? .standard
  }

  private func describe(_ slot: SlotDescription) -> KeyDescription {
    KeyDescription(
      id: slot.id.hex, kind: slot.kind == .passphrase ? .passphrase : .keyFile, cost: slot.cost,
      isCurrent: slot.id == vault.access.slot, information: try? slot.information.get())
  }
}
