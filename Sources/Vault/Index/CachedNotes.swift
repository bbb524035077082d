// Sealed records of notes in the index cache. What goes wrong with them is no matter, and no reason to
// throw the cache away: the notes can be opened again.

extension IndexCache: NoteCache {
  // Bytes of all; when they would be more, those of snapshots that are long gone may be among them, and
  // it begins anew.
  private static let notesLimit = 32 << 20
  private static let notesKeySize = 4 + 32

  package func forEachSealed(_ body: (SealedNotes) -> Void) {
    guard let table = tables.notes else { return }
    try? shared.read { (snapshot) throws(LMDBError) in
      let cursor = try snapshot.cursor(table)
      var item = try unsafe cursor.first()
      while let row = unsafe item {
        let key = unsafe [UInt8](row.key)
        if key.count == Self.notesKeySize, unsafe row.value.count <= Self.notesLimit,
          let bytes = CheckedValue.open(table, key, unsafe [UInt8](row.value))
        {
          let epoch = UInt32(truncatingIfNeeded: IndexKey.decode(Array(key[..<4])))
          body(SealedNotes(epoch: epoch, bytes: bytes))
        }
        unsafe item = try unsafe cursor.next()
      }
    }
  }

  package func store(_ notes: SealedNotes) {
    guard let table = tables.notes else { return }
    let key = IndexKey.number(notes.epoch) + Hash.name(of: notes.bytes).bytes
    try? environment.write { (writer) throws(LMDBError) in
      var size = notes.bytes.count
      let cursor = try writer.cursor(table)
      var item = try unsafe cursor.first()
      while let row = unsafe item {
        unsafe size += row.value.count
        unsafe item = try unsafe cursor.next()
      }
      if size > Self.notesLimit { try writer.clear(table) }
      try writer.putChecked(table, key, notes.bytes)
    }
  }
}
