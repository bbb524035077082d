// The path of the folder in which a walk is: one buffer that grows by a name on the way down and
// shrinks on the way up. A walk that is thousands of folders deep holds every name once, where whole
// paths would take the square of that. `PathChain` is for paths that are needed after the walk has
// gone on.

/// The path of a folder, as a walk goes into folders and out of them.
public struct PathTrail: Sendable {
  private var bytes: [UInt8]
  // How long the path was before each folder was entered.
  private var lengths: [Int] = []

  /// The path of the folder where a walk begins.
  package init(_ root: FilePath) { bytes = root.bytes }

  /// How many folders the walk is below the one where it began.
  public var depth: Int { lengths.count }

  /// The path of the folder.
  public var path: FilePath { FilePath(bytes) }

  /// The path of an entry of the folder.
  public func appending(_ name: FileName) -> FilePath { appending(name.bytes) }

  /// The path of an entry of the folder.
  package func appending(_ name: [UInt8]) -> FilePath {
    var whole: [UInt8] = []
    whole.reserveCapacity(bytes.count + 1 + name.count)
    whole += bytes
    Self.append(name, to: &whole)
    return FilePath(whole)
  }

  /// Goes into a folder of the folder.
  package mutating func enter(_ name: [UInt8]) {
    lengths.append(bytes.count)
    Self.append(name, to: &bytes)
  }

  /// Goes back to the folder around; from where the walk began it leads nowhere.
  package mutating func leave() {
    guard let length = lengths.popLast() else { return }
    bytes.removeSubrange(length...)
  }

  private static func append(_ name: [UInt8], to path: inout [UInt8]) {
    if let last = path.last, last != 0x2f { path.append(0x2f) }
    path += name
  }
}
