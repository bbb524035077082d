// The way of an entry into stored bytes and back. What is opened was authenticated for its number
// and repository, and its signature is that of the writer it names; whether that writer is admitted
// and the chain holds is for `JournalState` to say.

import Storage

/// Seals and opens journal entries of one repository.
package struct JournalSealing: Sendable {
  let repository: RepositoryID
  let keyring: KeyRing
  let signer: SigningKey
  let randomness: any Randomness

  /// An entry as it stands in the store.
  package struct Sealed: Sendable {
    package let entry: JournalEntry
    package let payload: [UInt8]
    package let stored: [UInt8]

    var cached: CachedEntry {
      CachedEntry(
        number: entry.number, hash: entry.hash, seal: Array(stored[..<SealedObject.sealSize]),
        payload: payload)
    }
  }

  package init(
    repository: RepositoryID, keyring: KeyRing, signer: SigningKey, randomness: any Randomness
  ) {
    self.repository = repository
    self.keyring = keyring
    self.signer = signer
    self.randomness = randomness
  }

  // MARK: Sealing

  /// The entry that follows a state, opened again and compared before anybody sees it.
  ///
  /// - Throws: `limit` for a body that is too large, `verificationFailed` if it comes out different.
  package func seal(
    _ body: JournalBody, after state: JournalState, time: Int64
  ) throws(VaultError) -> Sealed {
    let number = state.nextNumber
    let path = JournalEntry.path(number)
    let unsigned = JournalPayload.unsigned(
      previous: state.tail?.hash ?? .zero, writer: signer.publicKey, time: time,
      newestSummary: state.newestSummary, body: body)
    let payload =
      unsigned
      + signer.sign(
        JournalPayload.signingInput(unsigned, number: number, repository: repository))
    guard SealedObject.size(payload: payload.count) <= SealedObject.Kind.journalEntry.sizeLimit
    else { throw .limit("\(path) would be larger than a journal entry may be") }
    let stored = SealedObject.seal(
      payload, as: .journalEntry, path: path, keyring: keyring, repository: repository,
      randomness: randomness)
    let sealed: Sealed
    do throws(VaultError) {
      sealed = try open(stored, number: number) { _ in true }
    } catch {
      throw .verificationFailed(path)
    }
    guard sealed.payload == payload, sealed.entry.body == body else {
      throw .verificationFailed(path)
    }
    return sealed
  }

  /// The stored bytes of an entry that was read before, and what it says; nil unless all of them
  /// come out as they were, with a signature that holds.
  package func restore(_ cached: CachedEntry) -> Sealed? {
    guard let stored = stored(cached) else { return nil }
    return try? open(stored, number: cached.number) { _ in true }
  }

  /// What entries say that were verified before they were cached; nil for one whose payload does not
  /// seal to the bytes that its hash stands for.
  ///
  /// Nothing is said of a signature: the hash has to be one that was verified.
  func reopen(_ cached: ArraySlice<CachedEntry>) -> [JournalEntry?] {
    var entries: [JournalEntry?] = []
    var rest = cached
    while !rest.isEmpty {
      let group = rest.prefix(Self.hashedTogether)
      rest = rest.dropFirst(Self.hashedTogether)
      let stored = group.map(sealedAgain)
      let names = Hash.names(of: stored.map { $0 ?? [] })
      for (index, cached) in group.enumerated() {
        let isSame = stored[index] != nil && names[index] == cached.hash
        entries.append(
          isSame
            ? try? entry(cached.payload, number: cached.number, hash: cached.hash) { _ in } : nil)
      }
    }
    return entries
  }

  // Twice what the widest registers take, so that none of them waits for a single large one.
  private static let hashedTogether = 16

  private func stored(_ cached: CachedEntry) -> [UInt8]? {
    guard let stored = sealedAgain(cached), Hash.name(of: stored) as ObjectHash == cached.hash
    else { return nil }
    return stored
  }

  private func sealedAgain(_ cached: CachedEntry) -> [UInt8]? {
    SealedObject.seal(
      cached.payload, as: .journalEntry, path: JournalEntry.path(cached.number),
      again: cached.seal, keyring: keyring, repository: repository)
  }

  // MARK: Opening

  /// Opens the stored bytes of an entry.
  ///
  /// - Throws: `damaged` naming the entry, `newer` for a type or critical field not known here.
  package func open(
    _ stored: [UInt8], number: UInt64, admits: (PublicKey) -> Bool
  ) throws(VaultError) -> Sealed {
    let payload: [UInt8]
    do throws(Damage) {
      payload = try SealedObject.open(
        stored, as: .journalEntry, path: JournalEntry.path(number), keyring: keyring,
        repository: repository)
    } catch {
      throw .damaged(object: JournalEntry.path(number), error)
    }
    let hash: ObjectHash = Hash.name(of: stored)
    let entry = try verify(payload, number: number, hash: hash, admits: admits)
    return Sealed(entry: entry, payload: payload, stored: stored)
  }

  /// Checks the signature of a payload, and takes it apart.
  package func verify(
    _ payload: [UInt8], number: UInt64, hash: ObjectHash, admits: (PublicKey) -> Bool
  ) throws(VaultError) -> JournalEntry {
    try entry(payload, number: number, hash: hash) { (parts) throws(Damage) in
      let message = parts.signingInput(number: number, repository: repository)
      guard parts.writer.verify(parts.signature, of: message) else { throw .badSignature }
      guard admits(parts.writer) else { throw .unknownWriter }
    }
  }

  private func entry(
    _ payload: [UInt8], number: UInt64, hash: ObjectHash,
    check: (borrowing JournalPayload) throws(Damage) -> Void
  ) throws(VaultError) -> JournalEntry {
    do throws(Damage) {
      let parts = try unsafe JournalPayload(payload.span.bytes)
      try check(parts)
      if let body = try JournalBody.decode(type: parts.type, record: parts.body) {
        return JournalEntry(
          number: number, hash: hash, previous: parts.previous, writer: parts.writer,
          time: parts.time, newestSummary: parts.newestSummary, body: body)
      }
    } catch .unknownCritical(let field) {
      throw .newer("field \(field) of \(JournalEntry.path(number))")
    } catch {
      throw .damaged(object: JournalEntry.path(number), error)
    }
    throw .newer("the type of \(JournalEntry.path(number))")
  }
}
