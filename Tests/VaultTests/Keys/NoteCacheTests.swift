// Records of notes in a cache: found there by others, and never taken for those of another note.

import Platform
import Synchronization
import Testing

@testable import Vault

@Suite struct NoteCacheTests {
  private let repository = RepositoryID(bytes: Array(0..<16))
  private let ring = KeyRingTests.keyring()

  private final class Shelf: NoteCache {
    let sealed = Mutex<[SealedNotes]>([])

    var all: [SealedNotes] { sealed.withLock { $0 } }

    func forEachSealed(_ body: (SealedNotes) -> Void) { all.forEach(body) }

    func store(_ notes: SealedNotes) { sealed.withLock { $0.append(notes) } }
  }

  private func record(_ number: UInt64) -> [UInt8] { Array("record \(number)".utf8) }

  /// Notes in commit entries, each of a run of its own.
  private func notes(_ count: UInt64) -> [EntryNote] {
    (0..<count).map { number in
      let run = RunKeys.fresh(
        for: ring.currentEpoch, repository: repository, randomness: SeededRandomness(100 + number))
      let note = Note.seal(
        record(number), for: JournalBody.commitType, run: run,
        randomness: SeededRandomness(500 + number))
      return EntryNote(note, type: JournalBody.commitType, number: number)
    }
  }

  private func reader(_ cache: any NoteCache, _ ring: KeyRing? = nil) -> NoteReader {
    let ring = ring ?? self.ring
    return NoteReader(
      runs: RunKeyring(keyring: ring, repository: repository), keyring: ring, cache: cache,
      randomness: SeededRandomness(7))
  }

  private func open(_ notes: [EntryNote], _ reader: NoteReader, known count: Int = 100) throws
    -> [[UInt8]]
  {
    try reader.open(notes, known: reader.known(for: count)).map { try $0.get() }
  }

