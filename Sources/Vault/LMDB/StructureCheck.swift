// Walks a whole LMDB file (data version 1, as written by all 0.9 releases) and makes sure that
// LMDB can trust it: pages in range, used once and of the right kind, nodes that tile their page,
// keys that ascend within the bounds that their parent gives, counts that add up, a free list that
// names no used page. Reads with pread, so that a short file is an error and not a signal. It says
// nothing about the values; their readers check them.

internal import CLMDB
internal import Glibc

/// A check of a data file that nobody writes to meanwhile.
struct StructureCheck {
  private let descriptor: Int32
  private let pageCount: UInt64
  private var used: [UInt64]
  private var freeRecord = TreeRecord.empty
  private var mainRecord = TreeRecord.empty

  private static let pageSize = 4096
  private static let noPage = UInt64.max
  private static let nodeLimit = 2038

  /// Throws where the file breaks a rule.
  static func run(on descriptor: Int32) throws(LMDBError) {
    var check = try StructureCheck(descriptor)
    try check.run()
  }

  private init(_ descriptor: Int32) throws(LMDBError) {
    self.descriptor = descriptor
    guard sysconf(Int32(_SC_PAGESIZE)) == Self.pageSize else {
      throw .corrupt("pages of another size")
    }
    let metas = [
      try MetaPage(Self.page(0, of: descriptor), number: 0),
      try MetaPage(Self.page(1, of: descriptor), number: 1),
    ]
    let newest = metas[0].transaction >= metas[1].transaction ? metas[0] : metas[1]
    let size = lseek(descriptor, 0, SEEK_END)
    // The file may be shorter than the last page says, when the last ones are free. The bitmap is
    // bounded by what is there.
    let filePages = UInt64(max(0, size)) / UInt64(Self.pageSize)
    guard newest.lastPage < 1 << 40 else { throw .corrupt("last page out of range") }
    pageCount = min(newest.lastPage + 1, filePages)
    used = [UInt64](repeating: 0, count: Int(pageCount / 64) + 1)
    lastPage = newest.lastPage
    freeRecord = newest.free
    mainRecord = newest.main
  }

  private let lastPage: UInt64
  private var freeBehindEnd: UInt64 = 0

