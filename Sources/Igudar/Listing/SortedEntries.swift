// Entries of a walk in another order. They wait in a map that leaves memory when it grows.

public import Platform
import Vault

/// What entries are sorted by.
public enum EntryOrder: String, CaseIterable, Sendable {
  /// As a walk meets them.
  case name
  /// By the sizes of files.
  case size
  /// By the time of modification.
  case time
  /// The same.
  case mtime
  /// By the time of the last access, where it is recorded.
  case atime
  /// By the time of the last change of anything.
  case ctime
  /// By what stands behind the last dot of the name.
  case `extension`
}

/// Entries that are gathered, and then given back in order; not shared.
public final class SortedEntries {
  private let order: EntryOrder
  private let isReversed: Bool
  private let entries = TemporaryMap()
  private var count: UInt64 = 0

  // A key has 511 bytes at most; the rest of a longer extension decides nothing.
  private static let longestText = 400

  /// None yet.
  public init(by order: EntryOrder, reversed isReversed: Bool = false) {
    self.order = order
    self.isReversed = isReversed
  }

  /// Takes an entry; entries that are alike stay in the order in which they come.
  public func add(_ entry: Entry, at path: FilePath) throws(RepositoryError) {
    var value = ByteWriter()
    value.prefixed(path.bytes)
    entry.encode(into: &value)
    let key = rank(of: entry) + TemporaryMap.key(count)
    count += 1
    try vaultErrors { () throws(VaultError) in
      try entries.set(isReversed ? key.map { ~$0 } : key, to: value.bytes)
    }
  }

  /// Gives the entries back until `visit` answers false.
  public func forEach(_ visit: (Entry, FilePath) -> Bool) throws(RepositoryError) {
    var start: [UInt8] = [0]
    while let item = try vaultErrors({ () throws(VaultError) in try entries.first(from: start) }) {
      let (entry, path) = Self.read(item.value)
      guard visit(entry, path) else { return }
      start = item.key + [0]
    }
  }

  private static func read(_ value: [UInt8]) -> (Entry, FilePath) {
    let bytes = value.rawSpan
    var reader = ByteReader(bytes)
    guard let path = try? reader.prefixedArray(),
      let entry = try? Entry(decoding: bytes.extracting(reader.offset...))
    else { preconditionFailure("what was gathered can be read") }
    return (entry, FilePath(path))
  }

  // Bytes that sort as the entry does.
  private func rank(of entry: Entry) -> [UInt8] {
    switch order {
    case .name: []
    case .size: TemporaryMap.key(entry.file?.size ?? 0)
    case .time, .mtime: Self.rank(of: entry.mtime)
    case .atime: Self.rank(of: entry.atime ?? entry.mtime)
    case .ctime: Self.rank(of: entry.ctime ?? entry.mtime)
    // No name holds the NUL that ends it.
    case .extension: Self.suffix(of: entry.name.bytes).prefix(Self.longestText) + [0]
    }
  }

  private static func rank(of time: Timestamp) -> [UInt8] {
    // With the sign bit turned, times before 1970 come first.
    TemporaryMap.key(UInt64(bitPattern: time.seconds) ^ (1 << 63))
      + TemporaryMap.key(UInt64(time.nanoseconds))
  }

  private static func suffix(of name: [UInt8]) -> ArraySlice<UInt8> {
    name.lastIndex(of: 0x2e).map { name[$0...] } ?? []
  }
}
