// Run keys in a cache: found there by others, and never taken for those of another run.

import Platform
import Synchronization
import Testing

@testable import Vault

@Suite struct RunKeyCacheTests {
  private let repository = RepositoryID(bytes: Array(0..<16))
  private let ring = KeyRingTests.keyring()

  private final class Shelf: RunKeyCache {
    let sealed = Mutex<[PublicKey: [UInt8]]>([:])

    func sealedRunKey(of run: PublicKey) -> [UInt8]? { sealed.withLock { $0[run] } }

    func store(sealedRunKeys keys: [PublicKey: [UInt8]]) {
      sealed.withLock { $0.merge(keys) { $1 } }
    }
  }

  private func runs(_ count: UInt64) -> [RunKeys] {
    (0..<count).map { seed in
      RunKeys.fresh(
        for: ring.currentEpoch, repository: repository, randomness: SeededRandomness(100 + seed))
    }
  }

  private func keyring(_ cache: any RunKeyCache) -> RunKeyring {
    RunKeyring(
      keyring: ring, repository: repository, cache: cache, randomness: SeededRandomness(7))
  }

  private func open(_ run: RunKeys, _ keyring: RunKeyring, epoch: UInt32 = 0) throws -> RunKeys {
    try keyring.run(
      run.publicKey, epoch: epoch, suite: run.suite, kem: RunKeys.kem, object: "note")
  }

