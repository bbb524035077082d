// Sealed run keys in the index cache. What goes wrong with them is no matter, and no reason to throw
// the cache away: the keys can be agreed again.

extension IndexCache: RunKeyCache {
  package func sealedRunKey(of run: PublicKey) -> [UInt8]? {
    guard let table = tables.runs,
      let stored = try? shared.read({ (snapshot) throws(LMDBError) in
        try snapshot.get(table, run.bytes)
      })
    else { return nil }
    return CheckedValue.open(table, run.bytes, stored)
  }

  package func store(sealedRunKeys keys: [PublicKey: [UInt8]]) {
    guard let table = tables.runs else { return }
    try? environment.write { (writer) throws(LMDBError) in
      for (run, sealed) in keys { try writer.putChecked(table, run.bytes, sealed) }
    }
  }
}
