// The bytes of LMDB's pages, as far as StructureCheck needs them: meta pages, tree records, and the
// nodes of branch and leaf pages. Every offset is checked when a value is made.

internal import CLMDB

// From mdb.c; not in its header.
let F_BIGDATA = 1
let F_SUBDATA = 2
let P_BRANCH = 1
let P_LEAF = 2
let P_OVERFLOW = 4
let P_META = 8

/// Where a tree begins and what it counts: MDB_db, 48 bytes.
struct TreeRecord {
  static let size = 48

  let pad: UInt32
  let flags: UInt16
  let depth: UInt16
  let branches: UInt64
  let leaves: UInt64
  let overflows: UInt64
  let entries: UInt64
  let root: UInt64

  static var empty: TreeRecord { TreeRecord([UInt8](repeating: 0, count: size), at: 0) }

  init(_ bytes: [UInt8], at offset: Int) {
    let kind = bytes.word(offset)
    pad = UInt32(truncatingIfNeeded: kind)
    flags = UInt16(truncatingIfNeeded: kind >> 32)
    depth = UInt16(truncatingIfNeeded: kind >> 48)
    branches = bytes.word(offset + 8)
    leaves = bytes.word(offset + 16)
    overflows = bytes.word(offset + 24)
    entries = bytes.word(offset + 32)
    root = bytes.word(offset + 40)
  }
}

/// One of the two meta pages; the newer one is in force.
struct MetaPage {
  let free: TreeRecord
  let main: TreeRecord
  let lastPage: UInt64
  let transaction: UInt64

  init(_ page: [UInt8], number: UInt64) throws(LMDBError) {
    guard page.word(0) == number, page.half(10) == UInt16(P_META),
      page.word(16) == 1 << 32 | 0xbeef_c0de
    else { throw .corrupt("meta page \(number)") }
    let mapSize = page.word(32)
    free = TreeRecord(page, at: 40)
    main = TreeRecord(page, at: 88)
    lastPage = page.word(136)
    transaction = page.word(144)
    // The free list's record holds the page size and, besides its own flag, that of the
    // environment's form.
    guard free.pad == 4096, free.flags & ~0x4000 == UInt16(MDB_INTEGERKEY), main.flags == 0,
      mapSize < 1 << 46, transaction < 1 << 62
    else { throw .corrupt("values of meta page \(number)") }
  }
}

/// The nodes of one page, all known to lie inside it without overlap.
struct PageNodes {
  let page: [UInt8]
  let count: Int
  let isLeaf: Bool

  init(_ page: [UInt8], number: UInt64, isLeaf: Bool) throws(LMDBError) {
    self.page = page
    self.isLeaf = isLeaf
    let lower = Int(page.half(12))
    let upper = Int(page.half(14))
    guard page.word(0) == number, page.half(10) == UInt16(isLeaf ? P_LEAF : P_BRANCH) else {
      throw .corrupt("kind of page \(number)")
    }
    guard lower >= 16, lower.isMultiple(of: 2), lower <= upper, upper <= page.count,
      upper.isMultiple(of: 2)
    else { throw .corrupt("bounds of page \(number)") }
    count = (lower - 16) / 2
    guard count >= (isLeaf ? 1 : 2) else { throw .corrupt("page \(number) is too empty") }
    try checkTiling(upper)
  }

  // Nodes lie back to back from `upper` to the end of the page, in any order.
  private func checkTiling(_ upper: Int) throws(LMDBError) {
    // One bit for every two bytes.
    var taken = [UInt64](repeating: 0, count: page.count / 128)
    var total = 0
    for index in 0..<count {
      let start = offset(index)
      guard start >= upper, start.isMultiple(of: 2), start + 8 <= page.count else {
        throw .corrupt("place of a node")
      }
      let size = nodeSize(index)
      guard size <= 2048, start + size <= page.count else { throw .corrupt("size of a node") }
      total += size
      for unit in start / 2..<(start + size) / 2 {
        let bit: UInt64 = 1 << UInt64(unit & 63)
        guard taken[unit >> 6] & bit == 0 else { throw .corrupt("nodes overlap") }
        taken[unit >> 6] |= bit
      }
    }
    guard total == page.count - upper else { throw .corrupt("gaps between nodes") }
  }

  private func offset(_ index: Int) -> Int { Int(page.half(16 + index * 2)) }

  private func nodeSize(_ index: Int) -> Int {
    let payload = !isLeaf ? 0 : flags(index) == UInt16(F_BIGDATA) ? 8 : dataSize(index)
    return (8 + keySize(index) + payload + 1) & ~1
  }

  func keySize(_ index: Int) -> Int { Int(page.half(offset(index) + 6)) }

  func flags(_ index: Int) -> UInt16 { page.half(offset(index) + 4) }

  func dataSize(_ index: Int) -> Int {
    let start = offset(index)
    return Int(page.half(start)) | Int(page.half(start + 2)) << 16
  }

  /// The page that a branch node leads to.
  func child(_ index: Int) -> UInt64 {
    let start = offset(index)
    return UInt64(page.half(start)) | UInt64(page.half(start + 2)) << 16
      | UInt64(page.half(start + 4)) << 32
  }

  func key(_ index: Int) -> [UInt8] {
    let start = offset(index) + 8
    return Array(page[start..<start + keySize(index)])
  }

  /// The value itself, or the number of the page where a large one begins.
  func value(_ index: Int) -> [UInt8] {
    let start = offset(index) + 8 + keySize(index)
    let size = flags(index) == UInt16(F_BIGDATA) ? 8 : dataSize(index)
    return Array(page[start..<start + size])
  }

  /// Whether the key is above the one before.
  func ascends(_ index: Int, integers: Bool) -> Bool {
    let left = offset(index - 1) + 8
    let right = offset(index) + 8
    if integers { return page.word(left) < page.word(right) }
    let leftKey = page[left..<left + keySize(index - 1)]
    return leftKey.lexicographicallyPrecedes(page[right..<right + keySize(index)])
  }
}

extension [UInt8] {
  /// The little-endian u64 at an offset.
  func word(_ offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset + 8 <= count, "inside the bytes")
    return unsafe withUnsafeBytes {
      unsafe UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// The little-endian u16 at an offset.
  func half(_ offset: Int) -> UInt16 {
    precondition(offset >= 0 && offset + 2 <= count, "inside the bytes")
    return unsafe withUnsafeBytes {
      unsafe UInt16(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
  }
}
