// The index cache is disposable at any moment: whatever happens to its files, opening it works,
// it never gives a wrong place, and importing again makes it whole.

import Glibc
import Platform
import Testing

@testable import Vault

@Suite struct IndexDamageTests {
  let folder = ScratchFolder()
  let repository: RepositoryID
  let samples: [SampleSegment]

  init() throws {
    var random = SeededGenerator(21)
    repository = random.repository()
    samples = try [
      SampleSegment(packCount: 2, framesPerPack: 4, chunksPerFrame: 30, &random),
      SampleSegment(packCount: 1, framesPerPack: 3, chunksPerFrame: 10, &random),
    ]
  }

  var directory: FilePath { folder.path.appending("igudar").appending(repository.hex) }
  var data: String { String(decoding: directory.appending("data.mdb").bytes, as: UTF8.self) }

  func open(_ warnings: Warnings = Warnings()) throws -> IndexCache {
    try IndexCache.open(below: folder.path, repository: repository, mapSize: 1 << 20) {
      warnings.add($0)
    }
  }

  func fill(_ cache: IndexCache) throws {
    for sample in samples { try cache.importSegment(sample.name, sample.segment) }
    try cache.store(
      entries: (0..<6).map {
        CachedEntry(number: $0, hash: .zero, payload: [UInt8](repeating: 7, count: 3000))
      }, head: JournalHead(number: 19, hash: .zero))
    // Leaves free pages behind.
    try cache.setPackState(.condemned, of: samples[0].packs)
    try cache.setPackState(.live, of: samples[0].packs)
  }

  /// Every chunk is where it was put, or not known; errors say that the cache is at fault.
  func expectNothingWrong(_ cache: IndexCache, _ comment: String) throws {
    let reader = try cache.reader()
    for sample in samples {
      for (id, places) in sample.places {
        do {
          let named = try cache.namedPlaces(id, reader)
          #expect(named.isEmpty || named == places, "\(comment)")
        } catch VaultError.cache {
          return
        }
      }
    }
  }

