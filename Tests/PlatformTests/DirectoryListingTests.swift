// What is in a directory is listed once, in byte order, whatever its names.

import Glibc
import Platform
import Testing

@Suite struct DirectoryListingTests {
  private func list(_ path: FilePath) throws -> [[UInt8]] {
    let listing = try DirectoryListing(of: Descriptor.open(path, O_RDONLY | O_DIRECTORY))
    return (0..<listing.count).map { listing.name($0).bytes }
  }

  private func make(_ names: [[UInt8]], in scratch: Scratch) throws {
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    for name in names {
      _ = try Descriptor.open(FilePath(name), O_CREAT | O_WRONLY, at: folder.raw)
    }
  }

  private func isAscending(_ names: [[UInt8]]) -> Bool {
    zip(names, names.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
  }

  @Test func nothingIsInAnEmptyDirectory() throws {
    let scratch = try Scratch()
    #expect(try list(scratch.path).isEmpty)
  }

  @Test func namesOfAnyBytesAreSorted() throws {
    let scratch = try Scratch()
    let names: [[UInt8]] = [
      [0x01], [0x2e, 0x2e, 0x2e], [0x2e, 0x61], Array("a".utf8), Array("a\n".utf8),
      Array("aaaaaaaa".utf8), Array("aaaaaaaaa".utf8), Array("aaaaaaaab".utf8),
      Array(repeating: 0x61, count: 254) + [0x61], Array(repeating: 0x61, count: 254) + [0x62],
      Array("b".utf8), [0x80], [0xc3, 0x28], [0xff], [0xff, 0xfe, 0xfd],
    ]
    try make(names.shuffled(), in: scratch)
    let sorted = names.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(try list(scratch.path) == sorted)
  }

  @Test func aHundredThousandNamesAreSorted() throws {
    let scratch = try Scratch(fast: true)
    // Long common beginnings and short differences, in no order.
    var names = (0..<100_000).map { number in
      Array("IMG_\(number % 7 == 0 ? "a-rather-long-prefix-" : "")\(number &* 7919 % 100_003)".utf8)
    }
    names[0] = [0xff, 0x01]
    try make(names, in: scratch)
    let found = try list(scratch.path)
    #expect(isAscending(found))
    #expect(found.count == names.count)
    #expect(found.last == names[0])
  }

  @Test func aListingCanBeRepeated() throws {
    let scratch = try Scratch()
    try make([[0x61], [0x62]], in: scratch)
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    for _ in 0..<2 { #expect(try DirectoryListing(of: folder).count == 2) }
  }

  @Test func typesAreTold() throws {
    let scratch = try Scratch()
    try make([Array("file".utf8)], in: scratch)
    unsafe scratch.path("folder").withCString { _ = unsafe mkdir($0, 0o700) }
    unsafe scratch.path("link").withCString { _ = unsafe symlink("file", $0) }
    unsafe scratch.path("pipe").withCString { _ = unsafe mkfifo($0, 0o600) }
    let listing = try DirectoryListing(of: Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY))
    let types: [FileType?] = [.regular, .directory, .symbolicLink, .fifo]
    for index in 0..<listing.count {
      // File systems may leave it open.
      #expect(listing.type(index) == types[index] || listing.type(index) == nil)
    }
  }

  @Test func aFileIsNoDirectory() throws {
    let scratch = try Scratch()
    try scratch.write([1], to: "file")
    let file = try Descriptor.open(scratch.path("file"), O_RDONLY)
    #expect(throws: Errno.notDirectory) { try DirectoryListing(of: file) }
  }
}
