// The packs of the index cache: numbers for names, and what the journal says of them.

extension IndexCache {
  /// What a pack number stands for; nil for a number that was never given out.
  package func pack(_ number: UInt32) throws(VaultError) -> IndexedPack? {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        try IndexedPack.load(number, tables, snapshot, states(snapshot))
      }
    }
  }

  /// The pack with this name; nil when no segment or state has named it.
  package func pack(named name: ObjectHash) throws(VaultError) -> IndexedPack? {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        guard let number = try number(of: name, snapshot) else { return nil }
        return try IndexedPack.load(number, tables, snapshot, states(snapshot))
      }
    }
  }

  /// All packs, ascending by number, until the body says false.
  ///
  /// The body may use the cache.
  package func forEachPack(
    _ body: (IndexedPack) throws(VaultError) -> Bool
  ) throws(VaultError) {
    var next: UInt32 = 0
    while true {
      let batch = try packs(from: next)
      for pack in batch where try !body(pack) { return }
      guard let last = batch.last, last.number < .max else { return }
      next = last.number + 1
    }
  }

  private func packs(from first: UInt32) throws(VaultError) -> [IndexedPack] {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        let states = try states(snapshot)
        var batch: [IndexedPack] = []
        let cursor = try snapshot.cursor(tables.packs)
        var item = try unsafe IndexKey.number(first).withRawBytes { (key) throws(LMDBError) in
          try unsafe cursor.seek(key)
        }
        while let found = unsafe item, batch.count < 1024 {
          let key = unsafe [UInt8](found.key)
          guard key.count == 4,
            let pack = try IndexedPack.load(
              UInt32(IndexKey.decode(key)), tables, snapshot, states)
          else { throw .corrupt("a pack's number") }
          batch.append(pack)
          unsafe item = unsafe try cursor.next()
        }
        return batch
      }
    }
  }

  /// Notes what the journal says of packs, also of those that no segment has named yet.
  package func setPackState(
    _ state: PackStanding, of names: [ObjectHash]
  ) throws(VaultError) {
    guard !names.isEmpty else { return }
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        let packs = names.map { SegmentPack(name: $0, size: 0) }
        for number in try assignNumbers(packs, writer) {
          let key = IndexKey.number(number)
          if state == .live {
            try writer.delete(tables.states, key)
          } else {
            try writer.putChecked(tables.states, key, [state.rawValue])
          }
        }
        let generation = try PackStates.generation(tables, writer.snapshot)
        try PackStates.setGeneration(generation + 1, tables, writer)
      }
    }
  }

  /// The numbers of those of these packs that are known.
  func numbers(of names: [ObjectHash]) throws(VaultError) -> [UInt32] {
    guard !names.isEmpty else { return [] }
    return try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var found: [UInt32] = []
        for name in names {
          if let number = try number(of: name, snapshot) { found.append(number) }
        }
        return found
      }
    }
  }

  /// Those of these packs that are known, by number.
  package func numbers(
    named names: [ObjectHash]
  ) throws(VaultError) -> [UInt32: ObjectHash] {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var found: [UInt32: ObjectHash] = [:]
        for name in names {
          if let number = try number(of: name, snapshot) { found[number] = name }
        }
        return found
      }
    }
  }

  /// The numbers of those of these packs that are known with the given sizes.
  func packs(named names: [ObjectHash], sized sizes: [UInt32]) throws(VaultError) -> [UInt32] {
    guard !names.isEmpty else { return [] }
    return try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var found: [UInt32] = []
        for (name, size) in zip(names, sizes) {
          guard let number = try number(of: name, snapshot),
            let pack = try IndexedPack.load(number, tables, snapshot, PackStates()),
            pack.size == size
          else { continue }
          found.append(number)
        }
        return found
      }
    }
  }

  private func states(_ snapshot: LMDBSnapshot) throws(LMDBError) -> PackStates {
    var states = PackStates()
    try states.refresh(tables, snapshot)
    return states
  }

  func number(
    of name: ObjectHash, _ snapshot: LMDBSnapshot
  ) throws(LMDBError) -> UInt32? {
    guard let value = try snapshot.checked(tables.names, name.bytes) else { return nil }
    guard value.count == 4 else { throw .corrupt("a pack's number") }
    return UInt32(value.half(0)) | UInt32(value.half(2)) << 16
  }

  /// The numbers of packs, given to those that have none; sizes are filled in as they get known.
  func assignNumbers(
    _ packs: [SegmentPack], _ writer: borrowing LMDBWriter
  ) throws(LMDBError) -> [UInt32] {
    var counters = try IndexCounters(tables, writer.snapshot)
    var numbers: [UInt32] = []
    numbers.reserveCapacity(packs.count)
    for pack in packs {
      if let known = try number(of: pack.name, writer.snapshot) {
        try fillIn(pack, known, &counters, writer)
        numbers.append(known)
        continue
      }
      let number = counters.nextPack
      counters.nextPack += 1
      counters.packBytes += UInt64(pack.size)
      var value = ByteWriter(capacity: 4)
      value.u32(number)
      try writer.putChecked(tables.names, pack.name.bytes, value.bytes)
      try put(pack, number, writer)
      numbers.append(number)
    }
    try counters.store(tables, writer)
    return numbers
  }

  private func fillIn(
    _ pack: SegmentPack, _ number: UInt32, _ counters: inout IndexCounters,
    _ writer: borrowing LMDBWriter
  ) throws(LMDBError) {
    let known = try IndexedPack.load(number, tables, writer.snapshot, PackStates())
    guard let known, known.hash == pack.name else { throw .corrupt("a pack's number") }
    guard known.size == 0, pack.size > 0 else { return }
    counters.packBytes += UInt64(pack.size)
    try put(pack, number, writer)
  }

  private func put(
    _ pack: SegmentPack, _ number: UInt32, _ writer: borrowing LMDBWriter
  ) throws(LMDBError) {
    var value = ByteWriter(capacity: 36)
    value.id(pack.name)
    value.u32(pack.size)
    try writer.putChecked(tables.packs, IndexKey.number(number), value.bytes)
  }
}
