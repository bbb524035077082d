// What of an environment's file is in this process.

import Glibc
import Platform
import Testing

@testable import Vault

@Suite struct MappedPagesTests {
  @Test func pagesThatWereReadAreGivenBack() throws {
    let file = try TemporaryTable()
    let (environment, table, reader) = (file.environment, file.table, file.reader)
    var random = SeededGenerator(36)
    let digests = (0..<100_000).map { _ in random.id(ChunkID.self) }.sorted()
    try environment.write { (writer) throws(LMDBError) in
      for digest in digests { try writer.put(table, digest.bytes, []) }
    }
    // Looks at all, and answers how much of the file is then in this process.
    func look(at digests: [ChunkID]) throws -> Int {
      var place: UInt = 0
      for digest in digests {
        try reader.read { (snapshot) throws(LMDBError) in
          try unsafe digest.bytes.withRawBytes { (key) throws(LMDBError) in
            let value = try unsafe snapshot.get(table, key)
            place = unsafe UInt(bitPattern: value?.baseAddress)
          }
        }
      }
      return try #require(Self.residentBytes(ofMapAt: place))
    }
    let all = try look(at: digests)
    #expect(all > 4 << 20)
    try environment.dropPages()
    #expect(try look(at: [digests[0]]) < all / 4)
    #expect(try look(at: digests) > all / 2)
  }

  private static func residentBytes(ofMapAt address: UInt) -> Int? {
    guard let file = unsafe fopen("/proc/self/smaps", "r") else { return nil }
    defer { unsafe fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { unsafe free(line) }
    var isIn = false
    while unsafe getline(&line, &room, file) > 0, let text = unsafe line {
      let words = unsafe String(cString: text).split(separator: " ")
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2 { isIn = ends[0] <= address && address < ends[1] }
      if isIn && words[0] == "Rss:" { return Int(words[1]).map { $0 << 10 } }
    }
    return nil
  }
}
