// Reads a long run of bytes on a thread of its own, so that what comes next is being read while
// the last piece is cut. A run that fits one piece needs no thread.
//
// Bounds: one piece waits and one is being read; buffers come from the pool of the backup.

import Platform
import Vault

/// A piece of a long run of bytes: it lies in its buffer behind room for what the cut before it left.
struct Piece: Sendable {
  let buffer: Buffer
  let count: Int
  let isEnd: Bool
}

/// Reads pieces ahead of whoever cuts them.
@safe
final class ReadAhead: @unchecked Sendable {
  /// Fills a buffer from its beginning, whole unless the end comes before; called by one thread at a
  /// time, and by none after `stop`.
  typealias Reading = (UnsafeMutableRawBufferPointer) throws(SourceProblem) -> (
    count: Int, isEnd: Bool
  )

  private let context: BackupContext
  private let reading: Reading
  private let pieces = Channel<Result<Piece, SourceProblem>>(capacity: 1)
  private var thread: Thread?
  private var isBegun = false

  init(context: BackupContext, _ reading: @escaping Reading) {
    self.context = context
    unsafe self.reading = unsafe reading
  }

  /// The next piece; none may be asked for behind the end or a problem.
  func next() throws(SourceProblem) -> Piece {
    guard isBegun else {
      isBegun = true
      let piece = try read()
      if !piece.isEnd { thread = Thread.start(name: "read") { [self] in readOn() } }
      return piece
    }
    guard let piece = pieces.receive() else { preconditionFailure("the end was told before") }
    return try piece.get()
  }

  /// Ends the reading as soon as what is being read is there.
  func stop() {
    pieces.close()
    while let piece = pieces.receive() {
      if case .success(let piece) = piece { context.release(piece.buffer) }
    }
    thread?.join()
  }

  private func readOn() {
    while true {
      let piece = Result { () throws(SourceProblem) in try read() }
      guard pieces.send(piece) else {
        if case .success(let piece) = piece { context.release(piece.buffer) }
        return
      }
      guard case .success(let piece) = piece, !piece.isEnd else { return }
    }
  }

  private func read() throws(SourceProblem) -> Piece {
    let buffer = context.takeBuffer()
    do throws(SourceProblem) {
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: buffer.pointer + context.roomBeforeStretch, count: BackupContext.stretchSize)
      let (count, isEnd) = try unsafe reading(target)
      return Piece(buffer: buffer, count: count, isEnd: isEnd)
    } catch {
      context.release(buffer)
      throw error
    }
  }
}
