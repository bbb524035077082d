// A map that stays small in memory however much it holds: what is above the limit goes to a
// temporary file that has no name. It lives as long as the value and is never read by anybody else.
//
// The limit is low because keys come in any order: a transaction of LMDB holds every page in memory
// that it changes, one for each key in the worst case.

/// Values by short keys; not shared.
package final class TemporaryMap {
  private let memoryLimit: Int
  private var recent: [[UInt8]: [UInt8]] = [:]
  private var recentSize = 0
  private var file: TemporaryTable?

  /// An empty map that keeps about this many bytes in memory.
  package init(memoryLimit: Int = 512 << 10) {
    self.memoryLimit = memoryLimit
  }

  /// The value of a key; nil if there is none.
  package func get(_ key: [UInt8]) throws(VaultError) -> [UInt8]? {
    if let value = recent[key] { return value }
    guard let file else { return nil }
    return try temporaryFileErrors { () throws(LMDBError) in
      try file.reader.read { (snapshot) throws(LMDBError) in try snapshot.get(file.table, key) }
    }
  }

  /// Sets the value of a key of 1 to 511 bytes.
  package func set(_ key: [UInt8], to value: [UInt8]) throws(VaultError) {
    if let old = recent.updateValue(value, forKey: key) {
      recentSize -= old.count
    } else {
      recentSize += key.count + 64
    }
    recentSize += value.count
    if recentSize > memoryLimit { try spill() }
  }

  /// A key, or value, for a number; keys ascend with their numbers.
  package static func key(_ number: UInt64) -> [UInt8] { IndexKey.number(number) }

  /// Back from `key`.
  package static func number(_ key: [UInt8]) -> UInt64 { IndexKey.decode(key) }

  /// The first key from this one on, with its value; nil if there is none.
  package func first(
    from key: [UInt8]
  ) throws(VaultError) -> (key: [UInt8], value: [UInt8])? {
    if !recent.isEmpty { try spill() }
    guard let file else { return nil }
    return try temporaryFileErrors { () throws(LMDBError) in
      try file.reader.read { (snapshot) throws(LMDBError) in
        let cursor = try snapshot.cursor(file.table)
        return try unsafe key.withRawBytes { (key) throws(LMDBError) in
          guard let item = unsafe try cursor.seek(key) else { return nil }
          return unsafe (Array(item.key), Array(item.value))
        }
      }
    }
  }

  private func spill() throws(VaultError) {
    try temporaryFileErrors { () throws(LMDBError) in
      let file = try usedFile()
      try file.environment.write { (writer) throws(LMDBError) in
        for key in recent.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
          if let value = recent[key] { try writer.put(file.table, key, value) }
        }
      }
    }
    recent.removeAll(keepingCapacity: true)
    recentSize = 0
  }

  private func usedFile() throws(LMDBError) -> TemporaryTable {
    if let file { return file }
    let made = try TemporaryTable()
    file = made
    return made
  }
}
