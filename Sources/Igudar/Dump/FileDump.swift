// Reads one file of a snapshot in order, while workers fetch, open and prove what comes next. A
// stretch ends where a frame ends, so that hardly any frame is opened twice, and before it gets large,
// wherever that is: a file can have one chunk over and over. Memory is a few stretches, however large
// the file is. Nothing is handed out that its chunk IDs do not prove.

import Platform
import Vault

/// Where the bytes of a file go, in order; each call answers whether to go on.
public protocol DumpTarget: ~Copyable {
  /// Takes the next bytes.
  mutating func write(_ bytes: RawSpan) -> Bool
  /// Takes a hole of this length, which reads as zeros.
  mutating func writeHole(_ length: UInt64) -> Bool
}

/// A file of a snapshot, to be read as a whole.
public struct FileDump: Sendable {
  private let vault: Vault
  private let file: Entry.File
  private let jobs: Int

  // Each worker has two stretches of about 2 MiB, and of 4 at most.
  private static let mostJobs = 8

  /// A dump of a file's content with this many workers, at most 8; 0 for one per core.
  public init(_ file: Entry.File, of repository: Repository, jobs: Int = 0) {
    vault = repository.vault
    self.file = file
    self.jobs = min(workerCount(jobs), Self.mostJobs)
  }

  /// Hands all bytes to a target, which may end it; true if all were handed out.
  ///
  /// - Throws: `damaged` at the first byte that cannot be had, and before any if the file is said to
  ///   be larger than 2^63 bytes; `interrupted`, and what the store and local places can throw.
  public func run(into target: inout some DumpTarget & ~Copyable) throws(RepositoryError) -> Bool {
    do throws(VaultError) { return try run(&target) } catch { throw RepositoryError(error) }
  }

  func run(_ target: inout some DumpTarget & ~Copyable) throws(VaultError) -> Bool {
    guard Int64(exactly: file.size) != nil else {
      throw .damaged(object: "the file", .malformed("larger than any file can be"))
    }
    try vault.loadIndex()
    var plan = try DumpPlan(file, vault)
    let queue = DumpQueue(slots: 2 * jobs)
    let workers = try startWorkers(queue)
    defer {
      queue.close()
      for worker in workers { worker.join() }
    }
    return try hand(&plan, queue, &target)
  }

  private func startWorkers(_ queue: DumpQueue) throws(VaultError) -> [Thread] {
    var readers: [Handed<ChunkReader>] = []
    for _ in 0..<jobs { readers.append(Handed(try ChunkReader(vault: vault))) }
    return readers.enumerated().map { index, reader in
      Thread.start(name: "dump \(index)") {
        while let stretch = queue.next() { stretch.fetch(reader.value) }
      }
    }
  }

  private func hand(
    _ plan: inout DumpPlan, _ queue: DumpQueue, _ target: inout some DumpTarget & ~Copyable
  ) throws(VaultError) -> Bool {
    while true {
      while let slot = queue.free, try plan.fill(slot) { queue.submit(slot) }
      guard let stretch = queue.oldest else { return true }
      guard Interrupt.requested == 0 else { throw .interrupted }
      let goesOn =
        switch stretch.content {
        case .hole(let length): target.writeHole(length)
        case .chunks: try stretch.bytes { bytes in target.write(bytes) }
        }
      guard goesOn else { return false }
      queue.release()
    }
  }
}

/// Cuts a file's extents into stretches.
private struct DumpPlan: ~Copyable {
  private var extents: ContentReader
  private let reader: ChunkReader
  private var ahead: Extent?
  private var frame: (pack: UInt32, offset: UInt32)?

  // Below this a stretch goes on into the next frame, so that small frames travel together.
  private static let least: UInt64 = 1 << 20
  // Above this it ends inside a frame, unless it is one chunk. What writers make is smaller.
  private static let most: UInt64 = 4 << 20
  // Chunks of a few bytes take more room in the plan than in the file.
  private static let mostChunks = 4096

  init(_ file: Entry.File, _ vault: Vault) throws(VaultError) {
    let nodes = try ChunkReader(vault: vault)
    let chunks = try ChunkReader(vault: vault)
    extents = ContentReader(file, from: VaultNodeSource(reader: nodes))
    reader = chunks
  }

  /// Plans the next stretch; false at the end of the file.
  mutating func fill(_ stretch: DumpStretch) throws(VaultError) -> Bool {
    var chunks: [DumpChunk] = []
    var size: UInt64 = 0
    while let extent = try next() {
      guard case .chunk(let id, let length) = extent else {
        if chunks.isEmpty {
          stretch.plan(.hole(extent.length))
          return true
        }
        ahead = extent
        break
      }
      let endsFrame = try entersFrame(id) && size >= Self.least
      let isFull = size + UInt64(length) > Self.most || chunks.count == Self.mostChunks
      if endsFrame || isFull && !chunks.isEmpty {
        ahead = extent
        break
      }
      chunks.append(DumpChunk(id: id, length: Int(length)))
      size += UInt64(length)
    }
    guard !chunks.isEmpty else { return false }
    stretch.plan(.chunks(chunks))
    return true
  }

  private mutating func next() throws(VaultError) -> Extent? {
    if let extent = ahead.take() { return extent }
    return try extents.next()
  }

  // Whether a chunk lies in another frame than the one before it.
  private mutating func entersFrame(_ id: ChunkID) throws(VaultError) -> Bool {
    guard let place = try reader.place(of: id) else { return true }
    let isNew = frame?.pack != place.pack || frame?.offset != place.frameOffset
    frame = (place.pack, place.frameOffset)
    return isNew
  }
}
