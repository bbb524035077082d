// Reads files for a worker: opens, cuts, hands chunks to the lane, and looks afterwards whether
// the file changed meanwhile. A file that changed is read again, up to twice, then kept and named.

import Platform
import Synchronization
import Vault

/// One worker's way to read files, not shared.
final class FileReader {
  private let lane: Lane
  private let context: BackupContext
  private let chunker: Chunker
  private let buffer: Buffer
  private var neighbours: Neighbours

  /// Times that a changing file is read.
  static let attemptCount = 3
  /// Files from this size are compressed as large ones.
  private static let largeFileSize: UInt64 = 4 << 20
  /// Room for a file, or a stretch of a larger one.
  private static let bufferSize = 2 << 20

  init(lane: Lane, context: BackupContext) {
    self.lane = lane
    self.context = context
    chunker = context.vault.chunker
    buffer = Buffer(capacity: Self.bufferSize + chunker.parameters.maximum)
    neighbours = Neighbours(room: buffer.capacity)
  }

  func flush() throws(VaultError) { try lane.flush() }

  /// Reads the files of a batch, or hashes its stretch; afterwards only complete items are left.
  func process(_ batch: inout Batch) throws(VaultError) {
    if let stretch = batch.stretch {
      try hash(stretch, into: &batch)
      batch.stretch = nil
    }
    guard !batch.files.isEmpty else { return }
    let items = batch.items
    let drafts = batch.files
    batch.items.removeAll(keepingCapacity: true)
    batch.files = []
    for item in items {
      guard case .file(let index) = item else {
        batch.items.append(item)
        continue
      }
      if drafts[index].status.size > UInt64(neighbours.room) {
        try putNeighbours(drafts, into: &batch)
      }
      if try readWhole(index, of: drafts, item: batch.items.count) {
        batch.items.append(item)
        continue
      }
      try putNeighbours(drafts, into: &batch)
      let draft = drafts[index]
      if let entry = try read(draft) {
        finish(draft, size: entry.file?.size ?? 0, encoded: batch.add(entry))
      }
    }
    try putNeighbours(drafts, into: &batch)
  }

  private func hash(_ stretch: Stretch, into batch: inout Batch) throws(VaultError) {
    defer { context.release(stretch.buffer) }
    var offset = stretch.start
    var chunks: [UnsafeRawBufferPointer] = unsafe []
    unsafe chunks.reserveCapacity(stretch.cuts.count)
    for cut in stretch.cuts {
      unsafe chunks.append(
        UnsafeRawBufferPointer(start: stretch.buffer.pointer + offset, count: cut.length))
      offset += cut.length
    }
    let ids = try unsafe lane.put(large: chunks, known: stretch.cuts.map(\.id))
    for (id, cut) in zip(ids, stretch.cuts) {
      batch.extents.append(.chunk(id, length: UInt32(cut.length)))
    }
    context.progress.bytes.wrappingAdd(UInt64(offset - stretch.start), ordering: .relaxed)
  }

  // MARK: Small files

  // Files that lie whole in the buffer one behind the other, to be hashed together.
  private struct Neighbours {
    struct File {
      /// Its place among the drafts of the batch.
      let draft: Int
      /// Its entry, content aside.
      var entry: Entry
      let chunks: Range<Int>
      /// Its place among the items of the batch.
      let item: Int
    }

    var files: [File] = []
    /// Where chunks lie in the buffer.
    var chunks: [Range<Int>] = []
    var room: Int
  }

