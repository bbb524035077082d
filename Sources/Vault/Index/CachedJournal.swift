// The verified journal in the index cache, so that opening a repository reads only what is new.
// An entry whose checksum does not hold counts as absent: the journal reads it again.

/// A journal entry that was verified before it was put into the cache.
package struct CachedEntry: Hashable, Sendable {
  package let number: UInt64
  /// The hash of the entry's stored bytes.
  package let hash: ObjectHash
  /// The first bytes of those, with which the payload seals to the same again.
  package let seal: [UInt8]
  /// Whatever the journal wants to find again.
  package let payload: [UInt8]

  /// A seal has 48 bytes; zeros stand for one that is not known.
  package init(
    number: UInt64, hash: ObjectHash,
    seal: [UInt8] = Array(repeating: 0, count: SealedObject.sealSize), payload: [UInt8]
  ) {
    precondition(seal.count == SealedObject.sealSize, "a seal has its length")
    self.number = number
    self.hash = hash
    self.seal = seal
    self.payload = payload
  }
}

extension IndexCache {
  private static let entryHeaderSize = 32 + SealedObject.sealSize

  /// Remembers verified entries, and the head that was reached with them.
  package func store(
    entries: [CachedEntry], head: JournalHead?
  ) throws(VaultError) {
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        for entry in entries {
          var value = ByteWriter(capacity: Self.entryHeaderSize + entry.payload.count)
          value.id(entry.hash)
          value.raw(entry.seal)
          value.raw(entry.payload)
          try writer.putChecked(tables.journal, IndexKey.number(entry.number), value.bytes)
        }
        guard let head else { return }
        var value = ByteWriter(capacity: 40)
        value.u64(head.number)
        value.id(head.hash)
        try writer.putChecked(tables.about, IndexKey.head, value.bytes)
      }
    }
  }

  /// The head that was stored last; nil in a new cache.
  package func head() throws(VaultError) -> JournalHead? {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        guard let value = try snapshot.checked(tables.about, IndexKey.head) else { return nil }
        guard value.count == 40 else { throw .corrupt("a head of another length") }
        return JournalHead(number: value.word(0), hash: ObjectHash(bytes: Array(value[8...])))
      }
    }
  }

  /// One entry; nil when it is not at hand.
  package func entry(_ number: UInt64) throws(VaultError) -> CachedEntry? {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        let key = IndexKey.number(number)
        return try snapshot.get(tables.journal, key).flatMap { entry(key, $0) }
      }
    }
  }

  /// Entries of a range that are at hand, ascending, until they come to about a megabyte.
  package func entries(in range: Range<UInt64>) throws(VaultError) -> [CachedEntry] {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var batch: [CachedEntry] = []
        var size = 0
        let cursor = try snapshot.cursor(tables.journal)
        var item = try unsafe IndexKey.number(range.lowerBound).withRawBytes {
          (key) throws(LMDBError) in try unsafe cursor.seek(key)
        }
        while let found = unsafe item, size < 1 << 20 {
          let key = unsafe [UInt8](found.key)
          guard key.count == 8 else { throw .corrupt("an entry's number") }
          guard IndexKey.decode(key) < range.upperBound else { break }
          unsafe size += found.value.count
          if let entry = unsafe entry(key, [UInt8](found.value)) { batch.append(entry) }
          unsafe item = unsafe try cursor.next()
        }
        return batch
      }
    }
  }

  private func entry(_ key: [UInt8], _ stored: [UInt8]) -> CachedEntry? {
    let size = Self.entryHeaderSize
    guard let value = CheckedValue.open(tables.journal, key, stored), value.count >= size else {
      return nil
    }
    return CachedEntry(
      number: IndexKey.decode(key), hash: ObjectHash(bytes: Array(value[..<32])),
      seal: Array(value[32..<size]), payload: Array(value[size...]))
  }
}
