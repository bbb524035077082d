// What a backup reads, as a tree of names: targets at the leaves, the folders that lead to them
// above. The snapshot has the same shape, as restic's has: absolute targets keep their whole path,
// and when all are relative (none leading upwards) they begin at the snapshot's root.

package import Platform

/// The targets of a backup as a tree.
struct BackupTargets: Sendable {
  /// A name on the way to targets, or a target; not changed once the tree is made.
  final class Node: @unchecked Sendable {
    let name: FileName
    var children: [Node] = []
    /// Everything below is read; children do not matter then.
    var isTarget = false

    init(name: FileName) { self.name = name }

    // Of names that come in their order.
    fileprivate func child(_ name: FileName) -> Node {
      if let last = children.last, last.name == name { return last }
      let fresh = Node(name: name)
      children.append(fresh)
      return fresh
    }
  }

  let root: Node
  /// The folder that the snapshot's root stands for: `/` or the working directory.
  let base: FilePath
  /// The absolute targets, as the snapshot records them.
  let paths: [FilePath]

  /// Makes the tree; `workingDirectory` is absolute.
  init(_ targets: [FilePath], workingDirectory: FilePath) {
    let absolute = targets.map { $0.absolute(from: workingDirectory) }
    let isRelative = targets.allSatisfy { target in
      !target.isAbsolute && target.absolute(from: workingDirectory).isBelow(workingDirectory)
    }
    base = isRelative ? workingDirectory : "/"
    root = Node(name: Entry.rootName)
    let skipped = base.components.count
    for path in absolute.sorted(by: FilePath.isBefore) {
      var node = root
      for name in path.components.dropFirst(skipped) where !node.isTarget {
        node = node.child(name)
      }
      node.isTarget = true
    }
    paths = Set(absolute).sorted()
  }
}

extension FilePath {
  /// Whether this path comes before the other in the order of their names, a folder before what is in it.
  fileprivate static func isBefore(_ path: FilePath, _ other: FilePath) -> Bool {
    path.bytes.lexicographicallyPrecedes(other.bytes) {
      ($0 == 0x2f ? 0 : $0) < ($1 == 0x2f ? 0 : $1)
    }
  }

  /// The absolute path without `.`, `..` and doubled slashes, by its text alone.
  package func absolute(from directory: FilePath) -> FilePath {
    let whole = isAbsolute ? bytes : directory.bytes + [0x2f] + bytes
    var names: [ArraySlice<UInt8>] = []
    for part in whole.split(separator: 0x2f) {
      if part.elementsEqual([0x2e]) { continue }
      if part.elementsEqual([0x2e, 0x2e]) { names = names.dropLast() } else { names.append(part) }
    }
    return FilePath([0x2f] + Array(names.joined(separator: [0x2f])))
  }

  /// Whether this path is the other or lies below it; both absolute and clean.
  func isBelow(_ other: FilePath) -> Bool {
    components.starts(with: other.components)
  }
}