  func expectEverything(_ cache: IndexCache) throws {
    let reader = try cache.reader()
    for sample in samples {
      for (id, places) in sample.places { #expect(try cache.namedPlaces(id, reader) == places) }
    }
  }

  // Whoever opens it next has to look at what a stranger did, though we wrote to it afterwards.
  @Test func aCommitSealsNothingThatSomebodyElseHasChanged() throws {
    let cache = try open()
    try fill(cache)
    let seal = try FileSeal(directory: directory)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .intact)
    try cache.setPackState(.condemned, of: samples[0].packs)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .intact)
    // The file as it is, at another time.
    try write(bytes())
    #expect(seal.state(of: cache.environment.dataDescriptor) == .changed)
    try cache.setPackState(.live, of: samples[0].packs)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .changed)
  }

  @Test func aFileThatBecomesShorterIsNotSealed() throws {
    let cache = try open()
    try fill(cache)
    let seal = try FileSeal(directory: directory)
    let size = try #require(seal.intactSize(of: cache.environment.dataDescriptor))
    seal.renew(cache.environment.dataDescriptor, atLeast: size)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .intact)
    #expect(unsafe truncate(data, off_t(size - 4096)) == 0)
    seal.renew(cache.environment.dataDescriptor, atLeast: size)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .changed)
    #expect(seal.intactSize(of: cache.environment.dataDescriptor) == nil)
  }

  @Test func whatWasChangedIsSealedByWhoeverOpensItAndFindsItWhole() throws {
    try fill(open())
    try write(bytes())
    let cache = try open()
    let seal = try FileSeal(directory: directory)
    #expect(seal.state(of: cache.environment.dataDescriptor) == .intact)
    try expectEverything(cache)
  }

  func bytes() throws -> [UInt8] {
    let file = unsafe try #require(fopen(data, "r"))
    defer { _ = unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  func write(_ bytes: [UInt8]) throws {
    let file = unsafe try #require(fopen(data, "w"))
    defer { _ = unsafe fclose(file) }
    #expect(unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }

  /// Opens what is there, looks at it, fills it again if it was thrown away, and looks again.
  func survive(_ comment: String) throws {
    let warnings = Warnings()
    do {
      let cache = try open(warnings)
      try expectNothingWrong(cache, comment)
    }
    #expect(warnings.all.isEmpty, "\(comment)")
    // What turned out damaged in use is thrown away by the next opening.
    let cache = try open(warnings)
    do { try fill(cache) } catch VaultError.cache {}
    try expectNothingWrong(cache, comment)
  }

  // A row that nobody finds any more must not make a chunk count as lost.
  @Test func aRowWithAChangedKeyIsNoLostChunk() throws {
    try fill(open())
    var changed = try bytes()
    let key = try #require(samples[0].places.first).0.bytes
    var count = 0
    for start in 0..<changed.count - key.count where changed[start] == key[0] {
      guard changed[start..<start + key.count].elementsEqual(key) else { continue }
      changed[start + key.count - 1] ^= 1
      count += 1
    }
    #expect(count > 0)
    try write(changed)
    let cache = try open()
    #expect(try cache.importedSegments().isEmpty, "it was made anew")
    try fill(cache)
    try expectEverything(cache)
  }

  @Test func flippedBits() throws {
    try fill(open())
    let pristine = try bytes()
    var random = SeededGenerator(22)
    // Every bit of the meta pages' content, and many elsewhere.
    var bits = Array(0..<152 * 8) + Array(4096 * 8..<(4096 + 152) * 8)
    bits = bits.filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
    for page in 2..<pristine.count / 4096 {
      // Headers and pointers break structure, the rest values.
      for _ in 0..<3 { bits.append((page * 4096 + Int.random(in: 0..<64, using: &random)) * 8) }
      for _ in 0..<2 { bits.append((page * 4096 + Int.random(in: 0..<4096, using: &random)) * 8) }
    }
    for bit in bits {
      var changed = pristine
      changed[bit / 8] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try write(changed)
      try survive("byte \(bit / 8) of \(pristine.count)")
    }
  }

  @Test func truncations() throws {
    try fill(open())
    let pristine = try bytes()
    var lengths = Array(stride(from: 0, to: pristine.count, by: 4096)) + [1, 100, 4095, 5000]
    lengths.append(pristine.count - 1)
    for length in lengths {
      try write(Array(pristine[..<length]))
      try survive("\(length) of \(pristine.count) bytes")
    }
  }

  @Test func pagesFullOfGarbageOrZeros() throws {
    try fill(open())
    let pristine = try bytes()
    var random = SeededGenerator(23)
    for page in 0..<pristine.count / 4096 {
      for garbage in [false, true] {
        var changed = pristine
        for index in page * 4096..<(page + 1) * 4096 {
          changed[index] = garbage ? UInt8.random(in: 0...255, using: &random) : 0
        }
        try write(changed)
        try survive("page \(page)")
      }
    }
    // Pages of the right kind in the wrong place.
    for _ in 0..<40 {
      let count = pristine.count / 4096
      let from = Int.random(in: 0..<count, using: &random) * 4096
      let to = Int.random(in: 0..<count, using: &random) * 4096
      var changed = pristine
      changed.replaceSubrange(to..<to + 4096, with: pristine[from..<from + 4096])
      try write(changed)
      try survive("page \(from / 4096) over page \(to / 4096)")
    }
  }

  @Test func untouchedFileIsKept() throws {
    try fill(open())
    let cache = try open()
    #expect(try cache.importedSegments().count == 2)
    try expectEverything(cache)
  }

  @Test func touchedButWholeFileIsKept() throws {
    try fill(open())
    try write(bytes())
    let cache = try open()
    #expect(try cache.importedSegments().count == 2)
    try expectEverything(cache)
  }

  @Test func deletedWhileOpen() throws {
    let cache = try open()
    try fill(cache)
    ScratchFolder.removeTree(directory)
    try expectEverything(cache)
    let fresh = try open()
    #expect(try fresh.importedSegments().isEmpty)
    try fill(fresh)
    try expectEverything(fresh)
    // The old one goes on by itself and harms nobody.
    var random = SeededGenerator(24)
    let more = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 3, &random)
    try cache.importSegment(more.name, more.segment)
    try expectEverything(cache)
    #expect(try fresh.importedSegments().count == 2)
  }

  @Test(arguments: ["data.mdb", "lock.mdb", "guard"]) func fileDeleted(_ name: String) throws {
    try fill(open())
    _ = unsafe directory.appending(name).withTerminatedBytes { unsafe unlink($0) }
    let warnings = Warnings()
    let cache = try open(warnings)
    try expectNothingWrong(cache, name)
    try fill(cache)
    try expectEverything(cache)
    #expect(warnings.all.isEmpty)
  }

  @Test func anotherVersionIsMadeAnew() throws {
    do {
      let cache = try open()
      try fill(cache)
      try cache.environment.write { (writer) throws(LMDBError) in
        try writer.putChecked(
          cache.tables.about, IndexKey.identity, [9, 0, 0, 0] + repository.bytes)
      }
    }
    let cache = try open()
    #expect(try cache.importedSegments().isEmpty)
    try fill(cache)
    try expectEverything(cache)
  }

  @Test func anotherRepositorysCacheIsMadeAnew() throws {
    try fill(open())
    var random = SeededGenerator(25)
    let other = random.repository()
    let target = folder.path.appending("igudar").appending(other.hex)
    let from = String(decoding: directory.bytes, as: UTF8.self)
    #expect(unsafe rename(from, String(decoding: target.bytes, as: UTF8.self)) == 0)
    let cache = try IndexCache.open(below: folder.path, repository: other) { _ in }
    #expect(try cache.importedSegments().isEmpty)
  }

  @Test func condemnedCacheIsMadeAnew() throws {
    do {
      let cache = try open()
      try fill(cache)
      cache.condemn()
      try expectEverything(cache)
    }
    #expect(try open().importedSegments().isEmpty)
  }

  @Test func badRowIsReportedAndTheCacheMadeAnew() throws {
    do {
      let cache = try open()
      try fill(cache)
      let id = try #require(samples[0].places.keys.first)
      try cache.environment.write { (writer) throws(LMDBError) in
        var value = try writer.snapshot.get(cache.tables.chunks, id.bytes) ?? []
        value[2] ^= 4
        try writer.put(cache.tables.chunks, id.bytes, value)
      }
      let reader = try cache.reader()
      #expect(throws: VaultError.self) { try reader.find(id) }
      // What is written after that does not make the cache good again.
      try cache.store(entries: [], head: JournalHead(number: 1, hash: .zero))
    }
    let cache = try open()
    #expect(try cache.importedSegments().isEmpty)
  }

  @Test func placeThatIsNoFolderGivesATemporaryCache() throws {
    let file = folder.path.appending("file")
    let descriptor = unsafe file.withTerminatedBytes {
      unsafe Glibc.open($0, O_CREAT | O_WRONLY, 0o600)
    }
    close(descriptor)
    let warnings = Warnings()
    let cache = try IndexCache.open(below: file, repository: repository) { warnings.add($0) }
    #expect(warnings.all.count == 1)
    #expect(warnings.all[0].contains("/file/"))
    #expect(cache.directory == nil)
    try fill(cache)
    try expectEverything(cache)
  }

  @Test func folderThatOthersCanWriteToIsNotUsed() throws {
    try fill(open())
    _ = unsafe directory.withTerminatedBytes { unsafe chmod($0, 0o777) }
    let warnings = Warnings()
    let cache = try open(warnings)
    #expect(cache.directory == nil)
    #expect(warnings.all.count == 1)
    #expect(try cache.importedSegments().isEmpty)
  }

  @Test(.enabled(if: geteuid() == 0)) func folderOfSomebodyElseIsNotUsed() throws {
    try fill(open())
    _ = unsafe directory.withTerminatedBytes { unsafe chown($0, 4242, 4242) }
    let warnings = Warnings()
    #expect(try open(warnings).directory == nil)
    #expect(warnings.all.count == 1)
  }

  @Test func linkInPlaceOfTheDataIsNotFollowed() throws {
    try fill(open())
    let victim = folder.path.appending("victim")
    let from = String(decoding: victim.bytes, as: UTF8.self)
    #expect(unsafe rename(data, from) == 0)
    #expect(unsafe symlink(from, data) == 0)
    let cache = try open()
    #expect(try cache.importedSegments().isEmpty)
    try fill(cache)
    try expectEverything(cache)
  }
}
