// Opens the notes of journal entries for those who read many of them, and remembers the records: here
// and, sealed, in a cache.

import Synchronization

/// A note in a journal entry.
package struct EntryNote: Sendable {
  package let bytes: [UInt8]
  /// The type of the entry.
  package let type: UInt8
  /// The number of the entry.
  package let number: UInt64

  package init(_ bytes: [UInt8], type: UInt8, number: UInt64) {
    self.bytes = bytes
    self.type = type
    self.number = number
  }
}

/// Opens notes.
package final class NoteReader: Sendable {
  private let runs: RunKeyring
  private let cache: any NoteCache
  private let randomness: any Randomness
  private let seals: [UInt32: NoteSeal]
  private let state = Mutex(State())

  private struct State {
    var known = OpenedNotes()
    var isCacheRead = false
    // By their epochs: what the cache does not have yet, if that was read.
    var fresh: [UInt32: OpenedNotes] = [:]
  }

  // Fewer notes are not worth reading a cache, or writing to one.
  private static let worthCaching = 16
  // Bytes of records; more are not kept for the cache at once.
  private static let freshLimit = 1 << 20

  package init(
    runs: RunKeyring, keyring: KeyRing, cache: any NoteCache = NoNoteCache(),
    randomness: any Randomness = SystemRandomness()
  ) {
    self.runs = runs
    self.cache = cache
    self.randomness = randomness
    seals = keyring.epochs.reduce(into: [:]) { seals, epoch in
      seals[epoch.number] = NoteSeal(epoch: epoch, repository: runs.repository)
    }
  }

  /// What is known already, for one who is going to open so many notes.
  package func known(for count: Int) -> OpenedNotes {
    state.withLock { state in
      if count >= Self.worthCaching { readCache(&state) }
      return state.known
    }
  }

  private func readCache(_ state: inout State) {
    guard !state.isCacheRead else { return }
    state.isCacheRead = true
    var cached = OpenedNotes()
    cache.forEachSealed { sealed in seals[sealed.epoch]?.open(sealed, addingTo: &cached) }
    for epoch in state.fresh.keys { state.fresh[epoch]?.subtract(cached) }
    cached.add(state.known)
    state.known = cached
  }

  /// The records in notes, in their order; those that are not known are opened.
  package func open(
    _ notes: [EntryNote], known: OpenedNotes
  ) -> [Result<[UInt8], VaultError>] {
    let names = Hash.names(of: notes.map(\.bytes))
    return zip(notes, names).map { note, name in
      if let record = known.record(of: name, type: note.type) { return .success(record) }
      return Result { () throws(VaultError) in try open(note, name) }
    }
  }

  private func open(_ note: EntryNote, _ name: ObjectHash) throws(VaultError) -> [UInt8] {
    let record = try Note.open(
      note.bytes, for: note.type, runs: runs, object: JournalEntry.path(note.number))
    guard let epoch = Note.epoch(of: note.bytes), seals[epoch] != nil else { return record }
    state.withLock { state in
      state.known.add(record, of: name, type: note.type)
      if state.fresh[epoch, default: OpenedNotes()].byteCount < Self.freshLimit {
        state.fresh[epoch, default: OpenedNotes()].add(record, of: name, type: note.type)
      }
    }
    return record
  }

  /// Stores what was opened since for other processes, if that is much that the cache does not have.
  package func storeFresh() {
    let ready = state.withLock { state in
      guard state.fresh.values.contains(where: { $0.count >= Self.worthCaching }) else {
        return [UInt32: OpenedNotes]()
      }
      readCache(&state)
      let ready = state.fresh.filter { $0.value.count >= Self.worthCaching }
      for epoch in ready.keys { state.fresh[epoch] = nil }
      return ready
    }
    for (epoch, notes) in ready {
      if let seal = seals[epoch] { cache.store(seal.seal(notes, randomness: randomness)) }
    }
  }
}
