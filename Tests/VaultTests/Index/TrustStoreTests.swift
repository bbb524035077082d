// The trust store remembers, moves forward only, and is never replaced when it is damaged.

import Glibc
import Platform
import Testing

@testable import Vault

@Suite struct TrustStoreTests {
  let folder = ScratchFolder()
  let repository: RepositoryID
  let owner: PublicKey
  let hashes: [ObjectHash]

  init() {
    var random = SeededGenerator(41)
    repository = random.repository()
    owner = random.id()
    hashes = (0..<10).map { _ in random.id() }
  }

  func open() throws -> TrustStore {
    try TrustStore(below: folder.path, repository: repository)
  }

  func file(_ name: String) -> String {
    let directory = folder.path.appending("igudar").appending(repository.hex)
    return String(decoding: directory.appending(name).bytes, as: UTF8.self)
  }

  @Test func remembersAcrossOpenings() throws {
    do {
      let trust = try open()
      #expect(try trust.owner() == nil)
      #expect(try trust.head() == nil)
      try trust.pin(owner: owner)
      try trust.advance(to: JournalHead(number: 3, hash: hashes[3]))
    }
    let trust = try open()
    #expect(try trust.owner() == owner)
    #expect(try trust.head() == JournalHead(number: 3, hash: hashes[3]))
  }

  @Test func movesForwardOnly() throws {
    let trust = try open()
    try trust.advance(to: JournalHead(number: 5, hash: hashes[5]))
    try trust.advance(to: JournalHead(number: 4, hash: hashes[4]))
    #expect(try trust.head()?.number == 5)
    try trust.advance(to: JournalHead(number: 5, hash: hashes[5]))
    try trust.advance(to: JournalHead(number: 7, hash: hashes[7]))
    #expect(try trust.head() == JournalHead(number: 7, hash: hashes[7]))
  }

  @Test func forkIsAnAlarm() throws {
    let trust = try open()
    try trust.advance(to: JournalHead(number: 5, hash: hashes[5]))
    #expect(
      errorThrown { try trust.advance(to: JournalHead(number: 5, hash: hashes[6])) } == "fork")
    #expect(try trust.head()?.hash == hashes[5])
  }

  @Test func anotherOwnerIsAnAlarm() throws {
    let trust = try open()
    try trust.pin(owner: owner)
    try trust.pin(owner: owner)
    var random = SeededGenerator(42)
    let stranger: PublicKey = random.id()
    #expect(errorThrown { try trust.pin(owner: stranger) } == "trust")
    #expect(try trust.owner() == owner)
  }

  @Test func damageIsReportedAndNeverReplaced() throws {
    do {
      let trust = try open()
      try trust.pin(owner: owner)
      try trust.advance(to: JournalHead(number: 5, hash: hashes[5]))
    }
    let size = try #require(Self.size(file("data.mdb")))
    for offset in [4096 + 16, 16, size - 4096 + 10, size - 4096 + 16] {
      try Self.flip(file("data.mdb"), offset)
      #expect(errorThrown { _ = try open() } == "trust")
      #expect(Self.size(file("data.mdb")) == size)
      try Self.flip(file("data.mdb"), offset)
    }
    #expect(unsafe truncate(file("data.mdb"), off_t(size - 4096)) == 0)
    #expect(errorThrown { _ = try open() } == "trust")
    #expect(unsafe truncate(file("data.mdb"), 0) == 0)
    #expect(errorThrown { _ = try open() } == "trust")
    unsafe unlink(file("data.mdb"))
    #expect(errorThrown { _ = try open() } == "trust")
    // Deleting the folder makes this machine a new client.
    ScratchFolder.removeTree(folder.path.appending("igudar").appending(repository.hex))
    #expect(try open().head() == nil)
  }

  @Test func everyFlippedBitIsHarmlessOrReported() throws {
    do {
      let trust = try open()
      try trust.pin(owner: owner)
      try trust.advance(to: JournalHead(number: 5, hash: hashes[5]))
    }
    let size = try #require(Self.size(file("data.mdb")))
    for offset in stride(from: 0, to: size, by: 13) {
      try Self.flip(file("data.mdb"), offset)
      do {
        let trust = try open()
        let owner = try trust.owner()
        let head = try trust.head()
        // An older meta page can come into force: it is as old as its last commit.
        #expect(owner == nil || owner == self.owner)
        #expect(head == nil || head == JournalHead(number: 5, hash: hashes[5]))
      } catch VaultError.trust {}
      try Self.flip(file("data.mdb"), offset)
    }
  }

  @Test func twoHoldersShareOneMemory() throws {
    let first = try open()
    let second = try open()
    try first.advance(to: JournalHead(number: 2, hash: hashes[2]))
    #expect(try second.head()?.number == 2)
  }

  private static func size(_ path: String) -> Int? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  private static func flip(_ path: String, _ offset: Int) throws {
    let descriptor = unsafe Glibc.open(path, O_RDWR)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    #expect(unsafe pread(descriptor, &byte, 1, off_t(offset)) == 1)
    byte ^= 2
    #expect(unsafe pwrite(descriptor, &byte, 1, off_t(offset)) == 1)
  }
}
