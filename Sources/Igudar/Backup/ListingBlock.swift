// Blocks of items on their way from the listing of the sources to the walk, and back to be freed.

import Platform
import Synchronization

/// Neighbouring items.
struct ListingBlock: Sendable {
  var items: [ListedItem] = []
  var directoryCount = 0
  /// Whether nothing in it is still to be looked at.
  var isLookedAt = false

  /// Items are handed over when there are this many, or this many open directories among them.
  private static let itemLimit = 512
  static let directoryLimit = 32

  var isFull: Bool {
    items.count >= Self.itemLimit || directoryCount >= Self.directoryLimit
  }

  /// Looks at everything that is still to be looked at.
  mutating func look(_ rules: WalkRules) {
    for position in items.indices {
      if case .unlooked(let directory, let index) = items[position] {
        items[position] = rules.look(at: index, in: directory)
      }
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
