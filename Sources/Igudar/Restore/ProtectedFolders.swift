// What a restore leaves alone whatever the snapshot says of it: the repository that it reads, which a
// snapshot of a whole home holds as it was, the file that opens it, and what this machine knows of it.

package import Platform

/// Folders in which nothing is changed, and files that are not; neither they nor what they lie in is
/// deleted, whatever way leads to them.
package struct ProtectedFolders: Sendable {
  private let own: Set<FileIdentity>
  private let all: Set<FileIdentity>

  /// The folders and files that these paths lead to; those that are not there are passed over.
  package init(_ paths: [FilePath]) {
    // A link that leads there is kept as well.
    let chains = (paths + paths.compactMap(realPath)).map(Self.chain)
    own = Set(chains.compactMap(\.first))
    all = Set(chains.joined())
  }

  // A folder and all that it lies in.
  private static func chain(_ path: FilePath) -> [FileIdentity] {
    var chain: [FileIdentity] = []
    var folder = path
    while let status = try? FileStatus.of(folder) {
      chain.append(status.identity)
      if folder.parent == folder { break }
      folder = folder.parent
    }
    return chain
  }

  /// Whether a folder is one of them, in which nothing is changed.
  func areOne(_ status: FileStatus) -> Bool { own.contains(status.identity) }

  /// Whether a folder must not be deleted.
  func keep(_ status: FileStatus) -> Bool { all.contains(status.identity) }

  /// Whether a path lies in one of them, or would if it were made.
  package func hold(_ path: FilePath) -> Bool {
    var there = path
    while realPath(there) == nil, there.parent != there { there = there.parent }
    guard let folder = realPath(there) else { return false }
    return !own.isDisjoint(with: Self.chain(folder))
  }
}