  // Reads a file that fits into the rest of the buffer and does not change meanwhile, and makes it a
  // neighbour. False for others: they are read with all care, and told of where they cannot.
  private func readWhole(
    _ index: Int, of drafts: [FileDraft], item: Int
  ) throws(VaultError) -> Bool {
    let draft = drafts[index]
    let size = Int(clamping: draft.status.size)
    guard size > 0, size <= neighbours.room, !draft.status.mayHaveHoles,
      let file = try? openSource(draft.name, in: draft.directory)
    else { return false }
    let start = buffer.capacity - neighbours.room
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer + start, count: size)
    guard let count = try? unsafe file.read(at: 0, into: bytes), count == size else { return false }
    let attributes = try SourceAttributes(of: .descriptor(file.raw), lane: lane)
    guard let status = try? statusAfter(file), status.hasSameContent(as: draft.status) else {
      return false
    }
    let first = neighbours.chunks.count
    var cut = 0
    while cut < size,
      let length = unsafe chunker.firstCut(of: .init(rebasing: bytes[cut...]), isEnd: true)
    {
      neighbours.chunks.append(start + cut..<start + cut + length)
      cut += length
    }
    neighbours.room -= size
    neighbours.files.append(
      Neighbours.File(
        draft: index,
        entry: context.entry(
          draft, status, Entry.File(size: draft.status.size, content: .empty), isStable: true,
          attributes, marks: InodeMarks(of: file.raw)),
        chunks: first..<neighbours.chunks.count, item: item))
    return true
  }

  // Stores the neighbours and completes their items.
  private func putNeighbours(
    _ drafts: [FileDraft], into batch: inout Batch
  ) throws(VaultError) {
    guard !neighbours.files.isEmpty else { return }
    let whole = unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.capacity)
    let chunks = unsafe neighbours.chunks.map { unsafe UnsafeRawBufferPointer(rebasing: whole[$0]) }
    let ids = try unsafe lane.put(chunks, kind: .data)
    // Taken out, so that entries change where they are.
    var files: [Neighbours.File] = []
    swap(&files, &neighbours.files)
    for place in files.indices {
      var content = ContentBuilder(into: LaneSink(lane: lane))
      for index in files[place].chunks {
        try content.append(
          .chunk(ids[index], length: UInt32(neighbours.chunks[index].count)))
      }
      let size = content.size
      files[place].entry.kind = .file(Entry.File(size: size, content: try content.finish()))
      finish(
        drafts[files[place].draft], size: size,
        encoded: batch.complete(files[place].item, with: files[place].entry))
    }
    files.removeAll(keepingCapacity: true)
    swap(&files, &neighbours.files)
    neighbours.chunks.removeAll(keepingCapacity: true)
    neighbours.room = buffer.capacity
  }

  // MARK: Any file

  private func finish(_ draft: FileDraft, size: UInt64, encoded: ArraySlice<UInt8>) {
    context.progress.bytes.wrappingAdd(size, ordering: .relaxed)
    context.finish(draft.path, isDirectory: false, draft.action(encoded: encoded), size: size)
  }

  // The entry of a file; nil when it could not be read, which is told.
  private func read(_ draft: FileDraft) throws(VaultError) -> Entry? {
    do throws(SourceProblem) {
      return try attempt(draft)
    } catch {
      if case .vault(let failure) = error { throw failure }
      context.fail(.archive, draft.path, error.message)
      return nil
    }
  }

  private func attempt(_ draft: FileDraft) throws(SourceProblem) -> Entry {
    let file = try openSource(draft.name, in: draft.directory)
    var status = draft.status
    var attempt = 1
    while true {
      let (content, size) = try readContent(of: file, status: status)
      let attributes = try vaultProblems { () throws(VaultError) in
        try SourceAttributes(of: .descriptor(file.raw), lane: lane)
      }
      let after = try statusAfter(file)
      let isStable = after.hasSameContent(as: status) && isWhole(size, of: file, after)
      if isStable || attempt == Self.attemptCount {
        return context.entry(
          draft, after, Entry.File(size: size, content: content), isStable: isStable, attributes,
          marks: InodeMarks(of: file.raw))
      }
      status = after
      attempt += 1
    }
  }

  // Not every file system knows sizes: a file of /sys says 4096 of whatever is in it.
  private func isWhole(
    _ size: UInt64, of file: borrowing Descriptor, _ status: FileStatus
  ) -> Bool {
    size == status.size || status.size == 0 || isMadeByKernel(file.raw)
  }

  private func readContent(
    of file: borrowing Descriptor, status: FileStatus
  ) throws(SourceProblem) -> (Content, size: UInt64) {
    var content = ContentBuilder(into: LaneSink(lane: lane))
    var end: UInt64 = 0
    var isShort = false
    let isLarge = status.size >= Self.largeFileSize
    var stretches = SourceStretches(of: file, status: status)
    while let stretch = try stretches.next() {
      if stretch.lowerBound > end {
        try vaultProblems { () throws(VaultError) in
          try content.append(.hole(length: stretch.lowerBound - end))
        }
      }
      end = try read(stretch, of: file, isLarge: isLarge, into: &content)
      isShort = end < stretch.upperBound
      if isShort { break }
    }
    return try vaultProblems { () throws(VaultError) in
      if !isShort && end < status.size {
        try content.append(.hole(length: status.size - end))
      }
      let size = content.size
      return (try content.finish(), size)
    }
  }

  // Reads and cuts a stretch, and answers where its data really ended.
  private func read(
    _ stretch: Range<UInt64>, of file: borrowing Descriptor, isLarge: Bool,
    into content: inout ContentBuilder
  ) throws(SourceProblem) -> UInt64 {
    var position = stretch.lowerBound
    var carried = 0
    while true {
      let room = min(buffer.capacity - carried, Int(clamping: stretch.upperBound - position))
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: buffer.pointer + carried, count: room)
      let count: Int
      do throws(Errno) {
        count = room == 0 ? 0 : try unsafe file.read(at: Int64(position), into: target)
      } catch { throw .system("read", error) }
      position += UInt64(count)
      let filled = carried + count
      let isEnd = position == stretch.upperBound || count < room
      let used = try cut(filled, isEnd: isEnd, isLarge: isLarge, into: &content)
      if isEnd { return position }
      carried = filled - used
      unsafe buffer.pointer.copyMemory(from: buffer.pointer + used, byteCount: carried)
    }
  }

  // Cuts what is in the buffer as far as that can be decided, and answers how much that was.
  private func cut(
    _ filled: Int, isEnd: Bool, isLarge: Bool, into content: inout ContentBuilder
  ) throws(SourceProblem) -> Int {
    var chunks: [UnsafeRawBufferPointer] = unsafe []
    var used = 0
    while used < filled {
      let rest = unsafe UnsafeRawBufferPointer(
        start: buffer.pointer + used, count: filled - used)
      guard let length = unsafe chunker.firstCut(of: rest, isEnd: isEnd) else { break }
      unsafe chunks.append(UnsafeRawBufferPointer(rebasing: rest[..<length]))
      used += length
    }
    try vaultProblems { () throws(VaultError) in
      let ids = try unsafe lane.put(chunks, kind: .data, areLarge: isLarge)
      for (index, id) in ids.enumerated() {
        try content.append(.chunk(id, length: UInt32(unsafe chunks[index].count)))
      }
    }
    return used
  }
}

