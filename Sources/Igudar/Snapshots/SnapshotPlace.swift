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
    let depth = try depth(of: snapshot)
    let base = snapshot.paths.first?.components.prefix(depth) ?? []
    return names.starts(with: base) ? Array(names.dropFirst(depth)) : names
  }

  /// Whether a snapshot was made of what these names lead to, of something above it, or below it.
  func covers(
    _ names: [FileName], _ snapshot: SnapshotInfo
  ) throws(RepositoryError) -> Bool {
    let depth = try depth(of: snapshot)
    return snapshot.paths.map { $0.components.dropFirst(depth) }.contains { target in
      names.starts(with: target) || target.starts(with: names)
    }
  }

  // How many names of its targets a snapshot leaves out: as few as let one of them be there. Others
  // can be missing because they could not be read.
  private func depth(of snapshot: SnapshotInfo) throws(RepositoryError) -> Int {
    let targets = snapshot.paths.map(\.components)
    for depth in 0...(targets.map(\.count).max() ?? 0) {
      for target in targets where target.count >= depth {
        let isThere =
          try target.count == depth
          ? begins(snapshot, at: target) : has(Array(target.dropFirst(depth)), in: snapshot)
        if isThere { return depth }
      }
    }
    return 0
  }

  // Whether the tree is what is in a target: that of a backup of the folder in which it ran. A target
  // that is elsewhere is not in the tree at all if it could not be read; the way to it may be.
  private func begins(
    _ snapshot: SnapshotInfo, at folder: [FileName]
  ) throws(RepositoryError) -> Bool {
    if folder.isEmpty { return true }
    let targets = snapshot.paths.map(\.components)
    guard targets.allSatisfy({ $0.starts(with: folder) }) else { return false }
    if snapshot.hasAllTargets { return true }
    let ways = Set(targets.compactMap(\.first))
    return try vaultErrors { () throws(VaultError) in
      var entries = DirectoryReader(
        snapshot.snapshot.root.children ?? .none, from: try nodeSource())
      while let entry = try entries.next() {
        if !ways.contains(entry.name) { return true }
      }
      return false
    }
  }

  private func has(
    _ path: [FileName], in snapshot: SnapshotInfo
  ) throws(RepositoryError) -> Bool {
    try vaultErrors { () throws(VaultError) in
      try DirectoryReader.find(path, below: snapshot.snapshot.root, from: nodeSource()) != nil
    }
  }
}

extension SnapshotInfo {
  // What a user names is never excluded: it is there, or could not be read.
  fileprivate var hasAllTargets: Bool {
    !isPartial && snapshot.unreadableCount == 0 && snapshot.original == nil
  }
}
