// `find --blob`, `--tree` and `--pack`: where chunks, tree nodes and the content of packs are used.

import Igudar
import Platform
import Vault

/// The objects that a search is about.
struct FindObjects {
  static let blob = Option(
    "blob", takes: "ID", repeatable: true, help: "where this chunk of data is used")
  static let tree = Option(
    "tree", takes: "ID", repeatable: true, help: "where this tree node is used")
  static let pack = Option(
    "pack", takes: "ID", repeatable: true, help: "where anything in this pack is used")

  static let options = [blob, tree, pack]

  private let blobs: [[UInt8]]
  private let trees: [[UInt8]]
  private let packs: [[UInt8]]

  /// Nil when the search is about files.
  init?(_ invocation: Invocation) {
    blobs = invocation.options.all(Self.blob)
    trees = invocation.options.all(Self.tree)
    packs = invocation.options.all(Self.pack)
    if blobs.isEmpty && trees.isEmpty && packs.isEmpty { return nil }
  }

  func find(
    in snapshots: [SnapshotInfo], of repository: Repository, _ output: Output
  ) throws -> ExitCode {
    var wanted = WantedChunks()
    for id in blobs { wanted.add(prefix: try digits(id), kind: .data) }
    for id in trees { wanted.add(prefix: try digits(id), kind: .tree) }
    let inspection = Inspection(repository)
    for id in packs {
      let name = try inspection.pack(named: printable(id))
      for chunk in try inspection.pack(name).directory.chunkIDs { wanted.add(chunk) }
    }
    return try find(wanted, in: snapshots, of: repository, output)
  }

  private func digits(_ id: [UInt8]) throws(Failure) -> String {
    let text = printable(id).lowercased()
    guard 2...64 ~= text.utf8.count, text.allSatisfy(\.isHexDigit) else {
      throw Failure.usage("'\(printable(id))' is not the beginning of an ID", of: "find")
    }
    return text
  }

  private func find(
    _ wanted: WantedChunks, in snapshots: [SnapshotInfo], of repository: Repository,
    _ output: Output
  ) throws -> ExitCode {
    var code = ExitCode.done
    var isFirst = true
    let find = try ChunkFind(wanted, in: repository)
    if output.isJSON { output.write(Array("[".utf8)) }
    for snapshot in snapshots {
      let goesOn = try find.run(
        in: snapshot.snapshot.root,
        unreadable: { path, error in
          let failure = Failure.explaining(error)
          code = code.worse(of: failure.code)
          output.warning(
            "cannot be searched in snapshot \(snapshot.id.shortHex): \(failure.message)",
            item: path.bytes, during: "find")
        }
      ) { use in
        print(use, in: snapshot, isFirst: isFirst, output)
        isFirst = false
        return !output.isClosed
      }
      if !goesOn { break }
    }
    if output.isJSON { output.write(Array("]\n".utf8)) }
    return code
  }

  private func print(
    _ use: ChunkUse, in snapshot: SnapshotInfo, isFirst: Bool, _ output: Output
  ) {
    let word = use.kind == .data ? "blob" : "tree"
    guard output.isJSON else {
      output.line("Found \(word) \(use.id.hex)")
      output.line(" ... in \(use.isDirectory ? "folder" : "file") \(use.path)")
      output.line(
        " ... in snapshot \(snapshot.id.shortHex) (\(CivilTime(local: snapshot.time)))")
      return output.flush()
    }
    var object = JSONObject()
    object.add("object_type", word)
    object.add("id", use.id.hex)
    object.add("path", path: use.path.bytes)
    object.add("snapshot", snapshot.id.hex)
    object.add("time", snapshot.time.rfc3339(minutesEast: snapshot.snapshot.zone))
    var text: [UInt8] = isFirst ? [] : [UInt8(ascii: ",")]
    object.write(to: &text)
    output.write(text)
    output.flush()
  }
}
