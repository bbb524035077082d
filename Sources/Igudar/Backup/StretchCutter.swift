// Cuts a long run of bytes, read piece by piece, into stretches that any worker can hash: every
// stretch ends at a cut, and what comes behind its last cut is carried over to the next.

import Platform
import Vault

/// Cuts what is read into stretches.
struct StretchCutter {
  let context: BackupContext
  /// What an earlier version of these bytes was cut into.
  var known: KnownChunks?

  /// Cuts until the end is reached; false when the backup is to stop.
  ///
  /// `offset` is where in the file the run of bytes begins. `reading` runs on another thread, but
  /// not after this returns.
  func cut(
    from offset: UInt64, _ reading: @escaping ReadAhead.Reading,
    submit: (Stretch) throws(VaultError) -> Void
  ) throws(SourceProblem) -> Bool {
    let source = unsafe ReadAhead(context: context, reading)
    defer { source.stop() }
    known?.begin(at: offset)
    var piece = try source.next()
    var carried = 0
    while true {
      if context.isInterrupted {
        context.release(piece.buffer)
        return false
      }
      let start = context.roomBeforeStretch - carried
      let filled = carried + piece.count
      let cuts = unsafe cuts(piece.buffer.pointer + start, filled, isEnd: piece.isEnd)
      let used = cuts.reduce(0) { $0 + $1.length }
      carried = filled - used
      let stretch = Stretch(buffer: piece.buffer, start: start, cuts: cuts)
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
    if stretch.cuts.isEmpty {
      context.release(stretch.buffer)
      return
    }
    do throws(VaultError) { try submit(stretch) } catch { throw .vault(error) }
  }

  private func cuts(_ bytes: UnsafeMutableRawPointer, _ filled: Int, isEnd: Bool) -> [Cut] {
    let whole = unsafe UnsafeRawBufferPointer(start: bytes, count: filled)
    let chunker = context.vault.chunker
    var cuts: [Cut] = []
    var used = 0
    while used < filled {
      if let known {
        used += unsafe known.follow(UnsafeRawBufferPointer(rebasing: whole[used...]), into: &cuts)
      }
      let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[used...])
      guard unsafe !rest.isEmpty, let length = unsafe chunker.firstCut(of: rest, isEnd: isEnd)
      else { break }
      cuts.append(Cut(length: length, id: known?.meet(length)))
      used += length
    }
    return cuts
  }
}
