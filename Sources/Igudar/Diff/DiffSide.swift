// One of two directories that are compared, read entry by entry.

import Platform
import Vault

/// One of two directories, with the entry that comes next.
final class DiffSide {
  var reader: DirectoryReader
  /// Whether an entry was read and not taken.
  private(set) var isWaiting = false

  init(_ children: Children?, _ source: any NodeSource) {
    reader = DirectoryReader(children ?? .none, from: source)
  }

  /// Reads the next entry unless one waits; false at the end.
  func fill() throws(VaultError) -> Bool {
    if !isWaiting { isWaiting = try reader.advance() }
    return isWaiting
  }

  func pass() { isWaiting = false }

  func take() -> Entry {
    isWaiting = false
    return reader.withCurrent { $0.entry }
  }

  /// Negative, zero or positive, as the name comes before, is, or comes after the other's.
  func order(_ other: DiffSide) -> Int {
    reader.withCurrent { mine in
      other.reader.withCurrent { mine.name.order($0.name) }
    }
  }

  /// As `order`, with a name of elsewhere.
  func order(_ name: FileName) -> Int {
    reader.withCurrent { mine in mine.name.order(name.bytes.rawSpan) }
  }

  /// Whether both entries are the same to the last byte, with all that is below them.
  func isSame(as other: DiffSide) -> Bool {
    reader.withCurrent { mine in
      other.reader.withCurrent { $0.encoded.equals(mine.encoded) }
    }
  }
}
