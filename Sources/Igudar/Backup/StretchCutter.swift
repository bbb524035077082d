// Cuts a long run of bytes, read piece by piece, into stretches that any worker can hash: every
// stretch ends at a cut, and what comes behind its last cut is carried over to the next.

import Platform
import Vault

/// Cuts what is read into stretches.
struct StretchCutter {
  let context: BackupContext

  /// Cuts until the end is reached; false when the backup is to stop.
  ///
  /// `reading` runs on another thread, but not after this returns.
  func cut(
    _ reading: @escaping ReadAhead.Reading, submit: (Stretch) throws(VaultError) -> Void
  ) throws(SourceProblem) -> Bool {
    let source = unsafe ReadAhead(context: context, reading)
    defer { source.stop() }
    var piece = try source.next()
    var carried = 0
    while true {
      if context.isInterrupted {
        context.release(piece.buffer)
        return false
      }
      let start = context.roomBeforeStretch - carried
      let filled = carried + piece.count
      let lengths = unsafe cuts(piece.buffer.pointer + start, filled, isEnd: piece.isEnd)
      let used = lengths.reduce(0, +)
      carried = filled - used
      let stretch = Stretch(buffer: piece.buffer, start: start, lengths: lengths)
      if piece.isEnd {
        try handOver(stretch, submit)
        return true
      }
      do throws(SourceProblem) { piece = try source.next() } catch {
        context.release(stretch.buffer)
        throw error
      }
      unsafe (piece.buffer.pointer + context.roomBeforeStretch - carried).copyMemory(
        from: stretch.buffer.pointer + start + used, byteCount: carried)
      do throws(SourceProblem) { try handOver(stretch, submit) } catch {
        context.release(piece.buffer)
        throw error
      }
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

  private func cuts(_ bytes: UnsafeMutableRawPointer, _ filled: Int, isEnd: Bool) -> [Int] {
    let chunker = context.vault.chunker
    var lengths: [Int] = []
    var used = 0
    while used < filled {
      let rest = unsafe UnsafeRawBufferPointer(start: bytes + used, count: filled - used)
      guard let length = unsafe chunker.firstCut(of: rest, isEnd: isEnd) else { break }
      lengths.append(length)
      used += length
    }
    return lengths
  }
}
