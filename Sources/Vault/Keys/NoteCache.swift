// Records of notes that were opened before, kept sealed, so that a thousand snapshots are not listed by
// a thousand key exchanges. What seals them takes both secrets that a run key takes, so a cache tells
// nothing to whoever lacks either. They are found by the hash of the note: a note that changed is not
// found.

import Platform

/// A place for sealed records; one that loses or refuses them costs time only.
package protocol NoteCache: Sendable {
  /// Hands out what was kept, in any order.
  func forEachSealed(_ body: (SealedNotes) -> Void)

  /// Keeps more beside what is there.
  func store(_ notes: SealedNotes)
}

/// Records of notes of one epoch, sealed together.
package struct SealedNotes: Hashable, Sendable {
  package let epoch: UInt32
  package let bytes: [UInt8]
}

/// A cache that keeps nothing.
package struct NoNoteCache: NoteCache {
  package init() {}
  package func forEachSealed(_ body: (SealedNotes) -> Void) {}
  package func store(_ notes: SealedNotes) {}
}

/// Records by the notes that they were in.
package struct OpenedNotes: Sendable {
  private struct Opened: Sendable {
    let type: UInt8
    let record: [UInt8]
  }

  private var notes: [ObjectHash: Opened] = [:]
  /// Bytes of the records.
  private(set) var byteCount = 0

  /// Longer records are not kept.
  static let recordLimit = 64 << 10

  package init() {}

  package var count: Int { notes.count }

  /// The record of the note with this hash, if it was opened as one in an entry of this type.
  package func record(of note: ObjectHash, type: UInt8) -> [UInt8]? {
    notes[note].flatMap { $0.type == type ? $0.record : nil }
  }

  package mutating func add(_ record: [UInt8], of note: ObjectHash, type: UInt8) {
    guard record.count <= Self.recordLimit else { return }
    byteCount += record.count
    if let replaced = notes.updateValue(Opened(type: type, record: record), forKey: note) {
      byteCount -= replaced.record.count
    }
  }

  /// Adds all that others have.
  mutating func add(_ others: OpenedNotes) {
    for (note, opened) in others.notes { add(opened.record, of: note, type: opened.type) }
  }

  /// Takes away what others have as well.
  mutating func subtract(_ others: OpenedNotes) {
    notes = notes.filter { note, _ in others.notes[note] == nil }
    byteCount = notes.values.reduce(0) { $0 + $1.record.count }
  }

  /// Name of the note, u8 entry type and the prefixed record of each.
  fileprivate var encoded: [UInt8] {
    var writer = ByteWriter()
    for (note, opened) in notes {
      writer.id(note)
      writer.u8(opened.type)
      writer.prefixed(opened.record)
    }
    return writer.bytes
  }

  fileprivate mutating func decode(_ bytes: RawSpan) throws(Damage) {
    var reader = ByteReader(bytes)
    while !reader.isAtEnd {
      let note = try reader.id(ObjectHash.self)
      let type = try reader.u8()
      add(try reader.prefixedArray(), of: note, type: type)
    }
  }
}

/// What seals the records of one epoch in a cache.
struct NoteSeal: Sendable {
  private let key: SecretKey
  private let epoch: UInt32
  private let repository: RepositoryID

  /// Nil for keys that cannot read: they have nothing to remember.
  init?(epoch: EpochKeys, repository: RepositoryID) {
    guard let secret = epoch.readerSecret else { return nil }
    self.epoch = epoch.number
    self.repository = repository
    key = unsafe secret.withBytes { unsafe Hash.derive(epoch.psk, .noteCache, $0) }
  }

  /// A nonce and the sealed records.
  func seal(_ notes: OpenedNotes, randomness: some Randomness) -> SealedNotes {
    let nonce = randomness.bytes(AEAD.nonceSize)
    let sealed = AEAD.seal(
      .xchacha20Poly1305, key: key, nonce: nonce, aad: aad, plain: notes.encoded)
    return SealedNotes(epoch: epoch, bytes: nonce + sealed)
  }

  /// Adds records to others; does nothing unless they were sealed by this.
  func open(_ sealed: SealedNotes, addingTo notes: inout OpenedNotes) {
    guard sealed.epoch == epoch, sealed.bytes.count >= AEAD.nonceSize + AEAD.tagSize else { return }
    let plain = unsafe AEAD.open(
      .xchacha20Poly1305, key: key, nonce: Array(sealed.bytes[..<AEAD.nonceSize]), aad: aad,
      sealed: sealed.bytes.span.bytes.extracting(AEAD.nonceSize..<sealed.bytes.count))
    guard let plain else { return }
    var more = notes
    do throws(Damage) { unsafe try more.decode(plain.span.bytes) } catch { return }
    notes = more
  }

  private var aad: [UInt8] {
    var writer = ByteWriter()
    writer.raw(repository.bytes)
    writer.u32(epoch)
    return writer.bytes
  }
}
