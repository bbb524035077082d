// `stats`: restic's texts, restic's keys.

import Testing

@Suite struct StatsTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      "cd src; mkdir a; printf same > a/1; printf same > a/2; printf x > 3; : > 4")
    _ = try repository.backup("src", "--host", "barn")
    try repository.shell("printf other > src/5")
    _ = try repository.backup("src", "--host", "mill")
  }

  private func stats(_ arguments: String...) throws -> JSON {
    try JSON(try repository.run(["stats", "--json"] + arguments).text)
  }

  @Test func theModesCountWhatResticsDo() throws {
    let fast = try repository.igudar(
      "stats", "--json", environment: ["IGUDAR_PROGRESS_FPS": "60"])
    let restore = try JSON(fast.text)
    #expect(restore.keys == ["total_size", "total_file_count", "snapshots_count"])
    #expect(restore["total_size"] == .number(9 + 14))
    #expect(restore["total_file_count"] == .number(6 + 7))
    #expect(restore["snapshots_count"] == .number(2))
    let files = try stats("--mode", "files-by-contents")
    #expect(files["total_size"] == .number(4 + 1 + 5))
    #expect(files["total_file_count"] == .number(4))
    let chunks = try stats("--mode", "blobs-per-file")
    #expect(chunks["total_size"] == .number(4 + 1 + 5))
    #expect(chunks["total_blob_count"] == .number(3))
    #expect(chunks["total_file_count"] == .number(3))
    let raw = try stats("--mode", "raw-data")
    #expect(
      raw.keys == [
        "total_size", "total_uncompressed_size", "compression_ratio", "compression_progress",
        "compression_space_saving", "total_blob_count", "snapshots_count",
      ])
    #expect(raw["total_blob_count"].map { $0.number ?? 0 >= 5 } == true)
  }

  @Test func snapshotsAreChosen() throws {
    #expect(try stats("latest")["total_size"] == .number(14))
    #expect(try stats("latest", "latest~1", "latest")["snapshots_count"] == .number(2))
    #expect(try stats("--host", "barn")["total_size"] == .number(9))
    #expect(try stats("--host", "nobody")["snapshots_count"] == .number(0))
  }

  @Test func peopleReadLines() throws {
    let lines = try repository.igudar("stats", "latest").lines
    #expect(
      lines == [
        "Stats in restore-size mode:", "     Snapshots processed:  1",
        "        Total File Count:  7", "              Total Size:  14 B",
      ])
    let raw = try repository.igudar("stats", "--mode", "raw-data").text
    #expect(raw.contains("Compression Ratio:  "))
  }

  @Test func mistakesAreExplained() throws {
    let mode = try repository.igudar("stats", "--mode", "all", code: 1)
    #expect(mode.errorText.contains("--mode 'all': must be one of restore-size, "))
    let part = try repository.igudar("stats", "latest:src", code: 1)
    #expect(part.errorText.contains("'latest:src' names a part of a snapshot"))
  }

  @Test(arguments: ["restore-size", "files-by-contents", "blobs-per-file", "raw-data"])
  func damageIsToldAndExit5(_ mode: String) throws {
    try repository.shell("rm -r repo/packs")
    let outcome = try repository.igudar("stats", "--mode", mode, code: 5)
    #expect(outcome.errorText.contains("snapshot "))
    #expect(outcome.errorText.contains("is missing"))
    #expect(outcome.errorText.contains("the numbers are too low"))
  }
}
