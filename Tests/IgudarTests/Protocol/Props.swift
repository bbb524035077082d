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
    let folder: StoreFolder
    let bytes: [UInt8]
    /// What it adds to the fingerprint of a store.
    let key: UInt64
  }

  private struct Key: Hashable {
    let name: ObjectName
    let bytes: [UInt8]
  }

  /// A listing that is asked for.
  struct Listing: Hashable {
    let prefix: String
    let after: String?

    fileprivate func begins(before name: ObjectName) -> Bool {
      after.map { name.description > $0 } ?? true
    }
  }

  private struct Listed: Hashable {
    let listing: Int32
    let content: UInt64
  }

  private(set) var all: [Prop] = []
  private(set) var names: [ObjectName] = []
  /// The folders of the names.
  private(set) var folders: [StoreFolder] = []
  private(set) var listings: [Listing] = []
  /// What listings answered, in the order of names.
  private(set) var lists: [[Int32]] = []
  private var listingNumbers: [Listing: Int32] = [:]
  private var listNumbers: [[Int32]: Int32] = [:]
  private var known: [Listed: Int32] = [:]
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
        name: name, nameNumber: self.number(of: name), folder: StoreFolder(name), bytes: bytes(),
        key: Self.key(of: name, key.bytes)))
    return number
  }

  /// The number of a name.
  func number(of name: ObjectName) -> Int32 {
    if let known = nameNumbers[name] { return known }
    let number = Int32(names.count)
    nameNumbers[name] = number
    names.append(name)
    folders.append(StoreFolder(name))
    return number
  }

  /// The number of a listing.
  func number(of listing: Listing) -> Int32 {
    if let known = listingNumbers[listing] { return known }
    let number = Int32(listings.count)
    listingNumbers[listing] = number
    listings.append(listing)
    return number
  }

  /// The number of the list that a listing answers.
  func list(_ number: Int32, in shelf: Shelf) -> Int32 {
    let listing = listings[Int(number)]
    let key = Listed(
      listing: number, content: shelf.fingerprint(of: StoreFolder(prefix: listing.prefix)))
    if let known = known[key] { return known }
    let inside = shelf.all.filter { object in
      let name = all[Int(object)].name
      return name.folder == listing.prefix && listing.begins(before: name)
    }
    let found = inside.sorted { all[Int($0)].name < all[Int($1)].name }
    let list = listNumbers[found] ?? Int32(lists.count)
    if list == lists.count {
      listNumbers[found] = list
      lists.append(found)
    }
    known[key] = list
    return list
  }

  private static func key(of name: ObjectName, _ bytes: [UInt8]) -> UInt64 {
    Hash.name(of: Array(name.description.utf8) + [0] + bytes).leadingWord
  }

  /// The numbers of all objects of a store.
  func numbers(of store: MemoryStore) throws -> [Int32] {
    var names: [ObjectName] = []
    try store.list(prefix: "", after: nil) { (name, _) throws(StoreError) in
      names.append(name)
      return true
    }
    var numbers: [Int32] = []
    for name in names {
      let bytes = try store.read(name, limit: 1 << 26)
      numbers.append(number(of: name, bytes))
    }
    return numbers
  }

  /// A store with these objects.
  func store(of objects: [Int32]) -> MemoryStore {
    let store = MemoryStore()
    for object in objects {
      let prop = all[Int(object)]
      store.overwrite(prop.name, with: prop.bytes)
    }
    return store
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