  private static func page(
    _ number: UInt64, of descriptor: Int32
  ) throws(LMDBError) -> [UInt8] {
    var done = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: pageSize) { buffer, count in
      done = unsafe pread(descriptor, buffer.baseAddress, pageSize, off_t(number) * off_t(pageSize))
      count = max(0, done)
    }
    if done < 0 { throw .system("reading page \(number)") }
    guard done == pageSize else { throw .corrupt("page \(number) is behind the end") }
    return bytes
  }

  private mutating func run() throws(LMDBError) {
    try claim(0)
    try claim(1)
    var tables: [TreeRecord] = []
    try tree(mainRecord, holdsTables: true) { (_, value) throws(LMDBError) in
      tables.append(TreeRecord(value, at: 0))
    }
    for table in tables {
      guard table.flags == 0, table.pad == 0 else { throw .corrupt("a table of another kind") }
      try tree(table, holdsTables: false) { (_, _) throws(LMDBError) in }
    }
    var lists: [[UInt8]] = []
    try tree(freeRecord, holdsTables: false, isFreeList: true) { (_, value) throws(LMDBError) in
      lists.append(value)
    }
    for list in lists { try freeList(list) }
    guard pageCount + freeBehindEnd == lastPage + 1 else { throw .corrupt("the file is too short") }
  }

  // MARK: Pages

  private mutating func claim(_ page: UInt64) throws(LMDBError) {
    guard page < pageCount else { throw .corrupt("page \(page) is out of range") }
    let bit: UInt64 = 1 << (page & 63)
    guard used[Int(page >> 6)] & bit == 0 else { throw .corrupt("page \(page) is used twice") }
    used[Int(page >> 6)] |= bit
  }

  // A list of free pages: count, then numbers, descending.
  private mutating func freeList(_ list: [UInt8]) throws(LMDBError) {
    guard list.count >= 8, list.count.isMultiple(of: 8) else { throw .corrupt("free list") }
    let count = list.word(0)
    guard count <= UInt64(list.count / 8 - 1) else { throw .corrupt("free list longer than it is") }
    var last = Self.noPage
    for index in 0..<Int(count) {
      let page = list.word(8 + index * 8)
      guard page >= 2, page <= lastPage, page < last else {
        throw .corrupt("free list out of order")
      }
      last = page
      if page < pageCount {
        try claim(page)
      } else {
        freeBehindEnd += 1
      }
    }
  }

  // MARK: Trees

  private struct Bounds {
    var low: [UInt8]?
    var high: [UInt8]?
  }

  private struct Counts {
    var branches: UInt64 = 0
    var leaves: UInt64 = 0
    var overflows: UInt64 = 0
    var entries: UInt64 = 0
  }

  private struct Shape {
    let depth: Int
    let holdsTables: Bool
    let isFreeList: Bool
  }

  private mutating func tree(
    _ record: TreeRecord, holdsTables: Bool, isFreeList: Bool = false,
    _ body: ([UInt8], [UInt8]) throws(LMDBError) -> Void
  ) throws(LMDBError) {
    var counts = Counts()
    if record.root != Self.noPage {
      guard (1...24).contains(record.depth) else { throw .corrupt("depth of a tree") }
      let shape = Shape(
        depth: Int(record.depth), holdsTables: holdsTables, isFreeList: isFreeList)
      try visit(record.root, level: 1, shape, Bounds(), &counts, body)
    } else if record.depth != 0 {
      throw .corrupt("depth of an empty tree")
    }
    guard counts.branches == record.branches, counts.leaves == record.leaves,
      counts.overflows == record.overflows, counts.entries == record.entries
    else { throw .corrupt("counts of a tree") }
  }

  private mutating func visit(
    _ number: UInt64, level: Int, _ shape: Shape, _ bounds: Bounds, _ counts: inout Counts,
    _ body: ([UInt8], [UInt8]) throws(LMDBError) -> Void
  ) throws(LMDBError) {
    try claim(number)
    let page = try Self.page(number, of: descriptor)
    let isLeaf = level == shape.depth
    let nodes = try PageNodes(page, number: number, isLeaf: isLeaf)
    try checkKeys(of: nodes, bounds, isLeaf: isLeaf, integers: shape.isFreeList)
    if isLeaf {
      counts.leaves += 1
      counts.entries += UInt64(nodes.count)
      for index in 0..<nodes.count { try leaf(nodes, index, shape, &counts, body) }
      return
    }
    counts.branches += 1
    for index in 0..<nodes.count {
      let below = Bounds(
        low: index == 0 ? bounds.low : nodes.key(index),
        high: index + 1 == nodes.count ? bounds.high : nodes.key(index + 1))
      try visit(nodes.child(index), level: level + 1, shape, below, &counts, body)
    }
  }

  private func checkKeys(
    of nodes: PageNodes, _ bounds: Bounds, isLeaf: Bool, integers: Bool
  ) throws(LMDBError) {
    let first = isLeaf ? 0 : 1
    for index in first..<nodes.count {
      let size = nodes.keySize(index)
      guard size >= 1, size <= 511, !integers || size == 8 else { throw .corrupt("size of a key") }
      if index > first, !nodes.ascends(index, integers: integers) {
        throw .corrupt("keys out of order")
      }
    }
    guard nodes.count > first else { return }
    if let low = bounds.low, Self.precedes(nodes.key(first), low, integers: integers) {
      throw .corrupt("key below its page's range")
    }
    if let high = bounds.high,
      !Self.precedes(nodes.key(nodes.count - 1), high, integers: integers)
    {
      throw .corrupt("key above its page's range")
    }
  }

  private static func precedes(_ left: [UInt8], _ right: [UInt8], integers: Bool) -> Bool {
    integers ? left.word(0) < right.word(0) : left.lexicographicallyPrecedes(right)
  }

  private mutating func leaf(
    _ nodes: PageNodes, _ index: Int, _ shape: Shape, _ counts: inout Counts,
    _ body: ([UInt8], [UInt8]) throws(LMDBError) -> Void
  ) throws(LMDBError) {
    let size = nodes.dataSize(index)
    let isBig = nodes.flags(index) == UInt16(F_BIGDATA)
    let isTable = nodes.flags(index) == UInt16(F_SUBDATA)
    guard isBig || isTable == shape.holdsTables, !isTable || size == TreeRecord.size,
      isBig || isTable || nodes.flags(index) == 0, !(isBig && shape.holdsTables)
    else { throw .corrupt("kind of a value") }
    guard isBig else {
      if shape.holdsTables || shape.isFreeList { try body(nodes.key(index), nodes.value(index)) }
      return
    }
    let count = (16 - 1 + size) / Self.pageSize + 1
    counts.overflows += UInt64(count)
    let value = try overflow(nodes.value(index).word(0), pages: count, size: size, shape)
    if shape.isFreeList { try body(nodes.key(index), value) }
  }

  // A value on pages of its own, of which only the first has a header.
  private mutating func overflow(
    _ number: UInt64, pages: Int, size: Int, _ shape: Shape
  ) throws(LMDBError) -> [UInt8] {
    guard number < pageCount, UInt64(pages) <= pageCount - number else {
      throw .corrupt("value behind the end")
    }
    for page in 0..<UInt64(pages) { try claim(number + page) }
    var bytes = try Self.page(number, of: descriptor)
    guard bytes.word(0) == number, bytes.half(10) == UInt16(P_OVERFLOW),
      bytes.half(12) == UInt16(pages & 0xffff), bytes.half(14) == UInt16(pages >> 16)
    else { throw .corrupt("page of a large value") }
    guard shape.isFreeList else { return [] }
    for page in 1..<UInt64(max(1, pages)) {
      bytes += try Self.page(number + page, of: descriptor)
    }
    return Array(bytes[16..<16 + size])
  }
}
