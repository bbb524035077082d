// Opening a repository waits for the hash of a passphrase, which takes one processor. Meanwhile another
// opens the index cache and looks at the journal: that takes no keys.

import Platform
import Storage
import Synchronization

/// What is read of a repository before it is unlocked, on a thread of its own.
final class EarlyReading {
  struct Findings: Sendable {
    let index: IndexCache
    let preview: JournalPreview?
  }

  private let work: Work
  private let thread: Thread

  /// Begins to read, if a passphrase is going to be hashed and this machine knows the repository.
  init?(
    of store: any ObjectStore, _ repository: RepositoryID, for secret: Secret, places: LocalPlaces
  ) {
    guard case .passphrase = secret, let base = places.cache,
      IndexCache.exists(below: base, repository: repository)
    else { return nil }
    let work = Work()
    self.work = work
    thread = .start(name: "early") { work.read(store, below: base, repository) }
  }

  // Nobody waits for what is not wanted any more.
  deinit { stop() }

  private func stop() { work.isStopped.store(true, ordering: .relaxed) }

  /// Ends the reading, and answers what was found out about a repository.
  func finish(for repository: RepositoryID) -> Findings? {
    stop()
    thread.join()
    return work.findings.withLock { $0?.index.repository == repository ? $0 : nil }
  }
}

/// What both threads know.
private final class Work: Sendable {
  let findings = Mutex<EarlyReading.Findings?>(nil)
  let isStopped = Atomic<Bool>(false)

  func read(_ store: any ObjectStore, below base: FilePath, _ repository: RepositoryID) {
    // To fill memory takes a third of the time that hashing takes.
    Priority.letFillingGoFirst()
    // What does not work here is done again when it is needed, and told then.
    guard let index = try? IndexCache.opening(below: base, repository: repository) else { return }
    let head = (try? index.head()) ?? nil
    let preview = head.flatMap { head in
      JournalPreview(of: store, index, newest: head.number) { isStopped.load(ordering: .relaxed) }
    }
    if let long = preview?.known.first(where: { LongMessage.sizes ~= $0.payload.count }),
      let suite = SealedObject.suite(of: long.seal)
    {
      LongMessage.prepare(suite)
    }
    findings.withLock { $0 = .init(index: index, preview: preview) }
  }
}
