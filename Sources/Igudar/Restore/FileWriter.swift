// Writes the pieces of a batch for a worker: sorted by where they lie, so that every frame is
// fetched, opened and decompressed once per batch, and each chunk is proven before it is written.

import Platform
import Synchronization
import Vault

/// One worker's way to write files, not shared.
final class FileWriter {
  private let context: RestoreContext
  private let reader: ChunkReader

  init(context: RestoreContext) throws(VaultError) {
    self.context = context
    reader = try ChunkReader(vault: context.vault)
  }

  private struct Placed {
    let place: Placement
    let piece: Int
  }

  /// Writes all pieces and ends this batch's part of every file in it.
  func process(_ batch: RestoreBatch) {
    for item in places(of: batch) {
      if context.isStopped { break }
      write(batch.pieces[item.piece])
    }
    if context.isStopped {
      for file in batch.files { file.giveUp() }
    }
    for file in batch.files { file.endPart(context, reader) }
  }

  private func places(of batch: RestoreBatch) -> [Placed] {
    var placed: [Placed] = []
    placed.reserveCapacity(batch.pieces.count)
    for (index, piece) in batch.pieces.enumerated() {
      do throws(VaultError) {
        guard let place = try reader.place(of: piece.chunk) else {
          throw .missingChunk(piece.chunk)
        }
        placed.append(Placed(place: place, piece: index))
      } catch { fail(piece, error) }
    }
    placed.sort { $0.place < $1.place }
    return placed
  }

  private func write(_ piece: RestorePiece) {
    guard !piece.file.hasFailed else { return }
    do throws(VaultError) {
      let outcome = try unsafe reader.withChunk(piece.chunk, kind: .data) { bytes in
        unsafe put(bytes, piece)
      }
      if let outcome { piece.file.fail(outcome, .failed) }
    } catch { fail(piece, error) }
  }

  // Nil when the piece is in place, else why not.
  private func put(_ bytes: UnsafeRawBufferPointer, _ piece: RestorePiece) -> String? {
    guard bytes.count == Int(piece.length) else {
      return "a chunk has \(bytes.count) bytes instead of \(piece.length)"
    }
    do throws(Errno) {
      if unsafe !context.options.makesSparse || !isZero(bytes) {
        try unsafe piece.file.write(bytes, at: piece.offset)
      }
      context.progress.bytes.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
      return nil
    } catch { return "\(error.text) (write)" }
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 1, unsafe bytes[0] == 0 else { return unsafe bytes.isEmpty }
    return unsafe equalBytes(
      UnsafeRawBufferPointer(rebasing: bytes.dropLast()),
      UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
  }

  private func fail(_ piece: RestorePiece, _ error: VaultError) {
    piece.file.fail(error, context)
  }
}
