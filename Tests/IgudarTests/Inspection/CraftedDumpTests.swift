// Dumps of files that no backup makes, or hardly one: memory stays what it is, and sizes that no file
// can have are refused.

import Platform
import Testing
import Vault

@testable import Igudar

/// Takes the first pieces and remembers the largest.
private struct Measured: DumpTarget {
  var largest = 0
  var left = 8

  mutating func write(_ span: RawSpan) -> Bool {
    largest = max(largest, span.byteCount)
    left -= 1
    return left > 0
  }

  mutating func writeHole(_ length: UInt64) -> Bool { true }
}

@Suite struct CraftedDumpTests {
  private let harvest: Harvest

  init() throws { harvest = try Harvest() }

  /// The only file of a snapshot, and the repository as a client sees it that knows nothing.
  private func commit(
    _ file: (CraftedSnapshot) throws -> Entry.File
  ) throws -> (Entry, Entry.File, Repository) {
    let crafted = try CraftedSnapshot(in: harvest)
    let file = try file(crafted)
    let entry = CraftedSnapshot.entry("file", .file(file))
    _ = try crafted.commit(crafted.folder([entry]))
    return (entry, file, try harvest.open(harvest.store))
  }

  // In a run of one chunk no frame ends.
  @Test(arguments: [(size: 1 << 16, count: 1 << 14), (size: 1, count: 1 << 20)])
  func aRunOfOneChunkIsReadInPieces(_ run: (size: Int, count: Int)) throws {
    let (entry, file, repository) = try commit { crafted in
      let chunk = try crafted.chunk([UInt8](repeating: 0, count: run.size))
      return try crafted.file(of: [.chunk(chunk, length: UInt32(run.size))], times: run.count)
    }
    var target = Measured()
    #expect(try !FileDump(file, of: repository, jobs: 1).run(into: &target))
    #expect(0 < target.largest && target.largest <= min(4 << 20, 4096 * run.size))
    guard file.size > 1 << 20 else { return }
    let dump = ArchiveDump(repository, as: .tar) { Issue.record("\($0)") }
    var archive = Measured()
    #expect(try !dump.run(entry, at: "file") { archive.write($0) })
    #expect(0 < archive.largest && archive.largest <= 5 << 20)
  }

  // More of them than a header of tar can name are written as zeros.
  @Test func manyHolesAreWrittenPieceByPiece() throws {
    let (entry, _, repository) = try commit { crafted in
      let chunk = Extent.chunk(try crafted.chunk([1]), length: 1)
      return try crafted.file(of: [chunk, .hole(length: 1 << 32)], times: 100_001)
    }
    let dump = ArchiveDump(repository, as: .tar) { Issue.record("\($0)") }
    var archive = Measured()
    #expect(try !dump.run(entry, at: "file") { archive.write($0) })
    #expect(0 < archive.largest && archive.largest <= 2 << 20)
  }

  @Test func aSizeThatNoFileCanHaveIsDamage() throws {
    let (_, file, repository) = try commit { crafted in
      let chunk = Extent.chunk(try crafted.chunk([1]), length: 1)
      return try crafted.file(of: [chunk, .hole(length: UInt64(Int64.max))], times: 1)
    }
    var target = Measured()
    let error = #expect(throws: RepositoryError.self) {
      _ = try FileDump(file, of: repository).run(into: &target)
    }
    guard case .damaged(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("larger than any file can be"))
    #expect(target.left == 8)
  }
}
