// Makes the payload of an index segment, FORMAT.md section 11. What is added may come in any order
// and more than once; what comes out is sorted, holds nothing twice, and is the same for the same
// rows.

/// Gathers packs, frames and rows for a segment.
package struct SegmentBuilder: Sendable {
  private var packs: [SegmentPack] = []
  private var packPlaces: [ObjectHash: UInt32] = [:]
  private var frames: [SegmentFrame] = []
  private var rows: [SegmentRow] = []
  private var superseded: [ObjectHash] = []

  package init() {}

  package var rowCount: Int { rows.count }
  package var isEmpty: Bool { rows.isEmpty && superseded.isEmpty }

  /// The payload's size if nothing was added twice, in bytes.
  package var size: Int {
    Segment.headerSize + packs.count * Segment.packSize + frames.count * Segment.frameSize
      + rows.count * Segment.rowSize + superseded.count * Segment.nameSize
  }

  /// Adds a pack; the result stands for it in `addFrame`.
  package mutating func addPack(_ name: ObjectHash, size: UInt32) -> UInt32 {
    if let place = packPlaces[name] {
      precondition(packs[Int(place)].size == size, "a pack has one size")
      return place
    }
    let place = UInt32(packs.count)
    packs.append(SegmentPack(name: name, size: size))
    packPlaces[name] = place
    return place
  }

  /// Adds a frame of a pack that was added; the result stands for it in `addRow`.
  package mutating func addFrame(
    pack: UInt32, offset: UInt32, storedLength: UInt32, plainLength: UInt32, kind: ChunkKind
  ) -> UInt32 {
    precondition(pack < packs.count, "a pack that was added")
    frames.append(
      SegmentFrame(
        pack: pack, offset: offset, storedLength: storedLength, plainLength: plainLength,
        kind: kind))
    return UInt32(frames.count - 1)
  }

  /// Makes room for rows that are to come, if these are the first; others let it grow as it may, as
  /// making exactly the room for each pack would copy all rows for each.
  package mutating func reserve(firstRowCount count: Int) {
    if rows.isEmpty { rows.reserveCapacity(count) }
  }

  /// Adds a chunk of a frame that was added.
  package mutating func addRow(_ id: ChunkID, frame: UInt32, offset: UInt32, length: UInt32) {
    precondition(frame < frames.count, "a frame that was added")
    rows.append(SegmentRow(id: id, frame: frame, offset: offset, length: length))
  }

  /// Names a segment whose rows this one takes over.
  package mutating func supersede(_ segment: ObjectHash) { superseded.append(segment) }

  /// Adds what another segment says of the packs that are kept.
  package mutating func add(_ segment: Segment, keeping isKept: (ObjectHash) -> Bool) {
    let packPlaces = (0..<segment.packCount).map { index -> UInt32? in
      let pack = segment.pack(index)
      return isKept(pack.name) ? addPack(pack.name, size: pack.size) : nil
    }
    let framePlaces = (0..<segment.frameCount).map { index -> UInt32? in
      let frame = segment.frame(index)
      guard let pack = packPlaces[Int(frame.pack)] else { return nil }
      return addFrame(
        pack: pack, offset: frame.offset, storedLength: frame.storedLength,
        plainLength: frame.plainLength, kind: frame.kind)
    }
    for index in 0..<segment.rowCount {
      let row = segment.row(index)
      guard let frame = framePlaces[Int(row.frame)] else { continue }
      addRow(row.id, frame: frame, offset: row.offset, length: row.length)
    }
  }

  /// The payload with its set checksum.
  ///
  /// The rows must keep the format's rules; `Segment` tells.
  package consuming func finish(_ indexKey: SecretKey) -> [UInt8] {
    sortPacks()
    sortFrames()
    sortRows()
    superseded.sort()
    Self.removeRepeated(&superseded)
    var sum = RowSum(indexKey)
    for row in rows {
      let frame = frames[Int(row.frame)]
      sum.add(row, in: frame, of: packs[Int(frame.pack)].name)
    }
    return encode(sum.finish())
  }

  private mutating func sortPacks() {
    let order = packs.indices.sorted { packs[$0].name < packs[$1].name }
    let places = Self.places(of: order, count: packs.count)
    packs = order.map { packs[$0] }
    frames = frames.map { frame in
      SegmentFrame(
        pack: places[Int(frame.pack)], offset: frame.offset, storedLength: frame.storedLength,
        plainLength: frame.plainLength, kind: frame.kind)
    }
  }

  private mutating func sortFrames() {
    let order = frames.indices.sorted {
      (frames[$0].pack, frames[$0].offset) < (frames[$1].pack, frames[$1].offset)
    }
    var sorted: [SegmentFrame] = []
    sorted.reserveCapacity(frames.count)
    var places = [UInt32](repeating: 0, count: frames.count)
    for index in order {
      let frame = frames[index]
      if let last = sorted.last, last.pack == frame.pack, last.offset == frame.offset {
        precondition(last == frame, "a frame has one length and kind")
      } else {
        sorted.append(frame)
      }
      places[index] = UInt32(sorted.count - 1)
    }
    frames = sorted
    for index in rows.indices {
      let row = rows[index]
      rows[index] = SegmentRow(
        id: row.id, frame: places[Int(row.frame)], offset: row.offset, length: row.length)
    }
  }

  // The first bits of IDs are spread evenly, so that rows in their order are almost sorted.
  private mutating func sortRows() {
    let bits = min(16, UInt.bitWidth - rows.count.leadingZeroBitCount)
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      for bucket in unsafe Self.spread(rows, by: bits) where bucket.count > 1 {
        var part = unsafe UnsafeMutableBufferPointer(rebasing: rows[bucket])
        unsafe part.sort { $0.isBefore($1) }
      }
    }
    Self.removeRepeated(&rows)
  }

  /// Brings rows into the order of the first bits of their IDs, in place (American flag sort), and
  /// answers where the rows with the same first bits are now.
  private static func spread(
    _ rows: UnsafeMutableBufferPointer<SegmentRow>, by bits: Int
  ) -> [Range<Int>] {
    func bucket(_ row: SegmentRow) -> Int { Int(row.id.words.0 >> UInt64(64 - bits)) }
    var counts = [Int](repeating: 0, count: 1 << bits)
    for index in rows.indices { unsafe counts[bucket(rows[index])] += 1 }
    var end = 0
    let buckets = counts.map { count in
      defer { end += count }
      return end..<end + count
    }
    // In each bucket the first place that may hold a row of another one.
    var next = buckets.map(\.lowerBound)
    for index in buckets.indices {
      while next[index] < buckets[index].upperBound {
        let place = next[index]
        let home = unsafe bucket(rows[place])
        if home != index { unsafe rows.swapAt(place, next[home]) }
        next[home] += 1
      }
    }
    return buckets
  }

  // In place, as rows can be many.
  private static func removeRepeated<Item: Equatable>(_ items: inout [Item]) {
    var kept = 0
    for index in items.indices where kept == 0 || items[kept - 1] != items[index] {
      items[kept] = items[index]
      kept += 1
    }
    items.removeLast(items.count - kept)
  }

  private static func places(of order: [Int], count: Int) -> [UInt32] {
    var places = [UInt32](repeating: 0, count: count)
    for (place, index) in order.enumerated() { places[index] = UInt32(place) }
    return places
  }

  private func encode(_ sum: SetChecksum) -> [UInt8] {
    var writer = ByteWriter(capacity: size)
    for count in [packs.count, frames.count, rows.count, superseded.count] {
      writer.u32(UInt32(count))
    }
    writer.raw(sum.bytes)
    for pack in packs {
      writer.id(pack.name)
      writer.u32(pack.size)
    }
    for frame in frames {
      writer.u32(frame.pack)
      writer.u32(frame.offset)
      writer.u32(frame.storedLength)
      writer.u24(frame.plainLength)
      writer.u8(frame.kind.rawValue)
    }
    for row in rows {
      writer.id(row.id)
      writer.u32(row.frame)
      writer.u24(row.offset)
      writer.u24(row.length)
    }
    for name in superseded { writer.id(name) }
    return writer.bytes
  }
}