  // A cache that says of notes that they hold what they do not.
  private func shelf(
    lyingOf notes: [EntryNote], type: UInt8 = JournalBody.commitType, epoch: EpochKeys? = nil,
    repository: RepositoryID? = nil
  ) throws -> Shelf {
    var lies = OpenedNotes()
    for note in notes { lies.add([1, 2, 3], of: Hash.name(of: note.bytes), type: type) }
    let seal = try #require(
      NoteSeal(epoch: epoch ?? ring.currentEpoch, repository: repository ?? self.repository))
    let shelf = Shelf()
    shelf.store(seal.seal(lies, randomness: SeededRandomness(8)))
    return shelf
  }

  @Test func whatWasOpenedIsKeptOnceItIsMuch() throws {
    let shelf = Shelf()
    let reader = reader(shelf)
    let notes = notes(40)
    #expect(try open(Array(notes[..<3]), reader) == (0..<3).map(record))
    reader.storeFresh()
    #expect(shelf.all.isEmpty)
    #expect(try open(notes, reader) == (0..<40).map(record))
    reader.storeFresh()
    #expect(shelf.all.count == 1)
    let later = self.reader(shelf)
    #expect(later.known(for: 16).count == 40)
    #expect(try open(notes, later) == (0..<40).map(record))
    // Nothing was opened again.
    later.storeFresh()
    #expect(shelf.all.count == 1)
  }

  @Test func theCacheIsAskedWhereManyAreWanted() throws {
    let notes = notes(2)
    let shelf = try shelf(lyingOf: [notes[0]])
    #expect(try open(notes, reader(shelf), known: 16) == [[1, 2, 3], record(1)])
    let reader = reader(shelf)
    #expect(try open(notes, reader, known: 15) == [record(0), record(1)])
    // What is known already is taken for few as well.
    #expect(reader.known(for: 1).count == 2)
  }

  @Test func whatIsOfAnotherEntryTypeOrNoteIsNotTaken() throws {
    let notes = notes(2)
    #expect(
      try open(notes, reader(shelf(lyingOf: notes, type: JournalBody.amendType)))
        == [record(0), record(1)])
    var changed = notes[0].bytes
    changed[changed.count - 1] ^= 1
    let bad = EntryNote(changed, type: JournalBody.commitType, number: 77)
    let reader = try reader(shelf(lyingOf: [notes[0]]))
    let results = reader.open([bad, notes[1]], known: reader.known(for: 100))
    #expect(errorThrown { _ = try results[0].get() } == "notAuthentic")
    if case .failure(.damaged(let object, _)) = results[0] {
      #expect(object == JournalEntry.path(77))
    }
    #expect(try results[1].get() == record(1))
  }

  @Test func whatIsChangedInACacheIsNotTaken() throws {
    let notes = notes(1)
    let good = try #require(try shelf(lyingOf: notes).all.first)
    let bad: [[UInt8]] =
      good.bytes.indices.map { index in
        var changed = good.bytes
        changed[index] ^= 1
        return changed
      } + [[], good.bytes.dropLast(), good.bytes + [0]]
    for bytes in bad {
      let shelf = Shelf()
      shelf.store(SealedNotes(epoch: good.epoch, bytes: bytes))
      #expect(try open(notes, reader(shelf)) == [record(0)])
    }
    // Of another epoch, though of the same secrets.
    let own = ring.currentEpoch
    let next = EpochKeys(
      number: own.number + 1, suite: own.suite, indexKey: own.indexKey,
      journalKey: own.journalKey, readerSecret: own.readerSecret, readerPublic: own.readerPublic,
      psk: own.psk)
    let seal = try #require(NoteSeal(epoch: next, repository: repository))
    var opened = OpenedNotes()
    seal.open(SealedNotes(epoch: next.number, bytes: good.bytes), addingTo: &opened)
    #expect(opened.count == 0)
  }

  // In small lists, one of which alone would not be worth it.
  @Test func whatTheCacheHasIsNotStoredAgain() throws {
    let shelf = Shelf()
    let notes = notes(20)
    for round in 0..<3 {
      let reader = reader(shelf)
      #expect(try open(Array(notes[..<10]), reader, known: 10).count == 10)
      reader.storeFresh()
      #expect(shelf.all.count == min(round, 1))
      #expect(try open(Array(notes[10...]), reader, known: 10).count == 10)
      reader.storeFresh()
      #expect(shelf.all.count == 1)
    }
  }

  @Test func longRecordsAreNotKept() throws {
    var opened = OpenedNotes()
    opened.add(Array(repeating: 1, count: 64 << 10), of: Hash.name(of: [1]), type: 1)
    opened.add(Array(repeating: 1, count: 64 << 10 + 1), of: Hash.name(of: [2]), type: 1)
    #expect(opened.count == 1)
    #expect(opened.byteCount == 64 << 10)
    opened.add([1], of: Hash.name(of: [1]), type: 1)
    #expect(opened.byteCount == 1)
  }

  // Whoever has the reader's secret alone, as from a broken key exchange, opens no cache: it takes
  // the pre-shared key as well, as the runs do.
  @Test func itTakesTheRepositoryAndBothSecrets() throws {
    let notes = notes(1)
    let elsewhere = RepositoryID(bytes: Array(1..<17))
    #expect(try open(notes, reader(shelf(lyingOf: notes, repository: elsewhere))) == [record(0)])
    let own = ring.currentEpoch
    let other = KeyRingTests.keyring(61).currentEpoch
    for (secret, psk) in [(own.readerSecret, other.psk), (other.readerSecret, own.psk)] {
      let mixed = EpochKeys(
        number: own.number, suite: own.suite, indexKey: own.indexKey, journalKey: own.journalKey,
        readerSecret: secret, readerPublic: own.readerPublic, psk: psk)
      #expect(try open(notes, reader(shelf(lyingOf: notes, epoch: mixed))) == [record(0)])
    }
    let writeOnly = EpochKeys(
      number: own.number, suite: own.suite, indexKey: own.indexKey, journalKey: own.journalKey,
      readerSecret: nil, readerPublic: own.readerPublic, psk: own.psk)
    #expect(NoteSeal(epoch: writeOnly, repository: repository) == nil)
  }

  @Test func theIndexCacheKeepsThemAcrossStarts() throws {
    let folder = ScratchFolder()
    let notes = notes(40)
    do {
      let cache = try IndexCache.open(below: folder.path, repository: repository) { _ in }
      for batch in [notes[..<20], notes[20...]] {
        let reader = reader(cache)
        #expect(try open(Array(batch), reader).count == 20)
        reader.storeFresh()
      }
    }
    let cache = try IndexCache.open(below: folder.path, repository: repository) { _ in }
    #expect(sealed(in: cache).count == 2)
    #expect(reader(cache).known(for: 40).count == 40)
    // A row that is bad is none, and no reason to throw the others away.
    let table = try #require(cache.tables.notes)
    let first = try #require(sealed(in: cache).first)
    let key = IndexKey.number(first.epoch) + Hash.name(of: first.bytes).bytes
    try cache.environment.write { (writer) throws(LMDBError) in
      try writer.put(table, key, [1, 2, 3])
    }
    #expect(reader(cache).known(for: 40).count == 20)
    #expect(try open(notes, reader(cache)) == (0..<40).map(record))
    try cache.tables.verify(in: cache.environment)
  }

  @Test func theIndexCacheBeginsAnewWhenItIsFull() throws {
    let folder = ScratchFolder()
    let cache = try IndexCache.open(below: folder.path, repository: repository) { _ in }
    for index in 0..<4 {
      cache.store(SealedNotes(epoch: 0, bytes: Array(repeating: UInt8(index), count: 9 << 20)))
      #expect(sealed(in: cache).count == [1, 2, 3, 1][index])
    }
    #expect(sealed(in: cache)[0].bytes[0] == 3)
  }

  private func sealed(in cache: IndexCache) -> [SealedNotes] {
    var found: [SealedNotes] = []
    cache.forEachSealed { found.append($0) }
    return found
  }
}
