// A file of 16 MiB or more is read and cut by the walk itself, stretch by stretch, and hashed,
// compressed and sealed by all workers. Like any file it is read again when it changed meanwhile; a
// block device, of which nothing says so, is read once.

import Platform
import Synchronization
import Vault

/// Reads one large file for the walk.
struct LargeFile {
  private let draft: FileDraft
  private let walker: Walker
  private let context: BackupContext
  private let isDevice: Bool
  private let earlier: EarlierFile?

  /// With `isDevice` it is what is on the block device of that name.
  init(_ draft: FileDraft, isDevice: Bool = false, earlier: EarlierFile?, walker: Walker) {
    self.draft = draft
    self.isDevice = isDevice
    self.earlier = earlier
    self.walker = walker
    context = walker.context
  }

  /// Hands all of the file to the pipeline; what cannot be read is told and left out.
  func read() throws(VaultError) {
    walker.add(.beginLarge)
    do throws(SourceProblem) {
      guard let entry = try attempts() else {
        walker.add(.dropLarge)
        return
      }
      walker.add(.endLarge(entry, draft))
    } catch {
      if case .vault(let failure) = error { throw failure }
      walker.add(.dropLarge)
      context.fail(.archive, draft.path, error.message)
    }
  }

  // Nil when the backup is to stop.
  private func attempts() throws(SourceProblem) -> Entry? {
    context.progress.setCurrent(draft.path)
    let file = SharedDescriptor(try open())
    var status = isDevice ? try status(ofDevice: file.descriptor) : draft.status
    var attempt = 1
    while true {
      guard let size = try readContent(of: file, status: status) else { return nil }
      let attributes = try vaultProblems { () throws(VaultError) in
        try SourceAttributes(of: .descriptor(file.descriptor.raw), lane: walker.lane)
      }
      let after = isDevice ? status : try statusAfter(file.descriptor)
      let isStable = after.hasSameContent(as: status) && size == after.size
      if isStable || attempt == FileReader.attemptCount {
        return context.entry(
          draft, after, Entry.File(size: size, content: .empty), isStable: isStable, attributes,
          marks: isDevice ? nil : InodeMarks(of: file.descriptor.raw))
      }
      walker.add(.restartLarge)
      status = after
      attempt += 1
    }
  }

  private func open() throws(SourceProblem) -> Descriptor {
    guard isDevice else { return try openSource(draft.name, in: draft.directory) }
    do throws(Errno) {
      return try BlockDevice.open(draft.name, at: draft.directory.descriptor.raw)
    } catch { throw .system("open", error) }
  }

  // As that of a regular file without holes.
  private func status(ofDevice device: borrowing Descriptor) throws(SourceProblem) -> FileStatus {
    var status = draft.status
    do throws(Errno) { status.size = try BlockDevice.size(of: device) } catch {
      throw .system("lseek", error)
    }
    (status.type, status.blocks) = (.regular, status.size / 512 + 1)
    return status
  }

  private func readContent(
    of file: SharedDescriptor, status: FileStatus
  ) throws(SourceProblem) -> UInt64? {
    var end: UInt64 = 0
    let known = earlier.map { KnownChunks($0, in: context.vault) }
    var stretches = SourceStretches(of: file.descriptor, status: status)
    while let stretch = try stretches.next() {
      if stretch.lowerBound > end { addHole(stretch.lowerBound - end) }
      guard let reached = try read(stretch, of: file, known) else { return nil }
      end = reached
      if end < stretch.upperBound { return end }
    }
    if end < status.size { addHole(status.size - end) }
    return status.size
  }

  private func addHole(_ length: UInt64) {
    walker.add(.hole(length))
    context.progress.bytes.wrappingAdd(length, ordering: .relaxed)
  }

  // Reads, cuts and hands over a stretch of data; answers where it really ended, or nil when the
  // backup is to stop.
  private func read(
    _ stretch: Range<UInt64>, of file: SharedDescriptor, _ known: KnownChunks?
  ) throws(SourceProblem) -> UInt64? {
    let reader = RangeReader(of: file, stretch)
    let cutter = StretchCutter(context: context, known: known)
    let isWhole = try unsafe cutter.cut(from: stretch.lowerBound) {
      (target) throws(SourceProblem) in
      try unsafe reader.read(into: target)
    } submit: { (stretch) throws(VaultError) in
      try walker.submit(stretch)
    }
    return isWhole ? reader.position : nil
  }

  // Reads a range of a file piece by piece.
  private final class RangeReader {
    private let file: SharedDescriptor
    private let end: UInt64
    private(set) var position: UInt64

    init(of file: SharedDescriptor, _ range: Range<UInt64>) {
      self.file = file
      position = range.lowerBound
      end = range.upperBound
    }

    func read(
      into target: UnsafeMutableRawBufferPointer
    ) throws(SourceProblem) -> (count: Int, isEnd: Bool) {
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: target.prefix(Int(clamping: end - position)))
      let count: Int
      do throws(Errno) {
        count = try unsafe file.descriptor.read(at: Int64(position), into: room)
      } catch { throw .system("read", error) }
      position += UInt64(count)
      return (count, position == end || count < room.count)
    }
  }
}
