// Folders in folders, thousands deep, with long names: what looks around keeps every name once. Whole
// paths would take gigabytes.

import Glibc
import Platform
import Testing

@Suite struct DeepTreeTests {
  private static let depth = 3000
  private static let nameLength = 250

  // Of all that a process can write to, in KiB: a third of what its paths would take.
  private static let limit = 400_000

  @Test func memoryGrowsWithTheDepthAlone() throws {
    let repository = try TestRepository()
    try repository.shell(
      """
      python3 - <<'END'
      import os
      os.chdir("src")
      for level in range(\(Self.depth)):
          os.mkdir("d" * \(Self.nameLength))
          os.chdir("d" * \(Self.nameLength))
      open("bottom", "w").write("x")
      END
      """)
    _ = try repository.backup("src")
    try repository.shell("find src -name bottom -execdir touch new ';'")
    func look(_ arguments: String) throws -> Outcome {
      try repository.shell("ulimit -d \(Self.limit); \(Program.path) \(arguments)")
    }
    let local = try look("diff latest:src --local src")
    #expect(local.lines.filter { $0.hasSuffix("/new") }.count == 1)
    _ = try repository.backup("src")
    let diff = try look("diff latest~1 latest")
    #expect(diff.lines.filter { $0.hasSuffix("/new") }.count == 1)
    #expect(try look("ls --ncdu latest").text.contains(#""name":"bottom""#))
    #expect(try look("find bottom").lines.filter { $0.hasSuffix("/bottom") }.count == 2)
    for mode in ["restore-size", "blobs-per-file"] {
      #expect(try look("stats latest --mode \(mode)").text.contains("Total File Count"))
    }
  }
}
