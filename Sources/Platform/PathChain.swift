// The path of something in a walk, as its name and the path of its folder: a walk that is thousands
// of folders deep holds every name once, where whole paths would take the square of that.

/// A path that shares all but its last name with others.
package final class PathChain: @unchecked Sendable {
  // Changed only when the chain ends.
  private var parent: PathChain?
  private let own: FilePath

  /// The path of the folder where a walk begins.
  package init(_ root: FilePath) { own = root }

  /// The path of an entry of a folder.
  package init(_ name: FileName, in parent: PathChain) {
    own = FilePath(name.bytes)
    self.parent = parent
  }

  // Long chains end one after the other; each in the other's end would take all of the stack.
  deinit {
    var rest = parent.take()
    while isKnownUniquelyReferenced(&rest), let next = rest {
      rest = next.parent.take()
    }
  }

  /// The names below the folder where the walk began.
  package var names: [FileName] {
    var names: [FileName] = []
    var node: PathChain = self
    while let parent = node.parent {
      names.append(FileName(unchecked: node.own.bytes))
      node = parent
    }
    return names.reversed()
  }

  /// The path below the folder where the walk began; its `components` are `names`.
  package var relativePath: FilePath {
    FilePath(Array(names.map(\.bytes).joined(separator: [0x2f])))
  }

  /// The whole path.
  package var path: FilePath {
    var bytes: [UInt8] = []
    var node: PathChain = self
    var parts: [[UInt8]] = []
    while let parent = node.parent {
      parts.append(node.own.bytes)
      node = parent
    }
    bytes = node.own.bytes
    for part in parts.reversed() {
      if !bytes.isEmpty && bytes.last != 0x2f { bytes.append(0x2f) }
      bytes += part
    }
    return FilePath(bytes)
  }
}
