// Where files have data, and those that do not say.

import Glibc
import Platform
import Testing

@testable import Igudar

@Suite struct SourceStretchesTests {
  private func stretches(_ path: FilePath, size: UInt64? = nil) throws -> [Range<UInt64>] {
    let file = try Descriptor.open(path, O_RDONLY)
    var status = try FileStatus.of(file.raw)
    if let size { (status.size, status.blocks) = (size, 0) }
    var stretches = SourceStretches(of: file, status: status)
    var found: [Range<UInt64>] = []
    while let stretch = try stretches.next() { found.append(stretch) }
    return found
  }

  // Some file systems (FUSE) know no size before a file is read.
  @Test func aFileThatIsSaidToBeEmptyIsReadToItsEnd() throws {
    let folder = try Folder()
    try folder.write(Array("barley".utf8), to: "grain")
    let path = folder.path.appending("grain")
    #expect(try stretches(path) == [0..<6])
    let unknown = try stretches(path, size: 0)
    #expect(unknown.count == 1 && unknown.allSatisfy { $0.contains(5) && $0.lowerBound == 0 })
  }

  @Test func whatTheKernelMakesUpIsNotReadWhereItHasNoSize() throws {
    #expect(try stretches("/proc/self/stat").isEmpty)
  }
}
