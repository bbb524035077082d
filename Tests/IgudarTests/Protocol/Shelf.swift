// What the store holds in one state of an exploration, changed in place and back again.

import Storage

@testable import Vault

/// The objects of a store, by the numbers of their props.
struct Shelf {
  // By the number of the name; `none` where there is nothing of it.
  private var objects: [Int32] = []
  /// The same for equal content.
  private(set) var fingerprint: UInt64 = 0
  // The same of each folder alone.
  private var folders = [UInt64](repeating: 0, count: StoreFolder.allCases.count)

  private static let none: Int32 = -1

  /// The object of this name.
  @inline(__always)
  func object(named name: Int32) -> Int32? {
    guard Int(name) < objects.count, objects[Int(name)] != Self.none else { return nil }
    return objects[Int(name)]
  }

  /// All objects.
  var all: [Int32] { objects.filter { $0 != Self.none } }

  func fingerprint(of folder: StoreFolder) -> UInt64 { folders[folder.rawValue] }

  /// Adds an object whose name is free.
  mutating func put(_ object: Int32, _ props: Props) {
    let prop = props.all[Int(object)]
    while objects.count <= Int(prop.nameNumber) { objects.append(Self.none) }
    objects[Int(prop.nameNumber)] = object
    change(prop)
  }

  /// Takes an object away that is there.
  mutating func take(_ object: Int32, _ props: Props) {
    let prop = props.all[Int(object)]
    objects[Int(prop.nameNumber)] = Self.none
    change(prop)
  }

  private mutating func change(_ prop: Props.Prop) {
    fingerprint ^= prop.key
    folders[prop.folder.rawValue] ^= prop.key
  }
}

/// The folders of a repository, as far as calls tell them apart.
enum StoreFolder: Int, CaseIterable {
  case packs
  case index
  case journal
  case others

  init(_ name: ObjectName) { self.init(prefix: name.folder) }

  /// The folder that a prefix of a listing means.
  init(prefix: String) {
    switch prefix {
    case "packs/": self = .packs
    case "index/": self = .index
    case "journal/": self = .journal
    default: self = .others
    }
  }

  /// Whether objects of it are ever deleted.
  var isPruned: Bool { self == .packs || self == .index }
}
