// Choosing snapshots by host, tags and paths: the options that many commands share.

import Igudar
import Platform

/// The options that choose snapshots.
enum Selection {
  static let host = Option(
    "host", "H", takes: "NAME", repeatable: true, help: "only snapshots of this host")
  static let tag = Option(
    "tag", takes: "TAG[,TAG]", repeatable: true,
    help: "only snapshots with all these tags; '' for none at all")
  static let path = Option(
    "path", takes: "PATH", repeatable: true, help: "only snapshots of this path")

  static let options = [host, tag, path]
}

extension Invocation {
  /// The snapshots that the options choose.
  func filter() throws(Failure) -> SnapshotFilter {
    let tags = try options.values(Selection.tag, as: TagList.self).map(\.bytes)
    return SnapshotFilter(
      hosts: options.all(Selection.host), tagLists: tags,
      paths: options.all(Selection.path).map { path in
        FilePath(path).absolute(from: workingDirectory())
      })
  }

  /// Reads the names of snapshots that stand as operands.
  func selectors() throws(SelectorError) -> [SnapshotSelector] {
    try selectors(operands)
  }

  /// Reads the names of whole snapshots that an option gives.
  func selectors(of option: Option) throws -> [SnapshotSelector] {
    let selectors = try selectors(options.all(option))
    if let part = selectors.first(where: { $0.path != nil }) {
      throw usage("\(option.flag) '\(part.text)' names a part of a snapshot")
    }
    return selectors
  }

  private func selectors(_ texts: [[UInt8]]) throws(SelectorError) -> [SnapshotSelector] {
    var selectors: [SnapshotSelector] = []
    for text in texts { selectors.append(try SnapshotSelector(parsing: text)) }
    return selectors
  }
}
