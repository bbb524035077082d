// Files that are written before they have a name.

import Glibc
import Platform
import Testing

@Suite struct NamelessFileTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(arguments: [Naming.byDescriptor, .byPath])
  func aFileGetsANameThatIsFree(naming: Naming) throws {
    let folder = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
    // A process without the capability, or without /proc, has one way only.
    guard let available = try Naming.available(in: folder.raw),
      naming != .byDescriptor || available == .byDescriptor
    else { return }
    #expect(try DirectoryListing(of: folder).count == 0, "nothing is left of finding out")
    let file = try Descriptor.createNameless(in: folder.raw)
    try unsafe file.write([UInt8](7...9).span.bytes.withUnsafeBytes { unsafe $0 }, at: 0)
    #expect(try DirectoryListing(of: folder).count == 0)
    let name = FileName(unchecked: [0x61, 0xff, 0x62])
    try naming.name(file, name, in: folder.raw)
    #expect(try FileStatus.of(name, at: folder.raw).size == 3)
    #expect(try FileStatus.of(name, at: folder.raw).mode == 0o600)
    let second = try Descriptor.createNameless(in: folder.raw)
    do throws(Errno) {
      try naming.name(second, name, in: folder.raw)
      Issue.record("two files have one name")
    } catch { #expect(error == .exists) }
    #expect(try FileStatus.of(name, at: folder.raw).size == 3)
  }

  @Test func whereThereAreNoSuchFilesThatIsSaid() throws {
    let folder = try Descriptor.open(FilePath("/proc/self"), O_RDONLY | O_DIRECTORY)
    #expect(((try? Naming.available(in: folder.raw)) ?? nil) == nil)
  }
}
