// Sealed run keys in the index cache. What goes wrong with them is no matter: the keys can be agreed
// again.

extension IndexCache: RunKeyCache {
  package func sealedRunKey(of run: PublicKey) -> [UInt8]? {
    try? self.run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        try snapshot.checked(tables.runs, run.bytes)
      }
    }
  }

  package func store(sealedRunKeys keys: [(run: PublicKey, sealed: [UInt8])]) {
    try? self.run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        for (run, sealed) in keys { try writer.putChecked(tables.runs, run.bytes, sealed) }
      }
    }
  }
}
