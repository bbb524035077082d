// Which calls a player may still make, as far as its part is learned; names are told apart by one of
// 64 bits, so that there may be more in it than that, never less.

@testable import Vault

/// A set of calls.
struct Footprint {
  // Of names.
  private(set) var reads: UInt64 = 0
  private(set) var creates: UInt64 = 0
  private(set) var deletes: UInt64 = 0
  // Of folders: those listed, and those in which something is created or deleted.
  private(set) var lists: UInt8 = 0
  private(set) var changes: UInt8 = 0

  init() {}

  /// This one call.
  init(_ call: Call, _ props: Props) {
    switch call {
    case .barrier: break
    case .read(let name, _, _), .size(let name): reads = Self.bit(name)
    case .create(let object):
      let prop = props.all[Int(object)]
      creates = Self.bit(prop.nameNumber)
      changes = prop.folder.bit
    case .delete(let name):
      deletes = Self.bit(name)
      changes = props.folders[Int(name)].bit
    case .list(let listing):
      lists = StoreFolder(prefix: props.listings[Int(listing)].prefix).bit
    }
  }

  /// The calls of which the order with this one matters: one of them answers something else after the
  /// other, or leaves something else.
  init(conflictingWith call: Call, _ props: Props) {
    switch call {
    case .barrier: break
    case .read(let name, _, _), .size(let name):
      creates = Self.bit(name)
      deletes = Self.bit(name)
    case .create(let object):
      let prop = props.all[Int(object)]
      reads = Self.bit(prop.nameNumber)
      creates = reads
      deletes = reads
      lists = prop.folder.bit
    case .delete(let name):
      reads = Self.bit(name)
      creates = reads
      lists = props.folders[Int(name)].bit
    case .list(let listing):
      changes = StoreFolder(prefix: props.listings[Int(listing)].prefix).bit
    }
  }

  private static func bit(_ name: Int32) -> UInt64 { 1 << UInt64(name & 63) }

  /// The creations alone, whatever folder they change.
  var onlyCreates: Footprint {
    var creates = Footprint()
    creates.creates = self.creates
    return creates
  }

  func meets(_ other: Footprint) -> Bool {
    (reads & other.reads) | (creates & other.creates) | (deletes & other.deletes)
      | UInt64(lists & other.lists) | UInt64(changes & other.changes) != 0
  }

  func contains(_ other: Footprint) -> Bool {
    (other.reads & ~reads) | (other.creates & ~creates) | (other.deletes & ~deletes)
      | UInt64(other.lists & ~lists) | UInt64(other.changes & ~changes) == 0
  }

  mutating func formUnion(_ other: Footprint) {
    reads |= other.reads
    creates |= other.creates
    deletes |= other.deletes
    lists |= other.lists
    changes |= other.changes
  }
}

extension StoreFolder {
  fileprivate var bit: UInt8 { 1 << UInt8(rawValue) }
}
