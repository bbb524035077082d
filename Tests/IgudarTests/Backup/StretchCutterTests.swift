// Long runs of bytes: cut as if they lay in memory whole, and no buffer is lost when something fails.

import Platform
import Testing

@testable import Igudar
@testable import Vault

@Suite struct StretchCutterTests {
  private let context: BackupContext

  init() throws {
    context = BackupContext(
      vault: try Harvest().repository.vault, options: BackupOptions(), progress: BackupProgress()
    ) { _ in }
  }

  private func bytes(_ count: Int) -> [UInt8] {
    SeededRandomness(UInt64(count)).bytes(count)
  }

  // Cuts in the order of the stretches; a submit fails where that is wanted.
  private func cut(_ source: PieceSource, failing: Int? = nil) throws(SourceProblem) -> [[UInt8]] {
    var chunks: [[UInt8]] = []
    var count = 0
    _ = try unsafe StretchCutter(context: context).cut(from: 0) {
      (target) throws(SourceProblem) in
      try unsafe source.read(into: target)
    } submit: { (stretch) throws(VaultError) in
      defer {
        context.release(stretch.buffer)
        count += 1
      }
      if count == failing { throw .interrupted }
      var place = stretch.start
      for cut in stretch.cuts {
        let chunk = unsafe UnsafeRawBufferPointer(
          start: stretch.buffer.pointer + place, count: cut.length)
        unsafe chunks.append([UInt8](chunk))
        place += cut.length
      }
    }
    return chunks
  }

  private func expectAllBuffers() {
    let buffers = (0..<BackupContext.stretchCount).map { _ in context.takeBuffer() }
    for buffer in buffers { context.release(buffer) }
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [0, 1, 1 << 20, 2 << 20, (2 << 20) + 1, 4 << 20, 7 << 20 | 13])
  func whatIsReadPieceByPieceIsCutAsAWhole(count: Int) throws {
    let bytes = bytes(count)
    var whole: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let length = try #require(
        unsafe rest.withUnsafeBytes { unsafe context.vault.chunker.firstCut(of: $0, isEnd: true) })
      whole.append([UInt8](rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    #expect(try cut(PieceSource(bytes)) == whole)
    expectAllBuffers()
  }

  @Test(.timeLimit(.minutes(1)), arguments: 0..<5)
  func aSourceThatFailsLosesNoBuffer(piece: Int) {
    #expect(throws: SourceProblem.self) { try cut(PieceSource(bytes(9 << 20), failing: piece)) }
    expectAllBuffers()
  }

  @Test(.timeLimit(.minutes(1)), arguments: 0..<5)
  func aRepositoryThatFailsLosesNoBuffer(stretch: Int) {
    #expect(throws: SourceProblem.self) { try cut(PieceSource(bytes(9 << 20)), failing: stretch) }
    expectAllBuffers()
  }
}

/// Gives bytes piece by piece, but fails at a piece.
final class PieceSource {
  private var rest: ArraySlice<UInt8>
  private var pieces = 0
  private let failing: Int?

  init(_ bytes: [UInt8], failing: Int? = nil) {
    rest = bytes[...]
    self.failing = failing
  }

  func read(
    into target: UnsafeMutableRawBufferPointer
  ) throws(SourceProblem) -> (count: Int, isEnd: Bool) {
    defer { pieces += 1 }
    if pieces == failing { throw .system("read", .inputOutput) }
    let part = rest.prefix(target.count)
    unsafe target.copyBytes(from: part)
    rest = rest.dropFirst(part.count)
    return (part.count, rest.isEmpty)
  }
}
