// A directory of the last snapshot, read side by side with the one that is walked now.

import Platform
import Vault

/// The entries of a directory in the last snapshot, in order.
final class PreviousDirectory {
  let children: Children
  private var reader: DirectoryReader
  private let source: any NodeSource
  private var hasCurrent = false
  private var isAtEnd = false

  init(_ children: Children, source: any NodeSource) {
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
  func find(_ name: FileName) throws(VaultError) -> Finding {
    var skipped = false
    while true {
      if !hasCurrent {
        guard !isAtEnd else { return .absent }
        guard try reader.advance() else {
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

  // −1: the current entry comes before the name; 1: after it.
  private func compare(_ name: FileName) -> Int {
    reader.withCurrent { current in
      let wanted = unsafe name.bytes.span.bytes
      if current.name.equals(wanted) { return 0 }
      return current.name.precedes(wanted) ? -1 : 1
    }
  }

  /// The entry found last, in place.
  func withFound<Result>(_ body: (borrowing EntryView) -> Result) -> Result {
    reader.withCurrent(body)
  }

  /// Whether nothing comes after what was found last.
  func isDone() throws(VaultError) -> Bool {
    if hasCurrent { return false }
    if !isAtEnd { isAtEnd = try !reader.advance() }
    hasCurrent = !isAtEnd
    return isAtEnd
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
  let source: any NodeSource
}
