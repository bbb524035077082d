// Names of files whose first name could not get its place: the next name becomes the first.
//
// Bounds: every name that waits here keeps its folder open, so that there are not many; those beyond
// are told to be lost with the first.

import Platform
import Synchronization
import Vault

/// The names that wait for another first one; all calls may be made from any thread.
final class DisplacedNames: Sendable {
  private struct Waiting {
    var count = 0
    // By the path of the first name.
    var groups: [FilePath: [FurtherName]] = [:]
  }

  private static let limit = max(1, min(256, openFileLimit() / 16))
  private let waiting = Mutex(Waiting())

  /// Lets a name wait; false if there are too many.
  func add(_ name: FurtherName, of group: LinkGroup) -> Bool {
    waiting.withLock { waiting in
      guard waiting.count < Self.limit else { return false }
      waiting.count += 1
      waiting.groups[group.path, default: []].append(name)
      return true
    }
  }

  /// Takes all of them, the names of one file together.
  func take() -> [[FurtherName]] {
    waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting.groups.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}

extension RestoreWalk {
  /// Restores files whose first name has no place under their next one, as long as there are any.
  func restoreDisplaced() throws(VaultError) {
    while true {
      var files = context.displaced.take()[...]
      guard !files.isEmpty else { return }
      do throws(VaultError) {
        try startWorkers()
        while let names = files.popFirst() { try restore(names) }
        try handOver()
      } catch {
        release(files.joined())
        throw error
      }
      stopWorkers()
    }
  }

  /// Gives up what these names hold: their folders may end.
  func release(_ names: some Sequence<FurtherName>) {
    for name in names { name.directory.endPart(context, hand.reader) }
  }

  // The first of these names is restored, the others become links to it.
  private func restore(_ names: [FurtherName]) throws(VaultError) {
    defer { release(names.prefix(1)) }
    var others = names.dropFirst()
    do throws(VaultError) {
      guard !context.isStopped, let group = try begin(names[0]) else { return release(others) }
      while let name = others.popFirst() {
        guard let outcome = group.add(name) else { continue }
        hand.links.link(name, to: group, outcome, hand.reader)
      }
    } catch {
      release(others)
      throw error
    }
  }

  private func begin(_ name: FurtherName) throws(VaultError) -> LinkGroup? {
    let (entry, directory) = (name.entry, name.directory)
    var status: FileStatus?
    if name.exists, let raw = directory.openDirectory?.descriptor.raw {
      status = try? FileStatus.of(entry.name, at: raw)
    }
    guard let file = entry.file else { return try restoreOther(entry, status, in: directory) }
    // As a link it would have cost nothing.
    context.progress.bytesSkipped.wrappingSubtract(file.size, ordering: .relaxed)
    return try plan(entry, file, status, in: directory)
  }
}
