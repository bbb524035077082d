// Cuts a long run of bytes, read piece by piece, into stretches that any worker can hash: every
// stretch ends at a cut, and what comes behind its last cut is carried over to the next.

import Platform
import Vault

/// Cuts what is read into stretches.
struct StretchCutter {
  let context: BackupContext

  /// Cuts until `read` says that the end is reached; false when the backup is to stop.
  ///
  /// `read` fills the buffer from its beginning, whole unless the end comes before.
  func cut(
    _ read: (UnsafeMutableRawBufferPointer) throws(SourceProblem) -> (count: Int, isEnd: Bool),
    submit: (Stretch) throws(VaultError) -> Void
  ) throws(SourceProblem) -> Bool {
    var buffer = context.takeBuffer()
    var carried = 0
    while true {
      if context.isInterrupted {
        context.release(buffer)
        return false
      }
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: buffer.pointer + carried, count: BackupContext.stretchSize)
      let (count, isEnd): (Int, Bool)
      do throws(SourceProblem) { (count, isEnd) = try unsafe read(target) } catch {
        context.release(buffer)
        throw error
      }
      let filled = carried + count
      let lengths = cuts(buffer, filled, isEnd: isEnd)
      let used = lengths.reduce(0, +)
      carried = filled - used
      let next = isEnd ? nil : context.takeBuffer()
      if let next {
        unsafe next.pointer.copyMemory(from: buffer.pointer + used, byteCount: carried)
      }
      try handOver(Stretch(buffer: buffer, lengths: lengths), submit)
      guard let next else { return true }
      buffer = next
    }
  }

  private func handOver(
    _ stretch: Stretch, _ submit: (Stretch) throws(VaultError) -> Void
  ) throws(SourceProblem) {
    if stretch.lengths.isEmpty {
      context.release(stretch.buffer)
      return
    }
    do throws(VaultError) { try submit(stretch) } catch { throw .vault(error) }
  }

  private func cuts(_ buffer: Buffer, _ filled: Int, isEnd: Bool) -> [Int] {
    let chunker = context.vault.chunker
    var lengths: [Int] = []
    var used = 0
    while used < filled {
      let rest = unsafe UnsafeRawBufferPointer(
        start: buffer.pointer + used, count: filled - used)
      guard let length = unsafe chunker.firstCut(of: rest, isEnd: isEnd) else { break }
      lengths.append(length)
      used += length
    }
    return lengths
  }
}
