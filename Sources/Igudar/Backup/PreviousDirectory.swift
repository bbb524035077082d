// A directory of the last snapshot, read side by side with the one that is walked now.
//
// Invariant: what is taken over from here is still in the repository, and the run relies on it. What
// is lost is not there: it is read again from the source.

import Platform
import Vault

/// The entries of a directory in the last snapshot, in order.
final class PreviousDirectory {
  let children: Children
  private var reader: DirectoryReader
  let source: ReliedNodes
  private var hasCurrent = false
  private var isAtEnd = false
  // Whether the rest of the list is lost.
  private var isCut = false

  init(_ children: Children, source: ReliedNodes) {
    self.children = children
    self.source = source
    reader = DirectoryReader(children, from: source)
  }

  /// What the last snapshot says of a name.
  enum Finding {
    case absent
    /// It is there, and no other name was passed over on the way to it.
    case next
    /// It is there, after names that are gone now.
    case later
  }

  /// Goes on to a name; names must ascend from call to call.
  func find(_ name: RawSpan) throws(VaultError) -> Finding {
    var skipped = false
    while true {
      if !hasCurrent {
        guard !isAtEnd else { return .absent }
        guard try advance() else {
          isAtEnd = true
          return .absent
        }
        hasCurrent = true
      }
      switch compare(name) {
      case 0:
        hasCurrent = false
        return skipped ? .later : .next
      case 1: return .absent
      default:
        hasCurrent = false
        skipped = true
      }
    }
  }

  private func advance() throws(VaultError) -> Bool {
    do throws(VaultError) { return try reader.advance() } catch {
      guard error.isLoss else { throw error }
      isCut = true
      return false
    }
  }

  // −1: the current entry comes before the name; 1: after it.
  private func compare(_ name: RawSpan) -> Int {
    reader.withCurrent { current in
      if current.name.equals(name) { return 0 }
      return current.name.precedes(name) ? -1 : 1
    }
  }

  /// The entry found last, in place.
  func withFound<Result>(_ body: (borrowing EntryView) -> Result) -> Result {
    reader.withCurrent(body)
  }

  /// The encoding of the entry found last.
  var found: [UInt8] { withFound { Array(copying: $0.encoded) } }

  /// Whether the repository still has all of what was found last.
  func isWhole() throws(VaultError) -> Bool {
    let source = source
    var entry: Entry?
    var answer: Result<Bool, VaultError> = .success(true)
    reader.withCurrent { found in
      if !found.hasAttributes, found.reference == nil {
        // What most entries are is seen in place.
        do throws(VaultError) {
          answer = .success(
            try found.allInlineChunks { (id, _) throws(VaultError) in try source.relies(on: id) })
        } catch { answer = .failure(error) }
      } else if found.type == .file || found.hasAttributes {
        entry = found.entry
      }
    }
    guard let entry else { return try answer.get() }
    return try source.hasAll(of: entry)
  }

  /// Whether nothing comes after what was found last.
  func isDone() throws(VaultError) -> Bool {
    if hasCurrent { return false }
    if !isAtEnd { isAtEnd = try !advance() }
    hasCurrent = !isAtEnd
    return isAtEnd && !isCut
  }

  /// The encodings of the first entries, to take them over.
  func replay(
    _ count: Int, _ body: (RawSpan) throws(VaultError) -> Void
  ) throws(VaultError) {
    var again = DirectoryReader(children, from: source)
    for _ in 0..<count {
      guard try again.advance() else { preconditionFailure("entries do not vanish from a tree") }
      try body(again.current.encoded)
    }
  }
}

/// What the backup compares with: the root of the last snapshot, and when that run began.
struct PreviousSnapshot {
  let root: Entry
  let start: Timestamp
  let source: ReliedNodes
}

/// The nodes of the last snapshot, for the walk alone; the run relies on every one that is read.
struct ReliedNodes: NodeSource, @unchecked Sendable {
  let nodes: any NodeSource
  let lane: Lane

  func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
    guard try lane.relies(on: id) else { throw .missingChunk(id) }
    do throws(VaultError) { return try nodes.node(id) } catch {
      if error.isLoss { lane.distrust(id) }
      throw error
    }
  }

  /// Whether a chunk is there.
  func relies(on id: ChunkID) throws(VaultError) -> Bool { try lane.relies(on: id) }

  /// Whether every chunk that a file names, in its entry and in the nodes of its content, is there.
  func hasAll(of entry: Entry) throws(VaultError) -> Bool {
    for attribute in entry.attributes {
      if case .chunk(let id, _) = attribute.value, try !lane.relies(on: id) { return false }
    }
    guard let file = entry.file else { return true }
    var content = ContentReader(file, from: self)
    do throws(VaultError) {
      while let extent = try content.next() {
        if case .chunk(let id, _) = extent, try !lane.relies(on: id) { return false }
      }
    } catch {
      guard error.isLoss else { throw error }
      return false
    }
    return true
  }
}
