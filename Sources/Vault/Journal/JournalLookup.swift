// One entry of the journal by its number, for looking at it.

extension Journal {
  /// The entry with this number, read from the store.
  ///
  /// Its seal, its signature and the hash of its stored bytes are checked; whether the chain leads
  /// through it is known only as far as it was read.
  /// - Throws: `missing`, `damaged` and `newer` naming the entry, `store`.
  package func entry(_ number: UInt64) throws(VaultError) -> JournalEntry {
    try sealing.open(read(number), number: number) { _ in true }.entry
  }
}
