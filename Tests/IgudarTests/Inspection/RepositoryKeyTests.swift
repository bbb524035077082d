// Keys are listed, added, removed and replaced, and nobody is locked out by it.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct RepositoryKeyTests {
  private let small: SmallRepository

  init() throws { small = try SmallRepository() }

  private func add() throws -> (id: String, secret: Secret) {
    let secret = Secret.newKeyFile()
    let id = try small.repository.addKey(secret, information: SmallRepository.information)
    return (id, secret)
  }

  @Test func aNewKeyOpensAndIsListed() throws {
    let (id, secret) = try add()
    try small.reopen(with: secret)
    let (keys, damages) = try small.repository.keys()
    #expect(keys.count == 2)
    #expect(damages.isEmpty)
    let current = try #require(keys.first { $0.isCurrent })
    #expect(current.id == id)
    #expect(current.kind == .keyFile)
    #expect(current.information?.host == Array("granary".utf8))
    #expect(keys.count { $0.isCurrent } == 1)
  }

  @Test func keysAreFoundByTheirBeginning() throws {
    let (id, _) = try add()
    #expect(try small.repository.key(String(id.prefix(12)).uppercased()).id == id)
    #expect(throws: RepositoryError.self) { try small.repository.key("") }
    #expect(throws: RepositoryError.self) { try small.repository.key("x") }
    for _ in 0..<16 { _ = try add() }
    let digits = try small.repository.keys().keys.compactMap(\.id.first)
    let twice = try #require(digits.first { digit in digits.count { $0 == digit } > 1 })
    #expect(throws: RepositoryError.self) { try small.repository.key(String(twice)) }
  }

  @Test func aRemovedKeyOpensNothing() throws {
    let (id, secret) = try add()
    try small.repository.removeKey(try small.repository.key(id))
    #expect(throws: RepositoryError.wrongKey) { try small.reopen(with: secret) }
    try small.reopen()
  }

  @Test func theKeyInUseAndTheLastOneStay() throws {
    let listed = try small.repository.keys().keys
    let only = try #require(listed.first)
    #expect(throws: RepositoryError.self) { try small.repository.removeKey(only) }
    let (_, secret) = try add()
    try small.reopen(with: secret)
    let keys = try small.repository.keys().keys
    let current = try #require(keys.first { $0.isCurrent })
    #expect(throws: RepositoryError.self) { try small.repository.removeKey(current) }
    try small.repository.removeKey(only)
    #expect(throws: RepositoryError.self) { try small.repository.removeKey(only) }
    try small.reopen(with: secret)
  }

  @Test func aReplacedSecretOpensNothing() throws {
    let secret = Secret.newKeyFile()
    let id = try small.repository.replaceKey(
      with: secret, information: SmallRepository.information)
    #expect(throws: RepositoryError.wrongKey) { try small.reopen() }
    try small.reopen(with: secret)
    #expect(try small.repository.keys().keys.map(\.id) == [id])
  }

  @Test func aKeyThatWasTamperedWithIsShownAsSuch() throws {
    let (id, _) = try add()
    let slots = try small.store.list(prefix: "slots/")
    let name = try #require(slots.first { $0.name.lastPart == id })
    var bytes = try small.store.read(name.name, limit: 512)
    bytes[300] ^= 1
    try small.store.delete(name.name)
    _ = try small.store.create(name.name, bytes)
    let key = try small.repository.key(id)
    #expect(key.information == nil)
  }
}