/// Passes an error of the vault on as one that ends the backup.
func vaultProblems<Result>(
  _ body: () throws(VaultError) -> Result
) throws(SourceProblem) -> Result {
  do throws(VaultError) { return try body() } catch { throw .vault(error) }
}

extension BackupContext {
  /// The entry of a file that was read; what is not as it should be is told.
  func entry(
    _ draft: FileDraft, _ status: FileStatus, _ file: Entry.File, isStable: Bool,
    _ attributes: SourceAttributes, marks: InodeMarks?
  ) -> Entry {
    var entry = entry(
      draft.name, status, kind: .file(file), link: status.links > 1 ? draft.hardLink : nil,
      attributes: attributes, marks: marks)
    if !isStable {
      entry.flags |= Entry.changedWhileRead
      fail(
        .archive, draft.path, "changed while it was read; kept as it was read last", isKept: true)
    }
    tell(attributes, of: draft.path)
    return entry
  }
}

extension FileDraft {
  /// The whole path, for messages.
  var path: FilePath { directory.path.appending(name) }
}

/// Opens a file to be read.
func openSource(
  _ name: FileName, in directory: OpenDirectory
) throws(SourceProblem) -> Descriptor {
  do throws(Errno) {
    return try Descriptor.openSource(name, at: directory.descriptor.raw)
  } catch { throw .system("open", error) }
}

/// What an open file has come to be; it must still be a regular file.
func statusAfter(_ file: borrowing Descriptor) throws(SourceProblem) -> FileStatus {
  let status: FileStatus
  do throws(Errno) { status = try FileStatus.of(file.raw) } catch {
    throw .system("statx", error)
  }
  guard status.type == .regular else { throw .notRegular }
  return status
}

/// Where a file has data, in order.
///
/// A file whose size is 0 may be one whose size its file system does not know (FUSE): it is read to
/// its end.
struct SourceStretches {
  private var found: DataStretches?
  // All of a file that has no holes; nil when it was handed out.
  private var whole: Range<UInt64>?

  /// Of an open file, which must stay open.
  init(of file: borrowing Descriptor, status: FileStatus) {
    if status.mayHaveHoles {
      found = DataStretches(of: file.raw, size: status.size)
    } else if status.size > 0 {
      whole = 0..<status.size
    } else if !isMadeByKernel(file.raw) {
      whole = 0..<UInt64(Int64.max)
    }
  }

  mutating func next() throws(SourceProblem) -> Range<UInt64>? {
    do throws(Errno) { return try found?.next() ?? whole.take() } catch {
      throw .system("lseek", error)
    }
  }
}
