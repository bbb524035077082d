// Sealed records of notes in the index cache. What goes wrong with them is no matter, and no reason to
// throw the cache away: the notes can be opened again.

extension IndexCache: NoteCache {
  // More is not read at once.
  private static let notesLimit = 16 << 20

  package func sealedNotes() -> [SealedNotes] {
    guard let table = tables.notes else { return [] }
    var found: [SealedNotes] = []
    var size = 0
    try? shared.read { (snapshot) throws(LMDBError) in
      let cursor = try snapshot.cursor(table)
      var item = try unsafe cursor.first()
      while let row = unsafe item, size < Self.notesLimit {
        let key = unsafe [UInt8](row.key)
        let stored = unsafe [UInt8](row.value)
        if key.count == Self.notesKeySize, let bytes = CheckedValue.open(table, key, stored) {
          let epoch = UInt32(truncatingIfNeeded: IndexKey.decode(Array(key[..<4])))
          found.append(SealedNotes(epoch: epoch, bytes: bytes))
          size += bytes.count
        }
        unsafe item = try unsafe cursor.next()
      }
    }
    return found
  }

  package func store(_ notes: SealedNotes) {
    guard let table = tables.notes else { return }
    let key = IndexKey.number(notes.epoch) + Hash.name(of: notes.bytes).bytes
    try? environment.write { (writer) throws(LMDBError) in
      try writer.putChecked(table, key, notes.bytes)
    }
  }

  private static var notesKeySize: Int { 4 + 32 }
}
