// Walks the trees of snapshots and proves that all of their nodes can be read and that every chunk
// they name has a place that can be believed. Directories that are whole are looked at once, however
// many snapshots share them; those that are not are walked again for each, to name its paths.

import Platform
import Vault

/// Checks trees, one snapshot after another.
struct TreeCheck {
  private let reader: ChunkReader
  private let source: any NodeSource
  private let suspects: CheckSuspects
  private var whole: Set<ChunkID> = []

  init(reader: ChunkReader, source: any NodeSource, suspects: CheckSuspects) {
    self.reader = reader
    self.source = source
    self.suspects = suspects
  }

  private final class Level {
    let path: PathChain
    let node: ChunkID?
    var entries: DirectoryReader
    var isWhole = true

    init(_ path: PathChain, _ children: Children, from source: any NodeSource) {
      self.path = path
      if case .nodes(let reference) = children { node = reference.id } else { node = nil }
      entries = DirectoryReader(children, from: source)
    }

    /// Goes to the next entry; false at the end.
    func advance() throws(VaultError) -> Bool { try entries.advance() }

    /// The current entry as a value of its own.
    var entry: Entry { entries.withCurrent { $0.entry } }

    /// The name of the current entry.
    var name: FileName {
      entries.withCurrent { FileName(unchecked: Array(copying: $0.name)) }
    }

    /// Whether the current entry is a file that names all of its chunks itself.
    var isPlainFile: Bool {
      entries.withCurrent { $0.type == .file && $0.reference == nil && !$0.hasAttributes }
    }

    /// Hands out all chunks of a plain file.
    func forEachChunk(
      _ body: (ChunkID, UInt32) throws(VaultError) -> Void
    ) throws(VaultError) {
      var outcome: Result<Bool, VaultError> = .success(true)
      entries.withCurrent { entry in
        do throws(VaultError) {
          outcome = .success(
            try entry.allInlineChunks { (id, length) throws(VaultError) in
              try body(id, length)
              return true
            })
        } catch { outcome = .failure(error) }
      }
      _ = try outcome.get()
    }
  }

  /// The paths of a snapshot that cannot be restored whole.
  mutating func check(_ snapshot: SnapshotInfo) throws(VaultError) -> [DamagedPath] {
    guard let children = snapshot.snapshot.root.children else { return [] }
    var damaged: [DamagedPath] = []
    func fail(_ path: PathChain, _ error: VaultError) {
      damaged.append(
        DamagedPath(snapshot: snapshot.id, path: path.path, problem: "\(RepositoryError(error))"))
    }
    var levels = [Level(PathChain("/"), children, from: source)]
    while let level = levels.last {
      if Interrupt.requested != 0 { return damaged }
      var isAtEnd = true
      do throws(VaultError) { isAtEnd = try !level.advance() } catch {
        guard error.isLoss else { throw error }
        fail(level.path, error)
        level.isWhole = false
      }
      if isAtEnd {
        levels.removeLast()
        if level.isWhole, let node = level.node { whole.insert(node) }
        if !level.isWhole { levels.last?.isWhole = false }
        continue
      }
      // What most entries are is looked at in place.
      let entry = level.isPlainFile ? nil : level.entry
      do throws(VaultError) {
        if let entry { try checkContent(of: entry) } else { try level.forEachChunk(check) }
      } catch {
        guard error.isLoss else { throw error }
        fail(PathChain(level.name, in: level.path), error)
        level.isWhole = false
      }
      if let entry, let below = entry.children {
        if case .nodes(let reference) = below, whole.contains(reference.id) { continue }
        levels.append(Level(PathChain(entry.name, in: level.path), below, from: source))
      }
    }
    return damaged
  }

  private func checkContent(of entry: Entry) throws(VaultError) {
    for attribute in entry.attributes {
      if case .chunk(let id, let length) = attribute.value { try check(id, length) }
    }
    guard let file = entry.file else { return }
    var content = ContentReader(file, from: source)
    while let extent = try content.next() {
      if case .chunk(let id, let length) = extent { try check(id, length) }
    }
  }

  // A chunk is believed when it has a place in a pack that nothing speaks against; otherwise it is
  // read, from all of its places.
  private func check(_ id: ChunkID, _ length: UInt32) throws(VaultError) {
    let place = try reader.requirePlace(of: id)
    guard place.length == length else {
      throw .damaged(object: "chunk \(id.shortHex)", .badLength)
    }
    if suspects.isEmpty { return }
    let pack = try reader.packName(of: place)
    guard suspects.chunks.contains(id) || suspects.packs.contains(pack) else { return }
    try reader.prove(id, kind: .data)
  }
}
