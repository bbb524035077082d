// Which entries are names of one file, by FORMAT.md section 12, field 9: what restores, archives and
// statistics go by.

import Vault

extension Entry {
  /// What all names of one file have in common, as a hash; nil for what has one name.
  func linkKey(_ hasher: ChunkHasher) -> ChunkID? {
    guard let hardLink, children == nil else { return nil }
    var alike = Entry(
      name: Self.rootName, kind: kind, mode: mode, uid: uid, gid: gid, mtime: mtime)
    alike.birthTime = birthTime
    alike.inode = inode
    // The count changes when names come and go meanwhile.
    alike.hardLink = HardLink(device: hardLink.device, count: 2)
    let bytes = alike.encoded
    return unsafe bytes.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .tree) }
  }
}