  // A cache that says of one run what another run's key is, sealed as the cache has it.
  private func shelf(_ run: RunKeys, holding other: RunKeys) throws -> Shelf {
    let seal = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: repository))
    let mixed = RunKeys(
      epoch: run.epoch, suite: run.suite, repository: repository, publicKey: run.publicKey,
      runKey: other.runKey)
    let shelf = Shelf()
    shelf.store(sealedRunKeys: [
      run.publicKey: seal.seal(mixed, randomness: SeededRandomness(8))
    ])
    return shelf
  }

  @Test func whatWasAgreedIsKeptOnceItIsMuch() throws {
    let shelf = Shelf()
    let keyring = keyring(shelf)
    let runs = runs(40)
    for run in runs.prefix(3) { _ = try open(run, keyring) }
    keyring.storeFresh()
    #expect(shelf.sealed.withLock { $0.isEmpty })
    for run in runs { #expect(try open(run, keyring).runKey.isEqual(to: run.runKey)) }
    keyring.storeFresh()
    #expect(shelf.sealed.withLock { $0.count } == 40)
    let later = self.keyring(shelf)
    for run in runs {
      let found = try open(run, later)
      #expect(found.runKey.isEqual(to: run.runKey))
      #expect(found.publicKey == run.publicKey && found.epoch == run.epoch)
    }
    // Nothing was agreed again.
    shelf.sealed.withLock { $0 = [:] }
    later.storeFresh()
    #expect(shelf.sealed.withLock { $0.isEmpty })
  }

  @Test func theCacheIsAsked() throws {
    let runs = runs(2)
    let shelf = try shelf(runs[0], holding: runs[1])
    #expect(try open(runs[0], keyring(shelf)).runKey.isEqual(to: runs[1].runKey))
  }

  @Test func whatIsKeptOfAnotherRunOrChangedIsNoKey() throws {
    let runs = runs(2)
    let good = try #require(
      try shelf(runs[0], holding: runs[1]).sealedRunKey(of: runs[0].publicKey))
    let bad: [[UInt8]] =
      good.indices.map { index in
        var changed = good
        changed[index] ^= 1
        return changed
      } + [[], good.dropLast(), good + [0]]
    for bytes in bad {
      let shelf = Shelf()
      shelf.store(sealedRunKeys: [runs[0].publicKey: bytes])
      #expect(try open(runs[0], keyring(shelf)).runKey.isEqual(to: runs[0].runKey))
    }
    // A good one under the name of another run.
    let seal = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: repository))
    let own = seal.seal(runs[0], randomness: SeededRandomness(9))
    let shelf = Shelf()
    shelf.store(sealedRunKeys: [runs[0].publicKey: own, runs[1].publicKey: own])
    #expect(try open(runs[0], keyring(shelf)).runKey.isEqual(to: runs[0].runKey))
    #expect(try open(runs[1], keyring(shelf)).runKey.isEqual(to: runs[1].runKey))
  }

  @Test func anotherRepositoryAndAnotherSuiteDoNotOpenIt() throws {
    let runs = runs(2)
    let sealed = try #require(
      try shelf(runs[0], holding: runs[1]).sealedRunKey(of: runs[0].publicKey))
    let run = runs[0].publicKey
    let seal = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: repository))
    #expect(seal.open(sealed, of: run, suite: .xchacha20Poly1305) != nil)
    #expect(seal.open(sealed, of: run, suite: .aes256GCM) == nil)
    let elsewhere = RepositoryID(bytes: Array(1..<17))
    let other = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: elsewhere))
    #expect(other.open(sealed, of: run, suite: .xchacha20Poly1305) == nil)
    let stranger = KeyRingTests.keyring(61).currentEpoch
    let strange = try #require(RunKeySeal(epoch: stranger, repository: repository))
    #expect(strange.open(sealed, of: run, suite: .xchacha20Poly1305) == nil)
  }

  // Whoever has the reader's secret alone, as from a broken key exchange, opens no cache: it takes
  // the pre-shared key as well, as the runs do.
  @Test func itTakesBothSecrets() throws {
    let runs = runs(1)
    let seal = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: repository))
    let sealed = seal.seal(runs[0], randomness: SeededRandomness(8))
    let own = ring.currentEpoch
    let other = KeyRingTests.keyring(61).currentEpoch
    for (secret, psk) in [(own.readerSecret, other.psk), (other.readerSecret, own.psk)] {
      let mixed = EpochKeys(
        number: own.number, suite: own.suite, indexKey: own.indexKey, journalKey: own.journalKey,
        readerSecret: secret, readerPublic: own.readerPublic, psk: psk)
      let seal = try #require(RunKeySeal(epoch: mixed, repository: repository))
      #expect(seal.open(sealed, of: runs[0].publicKey, suite: runs[0].suite) == nil)
    }
    let writeOnly = EpochKeys(
      number: own.number, suite: own.suite, indexKey: own.indexKey, journalKey: own.journalKey,
      readerSecret: nil, readerPublic: own.readerPublic, psk: own.psk)
    #expect(RunKeySeal(epoch: writeOnly, repository: repository) == nil)
  }

  @Test func theIndexCacheKeepsThemAcrossStarts() throws {
    let folder = ScratchFolder()
    let runs = runs(20)
    do {
      let cache = try IndexCache.open(below: folder.path, repository: repository) { _ in }
      let keyring = keyring(cache)
      for run in runs { _ = try open(run, keyring) }
      keyring.storeFresh()
    }
    let cache = try IndexCache.open(below: folder.path, repository: repository) { _ in }
    let seal = try #require(RunKeySeal(epoch: ring.currentEpoch, repository: repository))
    for run in runs {
      let sealed = try #require(cache.sealedRunKey(of: run.publicKey))
      #expect(
        seal.open(sealed, of: run.publicKey, suite: run.suite)?.runKey.isEqual(to: run.runKey)
          == true)
    }
    #expect(cache.sealedRunKey(of: ring.currentEpoch.readerPublic) == nil)
    // A row that is bad is none, and no reason to throw the others away.
    let table = try #require(cache.tables.runs)
    let run = runs[0].publicKey
    try cache.environment.write { (writer) throws(LMDBError) in
      try writer.put(table, run.bytes, [1, 2, 3])
    }
    #expect(cache.sealedRunKey(of: run) == nil)
    #expect(try open(runs[0], keyring(cache)).runKey.isEqual(to: runs[0].runKey))
    #expect(cache.sealedRunKey(of: runs[1].publicKey) != nil)
  }
}
