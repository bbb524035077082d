// Where a path of the machine is in a snapshot: at the same path, unless the backup's targets were
// relative, so that the tree begins at the folder in which it ran.

public import Platform
import Vault

extension Repository {
  /// The names that lead to a path of this machine in a snapshot, whether it is there or not.
  ///
  /// Relative paths begin at the working directory.
  public func place(
    of path: FilePath, in snapshot: SnapshotInfo
  ) throws(RepositoryError) -> [FileName] {
    let names = path.absolute(from: workingDirectory()).components
    let targets = snapshot.paths.map(\.components)
    guard let first = targets.first else { return names }
    for depth in 0..<max(1, targets.map(\.count).min() ?? 1) {
      var isBase = true
      for target in targets where isBase {
        isBase = try has(Array(target.dropFirst(depth)), in: snapshot)
      }
      guard isBase else { continue }
      return names.starts(with: first.prefix(depth)) ? Array(names.dropFirst(depth)) : names
    }
    return names
  }

  private func has(
    _ path: [FileName], in snapshot: SnapshotInfo
  ) throws(RepositoryError) -> Bool {
    try vaultErrors { () throws(VaultError) in
      try DirectoryReader.find(path, below: snapshot.snapshot.root, from: nodeSource()) != nil
    }
  }
}
