// Blocks of items on their way from the listing of the sources to the walk, and back to be freed.

import Platform
import Synchronization

/// Neighbouring items.
struct ListingBlock: Sendable {
  private(set) var items: [ListedItem] = []
  // The directories of what is still to be looked at, each for the items from a position on.
  private var unlooked: [(directory: ListedDirectory, start: Int)] = []
  var directoryCount = 0
  /// Whether nothing in it is still to be looked at.
  var isLookedAt = false

  /// Items are handed over when there are this many, or this many open directories among them.
  private static let itemLimit = 512
  static let directoryLimit = 32

  var isFull: Bool {
    items.count >= Self.itemLimit || directoryCount >= Self.directoryLimit
  }

  /// Room for as many items as another block has.
  init(like other: ListingBlock? = nil) {
    if let other { items.reserveCapacity(other.items.count) }
  }

  mutating func append(_ item: ListedItem) { items.append(item) }

  /// Adds a name in a directory that is still to be looked at.
  mutating func append(unlooked index: Int, in directory: ListedDirectory) {
    if unlooked.last?.directory !== directory { unlooked.append((directory, items.count)) }
    items.append(.unlooked(index))
  }

  /// Looks at everything that is still to be looked at.
  mutating func look(_ rules: WalkRules) {
    var end = items.count
    while let (directory, start) = unlooked.popLast() {
      for position in start..<end {
        guard case .unlooked(let index) = items[position] else { continue }
        items[position] = rules.look(at: index, in: directory)
      }
      end = start
    }
    isLookedAt = true
  }
}

/// What the walk is done with.
///
/// The listing's thread frees it, as closing directories takes its time.
final class UsedBlocks: Sendable {
  private let blocks = Mutex<[ListingBlock]>([])

  func add(_ block: ListingBlock) { blocks.withLock { $0.append(block) } }

  func free() {
    let freed = blocks.withLock { blocks in
      defer { blocks = [] }
      return blocks
    }
    withExtendedLifetime(freed) {}
  }
}
