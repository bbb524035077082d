// The objects that calls of an exploration speak of, by number: each is kept once, in however many
// states of the store it is.

import Platform
import Storage

@testable import Vault

/// The objects of one exploration.
///
/// Whoever calls holds the turn: players never use it at the same time.
final class Props: @unchecked Sendable {
  struct Prop {
    let name: ObjectName
    /// The number of the name, which several objects can have in turn.
    let nameNumber: Int32
    /// The part of the name up to its slash, as prefixes of listings are.
    let folder: String
    let bytes: [UInt8]
    /// What it adds to the fingerprint of a store.
    let key: UInt64
  }

  private struct Key: Hashable {
    let name: ObjectName
    let bytes: [UInt8]
  }

  private(set) var all: [Prop] = []
  private(set) var names: [ObjectName] = []
  private var numbers: [Key: Int32] = [:]
  private var nameNumbers: [ObjectName: Int32] = [:]

  /// The number of an object.
  func number(of name: ObjectName, _ bytes: @autoclosure () -> [UInt8]) -> Int32 {
    let key = Key(name: name, bytes: name.saysContent ? [] : bytes())
    if let known = numbers[key] { return known }
    let number = Int32(all.count)
    numbers[key] = number
    all.append(
      Prop(
        name: name, nameNumber: self.number(of: name), folder: name.folder, bytes: bytes(),
        key: Self.key(of: name, key.bytes)))
    return number
  }

  /// The number of a name.
  func number(of name: ObjectName) -> Int32 {
    if let known = nameNumbers[name] { return known }
    let number = Int32(names.count)
    nameNumbers[name] = number
    names.append(name)
    return number
  }

  private static func key(of name: ObjectName, _ bytes: [UInt8]) -> UInt64 {
    Hash.name(of: Array(name.description.utf8) + [0] + bytes).leadingWord
  }

  /// The fingerprint of a store: equal for equal content, in whatever order it came to be.
  static func fingerprint(of store: MemoryStore) -> UInt64 {
    var names: [ObjectName] = []
    try? store.list(prefix: "", after: nil) { (name, _) throws(StoreError) in
      names.append(name)
      return true
    }
    return names.reduce(0) { sum, name in
      let bytes = name.saysContent ? [] : (try? store.read(name, limit: 1 << 26)) ?? []
      return sum ^ key(of: name, bytes)
    }
  }
}

extension ObjectName {
  /// Whether the name is a hash of the content.
  fileprivate var saysContent: Bool {
    switch kind {
    case .pack, .segment: true
    default: false
    }
  }

  /// The part of the name up to its first slash.
  var folder: String {
    description.firstIndex(of: "/").map { String(description[...$0]) } ?? ""
  }
}
