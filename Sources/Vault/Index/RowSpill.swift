// Sorted runs of rows in a file without a name, and their merge. An import of any size holds one
// sort buffer, or one read buffer per run, and nothing else.

internal import Glibc
internal import Platform

/// A file of runs, each sorted.
final class RowSpill: @unchecked Sendable {
  struct Run {
    var offset: Int
    var count: Int
  }

  private let descriptor: Int32
  private(set) var runs: [Run] = []
  private var end = 0

  /// Makes a file that has no name, in the folder or in a temporary one.
  init(in directory: FilePath?) throws(LMDBError) {
    if let directory, let opened = Self.unnamed(in: directory) {
      descriptor = opened
      return
    }
    descriptor = try PrivateFolder.firstPlace { (folder) throws(LMDBError) in
      guard let opened = Self.unnamed(in: folder) else {
        throw .system("making a temporary file in \(printable(folder.bytes))")
      }
      return opened
    }
  }

  private static func unnamed(in directory: FilePath) -> Int32? {
    var template = directory.appending("rows-XXXXXX").bytes.map { CChar(bitPattern: $0) } + [0]
    let opened = unsafe mkstemp(&template)
    guard opened >= 0 else { return nil }
    _ = fcntl(opened, F_SETFD, FD_CLOEXEC)
    _ = unsafe unlink(template)
    return opened
  }

  deinit {
    close(descriptor)
  }

  var rowCount: Int { runs.reduce(0) { $0 + $1.count } }

  /// Adds a sorted run.
  func append(_ rows: UnsafeBufferPointer<IndexRow>) throws(LMDBError) {
    let run = Run(offset: end, count: rows.count)
    let capacity = 16 << 10
    let size = IndexRow.storedSize
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity * size, alignment: 8)
    defer { unsafe buffer.deallocate() }
    var done = 0
    while done < rows.count {
      let count = min(capacity, rows.count - done)
      for index in 0..<count {
        let row = unsafe rows[done + index]
        unsafe row.id.store(to: buffer + index * size)
        unsafe row.place.store(to: buffer + index * size + 32)
      }
      try unsafe writeAll(UnsafeRawBufferPointer(start: buffer, count: count * size))
      done += count
    }
    runs.append(run)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(LMDBError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(end))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system("writing to a temporary file") }
      done += count
      end += count
    }
  }

  /// Reads exactly this many bytes.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(LMDBError) {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(
        descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
        off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system("reading a temporary file") }
      done += count
    }
  }
}

/// Gives the rows of all runs in one sorted order.
@safe
struct RowMerge: ~Copyable {
  private struct Head {
    var row: IndexRow
    var run: Int
  }

  private struct Cursor {
    var offset: Int
    var unread: Int
    var position = 0
    var filled = 0
  }

  private let spill: RowSpill
  private let memory: UnsafeMutableRawPointer
  private let rowsPerRun: Int
  private var cursors: [Cursor] = []
  private var heap: [Head] = []

  private static let memorySize = 8 << 20

  init(_ spill: RowSpill) throws(LMDBError) {
    self.spill = spill
    let runCount = max(1, spill.runs.count)
    rowsPerRun = max(64, min(16 << 10, Self.memorySize / IndexRow.storedSize / runCount))
    unsafe memory = .allocate(
      byteCount: rowsPerRun * runCount * IndexRow.storedSize, alignment: 8)
    for run in spill.runs { cursors.append(Cursor(offset: run.offset, unread: run.count)) }
    for run in spill.runs.indices {
      if let row = try take(run) { heap.append(Head(row: row, run: run)) }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  deinit {
    unsafe memory.deallocate()
  }

  /// The next row, nil at the end.
  mutating func next() throws(LMDBError) -> IndexRow? {
    guard let top = heap.first else { return nil }
    if let row = try take(top.run) {
      heap[0].row = row
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    if heap.count > 1 { siftDown(0) }
    return top.row
  }

  private mutating func take(_ run: Int) throws(LMDBError) -> IndexRow? {
    let size = IndexRow.storedSize
    let buffer = unsafe memory + run * rowsPerRun * size
    if cursors[run].position == cursors[run].filled {
      let count = min(rowsPerRun, cursors[run].unread)
      if count == 0 { return nil }
      try unsafe spill.read(
        at: cursors[run].offset,
        into: UnsafeMutableRawBufferPointer(start: buffer, count: count * size))
      cursors[run].offset += count * size
      cursors[run].unread -= count
      cursors[run].position = 0
      cursors[run].filled = count
    }
    let source = unsafe buffer + cursors[run].position * size
    cursors[run].position += 1
    return unsafe IndexRow(id: ChunkID(loading: source), place: Placement(loading: source + 32))
  }

  private mutating func siftDown(_ start: Int) {
    var hole = start
    let moving = heap[start]
    while true {
      var child = hole * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, IndexRow.precedes(heap[child + 1].row, heap[child].row) {
        child += 1
      }
      guard IndexRow.precedes(heap[child].row, moving.row) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = moving
  }
}
