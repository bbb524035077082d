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
  private var buffer = OwnedBuffer(capacity: 1 << 20)

  init(_ hand: RestoreHand) {
    self.hand = hand
    context = hand.context
  }

  private struct Placed {
    let place: Placement
    let id: ChunkID
    let piece: RestorePiece
  }

  /// Does all pieces and ends this batch's part of every file in it.
  func process(_ batch: RestoreBatch) {
    let missing = missing(in: batch)
    if !context.options.isDryRun {
      for item in places(of: missing) {
        if context.isStopped { break }
        write(item)
      }
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
      if isThere(piece, in: base.descriptor) {
        context.progress.bytesSkipped.wrappingAdd(piece.extent.length, ordering: .relaxed)
        if case .chunk = piece.extent { piece.file.note(same: piece.range) }
      } else {
        missing.append(piece)
        piece.file.note(changed: piece.extent.length)
      }
    }
    return missing
  }

  private func isThere(_ piece: RestorePiece, in base: borrowing Descriptor) -> Bool {
    switch piece.extent {
    case .hole: return (try? isEmpty(piece.range, in: base)) ?? false
    case .chunk(let id, let length):
      if buffer.capacity < Int(length) { buffer = OwnedBuffer(capacity: Int(length)) }
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: Int(length))
      guard (try? unsafe base.read(at: Int64(piece.offset), into: bytes)) == Int(length) else {
        return false
      }
      return unsafe context.vault.hasher.id(of: UnsafeRawBufferPointer(bytes), kind: .data) == id
    }
  }

  // Whether a stretch reads as zeros; holes are not read.
  private func isEmpty(
    _ range: Range<UInt64>, in base: borrowing Descriptor
  ) throws(Errno) -> Bool {
    let stretches = try dataStretches(of: base.raw, size: range.upperBound, from: range.lowerBound)
    for stretch in stretches {
      var offset = stretch.lowerBound
      while offset < stretch.upperBound, !context.isStopped {
        let count = Int(min(UInt64(buffer.capacity), stretch.upperBound - offset))
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
        let filled = try unsafe base.read(at: Int64(offset), into: bytes)
        guard unsafe isZero(UnsafeRawBufferPointer(rebasing: bytes.prefix(filled))) else {
          return false
        }
        if filled < count { return true }
        offset += UInt64(count)
      }
    }
    return true
  }

  // MARK: Writing

  private func places(of pieces: [RestorePiece]) -> [Placed] {
    var placed: [Placed] = []
    placed.reserveCapacity(pieces.count)
    for piece in pieces {
      guard case .chunk(let id, _) = piece.extent else {
        makeHole(piece)
        continue
      }
      do throws(VaultError) {
        guard let place = try hand.reader.place(of: id) else { throw .missingChunk(id) }
        placed.append(Placed(place: place, id: id, piece: piece))
      } catch { piece.file.fail(error, context) }
    }
    placed.sort { $0.place < $1.place }
    return placed
  }

  private func makeHole(_ piece: RestorePiece) {
    do throws(Errno) { try piece.file.opened(context).makeHole(piece.range) } catch {
      piece.file.fail("\(error.text) (write)", .failed)
    }
    context.progress.bytes.wrappingAdd(piece.extent.length, ordering: .relaxed)
  }

  private func write(_ item: Placed) {
    let piece = item.piece
    guard !piece.file.hasFailed else { return }
    do throws(VaultError) {
      let outcome = try unsafe hand.reader.withChunk(item.id, kind: .data) { bytes in
        unsafe put(bytes, piece)
      }
      if let outcome { piece.file.fail(outcome, .failed) }
    } catch { piece.file.fail(error, context) }
  }

  // Nil when the piece is in place, else why not.
  private func put(_ bytes: UnsafeRawBufferPointer, _ piece: RestorePiece) -> String? {
    guard bytes.count == Int(piece.extent.length) else {
      return "a chunk has \(bytes.count) bytes instead of \(piece.extent.length)"
    }
    do throws(Errno) {
      let output = try piece.file.opened(context)
      if unsafe context.options.makesSparse && isZero(bytes) {
        try output.makeHole(piece.range)
      } else {
        try unsafe output.descriptor.write(bytes, at: Int64(piece.offset))
      }
      context.progress.bytes.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
      return nil
    } catch { return "\(error.text) (write)" }
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 1, unsafe bytes[0] == 0 else {
      return unsafe bytes.allSatisfy { $0 == 0 }
    }
    return unsafe equalBytes(
      UnsafeRawBufferPointer(rebasing: bytes.dropLast()),
      UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
  }
}
