// Does the pieces of a batch for a worker. First they are compared with what the target has; the
// others are sorted by where they lie, so that every frame is fetched, opened and decompressed once
// per batch, and each chunk is proven before it is written.

import Platform
import Synchronization
import Vault

/// One worker's way to write files, not shared.
final class FileWriter {
  private let hand: RestoreHand
  private let context: RestoreContext
  private let comparison: ContentComparison
  // What is proven, and waits while others write its file.
  private var waiting: [WaitingPiece] = []
  // The memory of the frames that it lies in: a small piece keeps all of its frame.
  private var waitingBytes = 0

  // About two frames.
  private static let waitingLimit = 4 << 20
  // So many chunks are hashed side by side without loss.
  private static let enoughChunks = 24

  init(_ hand: RestoreHand) {
    self.hand = hand
    context = hand.context
    comparison = ContentComparison(context.vault.hasher)
  }

  private struct Placed {
    let place: Placement
    let id: ChunkID
    let piece: RestorePiece
  }

  @safe
  private struct WaitingPiece {
    let piece: RestorePiece
    let bytes: UnsafeRawBufferPointer
    /// Where the bytes are.
    let frame: DecodedFrame
  }

  /// Does all pieces and ends this batch's part of every file in it.
  func process(_ batch: RestoreBatch) {
    let missing = missing(in: batch)
    if !context.options.isDryRun {
      for group in groups(of: missing) {
        if context.isStopped { break }
        write(group)
      }
      writeWaiting()
    }
    if context.isStopped {
      for file in batch.files { file.giveUp() }
    }
    for file in batch.files { file.endPart(hand) }
  }

  // MARK: Comparing

  // The pieces that the target does not have.
  private func missing(in batch: RestoreBatch) -> [RestorePiece] {
    var missing: [RestorePiece] = []
    for piece in batch.pieces where !context.isStopped && !piece.file.hasFailed {
      guard let base = piece.file.openBase() else {
        missing.append(piece)
        continue
      }
      // What cannot be read is fetched.
      let isThere = try? comparison.holds(piece.extent, at: piece.offset, in: base.descriptor)
      if isThere == true {
        context.progress.bytesSkipped.wrappingAdd(piece.extent.length, ordering: .relaxed)
        if case .chunk = piece.extent { piece.file.note(same: piece.range, context) }
      } else {
        missing.append(piece)
        piece.file.note(changed: piece.extent.length)
      }
    }
    return missing
  }

  // MARK: Writing

  // The pieces by the frames that they lie in, in the order of packs; of two frames together where one
  // has few.
  private func groups(of pieces: [RestorePiece]) -> [ArraySlice<Placed>] {
    let placed = places(of: pieces)
    var groups: [ArraySlice<Placed>] = []
    var start = 0
    var frameCount = 0
    for index in placed.indices {
      let next = index + 1
      let isLast = next == placed.count
      guard isLast || !placed[next].place.isInFrame(of: placed[index].place) else { continue }
      frameCount += 1
      if isLast || frameCount == 2 || next - start >= Self.enoughChunks {
        groups.append(placed[start..<next])
        (start, frameCount) = (next, 0)
      }
    }
    return groups
  }

  private func places(of pieces: [RestorePiece]) -> [Placed] {
    var placed: [Placed] = []
    placed.reserveCapacity(pieces.count)
    for piece in pieces {
      guard case .chunk(let id, _) = piece.extent else {
        makeHole(piece)
        continue
      }
      do throws(VaultError) {
        let place = try hand.reader.requirePlace(of: id)
        placed.append(Placed(place: place, id: id, piece: piece))
      } catch { piece.file.fail(error, context) }
    }
    placed.sort { $0.place < $1.place }
    return placed
  }

  private func makeHole(_ piece: RestorePiece) {
    do throws(Errno) {
      try piece.file.opened(context).makeHole(piece.range)
      piece.file.note(restored: piece.extent.length, context)
    } catch { fail(piece, error) }
  }

  private func write(_ group: ArraySlice<Placed>) {
    let wanted = group.filter { !$0.piece.file.hasFailed }
    let lost = unsafe hand.reader.withNeighbours(
      wanted.map { ($0.id, $0.place) }, kind: .data
    ) { index, bytes, frame in
      unsafe put(bytes, wanted[index].piece, in: frame)
    }
    for index in lost { writeAlone(wanted[index]) }
    writeWaiting(mayWait: waitingBytes <= Self.waitingLimit)
  }

  // Where nothing may wait any longer it is all written, whoever else is writing.
  private func writeWaiting(mayWait: Bool = false) {
    guard !waiting.isEmpty else { return }
    let items = waiting
    waiting.removeAll(keepingCapacity: true)
    waitingBytes = 0
    for item in items where !context.isStopped && !item.piece.file.hasFailed {
      unsafe put(item.bytes, item.piece, in: mayWait ? item.frame : nil)
      withExtendedLifetime(item.frame) {}
    }
  }

  private func writeAlone(_ item: Placed) {
    let piece = item.piece
    do throws(VaultError) {
      try unsafe hand.reader.withChunk(item.id, kind: .data) { bytes in unsafe put(bytes, piece) }
    } catch { piece.file.fail(error, context) }
  }

  // Bytes that lie in a frame may wait for their turn.
  private func put(
    _ bytes: UnsafeRawBufferPointer, _ piece: RestorePiece, in frame: DecodedFrame? = nil
  ) {
    guard bytes.count == Int(piece.extent.length) else {
      let count = bytes.count
      return piece.file.fail(
        "a chunk has \(count) bytes instead of \(piece.extent.length)", .failed)
    }
    do throws(Errno) {
      let output = try piece.file.opened(context)
      if unsafe context.options.makesSparse && bytes.isZero {
        try output.makeHole(piece.range)
      } else if let frame {
        guard try unsafe output.writeUnlessBusy(bytes, at: piece.offset) else {
          if waiting.last?.frame !== frame { waitingBytes += frame.cost }
          waiting.append(unsafe WaitingPiece(piece: piece, bytes: bytes, frame: frame))
          return
        }
      } else {
        try unsafe output.write(bytes, at: piece.offset)
      }
      piece.file.note(restored: UInt64(bytes.count), context)
    } catch { fail(piece, error) }
  }

  private func fail(_ piece: RestorePiece, _ errno: Errno) {
    piece.file.fail(errno.reason(in: "write"), context.trouble(errno))
  }
}
