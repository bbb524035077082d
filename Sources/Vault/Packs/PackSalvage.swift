// What a damaged pack holds, from whoever still knows: its own directory, or else the index segments.

import Storage

extension Vault {
  /// The chunks of a pack in the order in which they lie in it; empty if nobody knows.
  package func chunks(
    of pack: ObjectHash
  ) throws(VaultError) -> [(id: ChunkID, kind: ChunkKind)] {
    do throws(VaultError) {
      let directory = try packReader.directory(of: pack, size: try size(of: .pack(pack)))
      return directory.chunks
    } catch {
      guard error.isLoss else { throw error }
      return try chunksInSegments(of: pack)
    }
  }

  private func chunksInSegments(
    of pack: ObjectHash
  ) throws(VaultError) -> [(id: ChunkID, kind: ChunkKind)] {
    var found: [(place: (UInt32, UInt32), id: ChunkID, kind: ChunkKind)] = []
    for name in journal.state.namedSegments {
      let segment: Segment
      do throws(VaultError) { segment = try self.segment(name) } catch {
        guard error.isLoss else { throw error }
        continue
      }
      guard (0..<segment.packCount).contains(where: { segment.pack($0).name == pack }) else {
        continue
      }
      for index in 0..<segment.rowCount {
        let row = segment.row(index)
        let frame = segment.frame(Int(row.frame))
        guard segment.pack(Int(frame.pack)).name == pack else { continue }
        found.append(((frame.offset, row.offset), row.id, frame.kind))
      }
    }
    found.sort { $0.place < $1.place }
    return found.map { ($0.id, $0.kind) }
  }
}

extension PackDirectory {
  /// The chunks with the kinds of their frames, in order.
  var chunks: [(id: ChunkID, kind: ChunkKind)] {
    var chunks: [(id: ChunkID, kind: ChunkKind)] = []
    chunks.reserveCapacity(chunkIDs.count)
    for frame in frames {
      let end = chunks.count + Int(frame.chunkCount)
      for index in chunks.count..<end { chunks.append((chunkIDs[index], frame.kind)) }
    }
    return chunks
  }
}
