// Lists the sources ahead of the walk, on a thread of its own, by the rules of the walk: opens
// directories, reads their names, looks at every entry. It needs no key, so it begins while the
// passphrase is hashed.
//
// Bounds: what is ahead of the walk is a number of blocks of items, and the open directories in them.

public import Platform
import Synchronization
import Vault

/// A listing of what a backup is going to read, made ahead of it.
public final class SourceListing: @unchecked Sendable {
  let targets: BackupTargets
  /// False if a path is relative and the working directory was deleted: it is not listed.
  let isPlaced: Bool
  /// No entry was looked at before this time.
  let start: Timestamp
  private let blocks: Channel<ListingBlock>
  private let used = UsedBlocks()
  private let rules: WalkRules
  private let thread: Thread
  // Of the walk alone.
  private var block = ListingBlock()
  private var position = 0

  // Blocks that may wait for the walk: what can be listed while a passphrase is hashed, unless the
  // directories in them would take more than a quarter of the files that may be open.
  private static var blockCount: Int {
    max(2, min(64, openFileLimit() / 4 / ListingBlock.directoryLimit))
  }

  private static let fewBlocks = 8

  /// Begins to list files and folders; relative ones begin at the working directory.
  public init(of paths: [FilePath], options: BackupOptions) {
    isPlaced = paths.allSatisfy(\.isAbsolute) || hasWorkingDirectory()
    targets = BackupTargets(
      isPlaced ? paths : paths.filter(\.isAbsolute), workingDirectory: workingDirectory())
    start = .now()
    blocks = Channel(capacity: Self.blockCount)
    rules = WalkRules(options, targets: targets)
    let (targets, rules, blocks, used) = (targets, rules, blocks, used)
    thread = Thread.start(name: "list") {
      let lister = SourceLister(targets, rules, to: blocks, freeing: used)
      lister.list()
      blocks.close()
    }
  }

  deinit { stop() }

  /// Ends the head start that the listing has while a passphrase is hashed: it gets no further ahead
  /// of the walk than it is, or than a few blocks.
  ///
  /// Whoever opens the repository at once may wait long for its packs to be listed.
  func endHeadStart() { blocks.narrow(to: Self.fewBlocks) }

  /// The next item; nil when the listing was stopped.
  func next() -> ListedItem? {
    if position == block.items.count {
      used.add(block)
      guard let more = blocks.receive() else { return nil }
      (block, position) = (more, 0)
      if !block.isLookedAt { block.look(rules) }
    }
    defer { position += 1 }
    return block.items[position]
  }

  /// Ends it; nothing more is listed then.
  public func stop() {
    blocks.close()
    while blocks.receive() != nil {}
    thread.join()
  }
}
