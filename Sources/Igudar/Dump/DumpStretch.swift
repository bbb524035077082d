// One stretch of a file that is being dumped, and the ring of them between the thread that hands out
// and the workers that fetch.

import Platform
import Vault

/// A chunk of a stretch.
struct DumpChunk: Sendable {
  let id: ChunkID
  let length: Int
}

/// A stretch: planned by one thread, fetched by a worker, read by the first again.
final class DumpStretch: @unchecked Sendable {
  enum Content: Sendable {
    case chunks([DumpChunk])
    case hole(UInt64)
  }

  private let monitor = Monitor()
  // Guarded by the monitor until the stretch is fetched, then the reader's.
  private var isFetched = false
  private var failure: VaultError?
  private var buffer = OwnedBuffer(capacity: 2 << 20)
  private var size = 0
  private(set) var content = Content.hole(0)

  /// Gives the stretch something to fetch.
  func plan(_ content: Content) {
    self.content = content
    failure = nil
    size = 0
    isFetched = if case .hole = content { true } else { false }
  }

  /// Fetches what was planned.
  func fetch(_ reader: ChunkReader) {
    guard case .chunks(let chunks) = content else { return }
    var failure: VaultError?
    do throws(VaultError) { try fetch(chunks, reader) } catch { failure = error }
    monitor.withLock {
      self.failure = failure
      isFetched = true
      monitor.broadcast()
    }
  }

  private func fetch(_ chunks: [DumpChunk], _ reader: ChunkReader) throws(VaultError) {
    let whole = chunks.reduce(0) { $0 + $1.length }
    if buffer.capacity < whole { buffer = OwnedBuffer(capacity: whole) }
    for chunk in chunks {
      let place = unsafe UnsafeMutableRawBufferPointer(
        start: buffer.pointer + size, count: chunk.length)
      let fits = try unsafe reader.withChunk(chunk.id, kind: .data) { bytes in
        guard bytes.count == chunk.length else { return false }
        unsafe place.copyMemory(from: bytes)
        return true
      }
      guard fits else {
        throw .damaged(
          object: "chunk \(chunk.id.shortHex)", .malformed("not as long as its file says"))
      }
      size += chunk.length
    }
  }

  /// Waits until the stretch is fetched, and lends its bytes.
  func bytes<Result>(_ body: (RawSpan) -> Result) throws(VaultError) -> Result {
    monitor.withLock { monitor.wait { isFetched } }
    if let failure { throw failure }
    return unsafe body(UnsafeRawBufferPointer(start: buffer.pointer, count: size).bytes)
  }
}

/// A ring of stretches: submitted and released in order by one thread, fetched by others.
final class DumpQueue: Sendable {
  private let work: Channel<DumpStretch>
  private let ring: Ring

  // Only the thread that hands out touches it.
  private final class Ring: @unchecked Sendable {
    let stretches: [DumpStretch]
    var first = 0
    var count = 0

    init(_ count: Int) { stretches = (0..<count).map { _ in DumpStretch() } }
  }

  init(slots: Int) {
    work = Channel(capacity: slots)
    ring = Ring(slots)
  }

  /// A stretch that is not in use; nil if all are.
  var free: DumpStretch? {
    guard ring.count < ring.stretches.count else { return nil }
    return ring.stretches[(ring.first + ring.count) % ring.stretches.count]
  }

  /// Puts the stretch that `free` gave to work.
  func submit(_ stretch: DumpStretch) {
    ring.count += 1
    if case .chunks = stretch.content { _ = work.send(stretch) }
  }

  /// The stretch that was submitted first and not released.
  var oldest: DumpStretch? { ring.count > 0 ? ring.stretches[ring.first] : nil }

  /// Frees the oldest stretch.
  func release() {
    ring.first = (ring.first + 1) % ring.stretches.count
    ring.count -= 1
  }

  /// The next stretch to fetch; nil when the queue is closed.
  func next() -> DumpStretch? { work.receive() }

  func close() { work.close() }
}
