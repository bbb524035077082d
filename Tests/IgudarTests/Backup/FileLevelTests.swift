// Which files are compressed less hard: those of 4 MiB and more, whoever reads them.

import Testing
import Vault

@testable import Igudar

@Suite struct FileLevelTests {
  // Bytes that a backup of numbers in words stores.
  private func stored(_ size: Int, _ compression: Compression) throws -> UInt64 {
    let harvest = try Harvest()
    try harvest.shell("seq 1 3999999 > all")
    try harvest.shell("head -c \(size) all | tr 3579 'ab\\n ' > src/file")
    var options = BackupOptions()
    options.compression = compression
    return try harvest.backup(options).counts.storedBytesAdded
  }

  @Test(arguments: [(4 << 20, true), (18 << 20, true), (4 << 20 - 1, false)])
  func largeFilesAreCompressedLess(_ size: Int, _ isLarge: Bool) throws {
    let (two, three) = (Int(try stored(size, .level(2))), Int(try stored(size, .level(3))))
    // Chunks differ from repository to repository, and with them the sizes a little.
    try #require(two * 4 > three * 5)
    let expected = isLarge ? two : three
    #expect(abs(Int(try stored(size, .auto)) - expected) < (two - three) / 2)
  }
}
