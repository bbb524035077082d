// `backup --verify-source`: what rots at the source is told, and what was good of it stays.

import Glibc
import Platform
import Testing

@Suite struct VerifySourceTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; echo barley > grain; head -c 3000000 /dev/urandom | tr X Y > large; truncate -s 2M hole
      head -c 300000 /dev/zero > zeros; : > empty; find . -exec touch -d '2020-01-01' '{}' +
      """)
    _ = try repository.backup("--ignore-ctime", "src")
  }

  /// Changes a byte as a disk does: no time tells of it, but for ctime, which cannot be set back.
  private func rot(_ file: String, at place: Int) throws {
    try repository.shell(
      """
      printf X | dd of=src/\(file) bs=1 seek=\(place) conv=notrunc 2>/dev/null
      touch -d '2020-01-01' src/\(file) src
      """)
  }

  private func verify(code: Int32 = 0) throws -> Outcome {
    try repository.run(
      ["backup", "--ignore-ctime", "--verify-source", "--json", "src"], code: code)
  }

  @Test func whatIsSoundIsTakenOver() throws {
    let summary = try #require(try JSON.lines(verify().text).last)
    #expect(summary["files_unmodified"] == .number(5))
    #expect(summary["data_blobs"] == .number(0))
  }

  @Test(arguments: [("grain", 3), ("large", 2_000_000), ("hole", 1_000_000), ("zeros", 299_999)])
  func whatRotsIsToldAndTheSnapshotKeepsWhatWasGood(_ file: String, _ place: Int) throws {
    try repository.shell("cp -a src good")
    try rot(file, at: place)
    // Without looking nothing is seen.
    _ = try repository.backup("--ignore-ctime", "src")
    let outcome = try verify(code: 3)
    let errors = outcome.errorText
    #expect(errors.contains("src/\(file)"))
    #expect(errors.contains("is not what was backed up, though nobody changed it"))
    #expect(errors.contains("1 source could not be read as it should; the snapshot is saved\""))
    // The snapshot lacks nothing.
    let deletion = try repository.igudar("restore", "latest:src", "-t", "out", "--delete")
    #expect(deletion.errors.isEmpty)
    try repository.igudar("restore", "latest:src", "-t", "out")
    #expect(try repository.differences("good", "out") == [])
  }

  @Test func whatWasChangedIsNoRot() throws {
    try repository.shell("echo more >> src/grain")
    let summary = try #require(try JSON.lines(verify().text).last)
    #expect(summary["files_changed"] == .number(1))
  }
}
