// Backups and restores as a whole, of a generated tree, through the public API alone.

import Glibc
import Igudar
import Platform
import Storage
import Vault

extension Benchmark {
  static let repository = [
    Benchmark("backup/first") { try first() },
    Benchmark("backup/unchanged") { try again(readsAll: false) },
    Benchmark("backup/read-all") { try again(readsAll: true) },
    Benchmark("restore") { try restore() },
  ]

  /// 40 folders of 100 small files of source text, and two large files of random bytes.
  private static let folderCount = 40
  private static let filesPerFolder = 100
  private static let fileSize = 12 << 10
  private static let largeSize = 24 << 20
  private static let treeBytes = folderCount * filesPerFolder * fileSize + 2 * largeSize

  /// Where the tree, repositories and restored files are; removed at the end.
  private final class Place {
    let path: FilePath
    private var lastNumber = 0

    init() throws {
      // A file system in memory, so that no disk is measured.
      let base = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
      var template = Array("\(base)/igudar-benchmark-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&template) != nil else { throw BenchmarkError("no folder in \(base)") }
      path = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
      try makeTree()
    }

    deinit { Place.remove(path.description) }

    var tree: FilePath { path.appending("tree") }

    /// A path that was never used before; what had the last one is removed.
    func fresh(_ name: String) -> FilePath {
      Place.remove("\(path)/\(name)\(lastNumber)")
      lastNumber += 1
      return path.appending("\(name)\(lastNumber)")
    }

    static func remove(_ path: String) {
      guard let folder = unsafe opendir(path) else {
        _ = unsafe unlink(path)
        return
      }
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      unsafe closedir(folder)
      _ = unsafe rmdir(path)
    }

    private func makeTree() throws {
      let text = Sample.source(8 << 20)
      try makeFolder(tree)
      var generator = SampleGenerator(seed: 5)
      for folder in 0..<folderCount {
        let path = tree.appending("folder\(folder)")
        try makeFolder(path)
        for file in 0..<filesPerFolder {
          let start = generator.below(text.count - fileSize)
          // A line of its own keeps files from being one another's copies.
          let head = Array("// file \(folder)/\(file)\n".utf8)
          let bytes = head + text[start..<start + fileSize - head.count]
          try write(bytes, to: path.appending("file\(file).c"))
        }
      }
      for number in UInt64(1)...2 {
        let bytes = Sample.random(largeSize, seed: number)
        try write(bytes, to: tree.appending("large\(number)"))
      }
    }

    private func makeFolder(_ path: FilePath) throws {
      guard unsafe mkdir(path.description, 0o700) == 0 else {
        throw BenchmarkError("cannot make \(path)")
      }
    }

    private func write(_ bytes: [UInt8], to path: FilePath) throws {
      guard let file = unsafe fopen(path.description, "w") else {
        throw BenchmarkError("cannot write \(path)")
      }
      defer { _ = unsafe fclose(file) }
      guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else {
        throw BenchmarkError("cannot write \(path)")
      }
    }
  }

  private final class RepositoryBox {
    var repository: Repository?
    var target: FilePath = ""
  }

  private static func create(in place: Place) throws -> Repository {
    let folder = place.fresh("repository")
    let information = SlotInformation(
      label: [], host: [], user: [], created: Timestamp(seconds: 1, nanoseconds: 0))
    return try Repository.create(
      in: LocalStore(creating: folder), secret: .newKeyFile(),
      plan: RepositoryPlan(information: information),
      places: LocalPlaces(
        cache: folder.appending("../cache"), state: folder.appending("../state"), warn: { _ in }))
  }

  private static func backUp(
    _ place: Place, to repository: Repository, readsAll: Bool = false
  ) throws -> BackupSummary {
    var options = BackupOptions()
    options.host = Array("host".utf8)
    options.readsAll = readsAll
    return try Backup([place.tree], to: repository, options: options).run { _ in }
  }

  // How many chunks there are depends on the repository's keys.
  private static func counts(_ summary: BackupSummary) -> [String: Int] {
    ["files": Int(summary.counts.filesProcessed), "unreadable": summary.errorCount]
  }

  private static func first() throws -> Round {
    let place = try Place()
    let box = RepositoryBox()
    return Round(
      treeBytes, .bytes, before: { box.repository = try create(in: place) },
      run: {
        guard let repository = box.repository else { return [:] }
        return counts(try backUp(place, to: repository))
      })
  }

  private static func again(readsAll: Bool) throws -> Round {
    let place = try Place()
    let repository = try create(in: place)
    _ = try backUp(place, to: repository)
    // Files as young as the backup are read again by the next one.
    sleep(1)
    _ = try backUp(place, to: repository)
    return Round(treeBytes, .bytes) {
      counts(try backUp(place, to: repository, readsAll: readsAll))
    }
  }

  private static func restore() throws -> Round {
    let place = try Place()
    let repository = try create(in: place)
    _ = try backUp(place, to: repository)
    guard let snapshot = try repository.snapshots().last else {
      throw BenchmarkError("no snapshot")
    }
    let box = RepositoryBox()
    return Round(
      treeBytes, .bytes, before: { box.target = place.fresh("restored") },
      run: {
        let progress = RestoreProgress()
        try Restore(
          snapshot.snapshot.root, of: repository, to: box.target, options: RestoreOptions()
        ).run(progress: progress) { _ in }
        return [
          "files": Int(progress.fileCount), "bytes": Int(progress.byteCount),
          "errors": Int(progress.errorCount),
        ]
      })
  }
}

/// Why a benchmark cannot be run.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
