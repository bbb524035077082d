// Puts owner, mode, extended attributes and times on what was restored. The order matters: a new
// owner takes away setuid bits and capabilities, and anything at all changes times.

import Platform
import Vault

extension RestoreContext {
  /// Puts an entry's metadata on its file; what cannot be set is told, the rest is set.
  func apply(
    _ entry: Entry, to target: MetadataPlace, path: @autoclosure () -> FilePath,
    reader: ChunkReader
  ) {
    var mode = entry.mode
    do throws(Errno) { try target.setOwner(uid: owner(entry), gid: group(entry)) } catch {
      // What would run as its owner must not run as somebody else.
      mode &= ~0o6000
      fail(path(), "chown", error)
    }
    if entry.type != .symbolicLink {
      do throws(Errno) { try target.setMode(mode) } catch { fail(path(), "chmod", error) }
    }
    if !options.skipsAttributes {
      for attribute in entry.attributes {
        apply(attribute, to: target, path: path(), reader: reader)
      }
    }
    do throws(Errno) {
      try target.setTimes(access: entry.atime ?? entry.mtime, modification: entry.mtime)
    } catch { fail(path(), "utimensat", error) }
  }

  private func owner(_ entry: Entry) -> UInt32 {
    guard !options.usesNumbersOnly, !entry.user.isEmpty else { return entry.uid }
    return accounts.uid(of: entry.user) ?? entry.uid
  }

  private func group(_ entry: Entry) -> UInt32 {
    guard !options.usesNumbersOnly, !entry.group.isEmpty else { return entry.gid }
    return accounts.gid(of: entry.group) ?? entry.gid
  }

  private func apply(
    _ attribute: ExtendedAttribute, to target: MetadataPlace,
    path: @autoclosure () -> FilePath, reader: ChunkReader
  ) {
    let name = printable(attribute.name)
    do throws(VaultError) {
      let value: [UInt8] =
        switch attribute.value {
        case .inline(let bytes): bytes
        case .chunk(let id, _): try reader.read(id, kind: .data)
        }
      do throws(Errno) { try target.attributes.set(attribute.name, to: value) } catch {
        fail(path(), "setting attribute \(name)", error)
      }
    } catch {
      guard error.isLoss else { return stop(for: error) }
      damage(path(), "attribute \(name): \(RepositoryError(error))")
    }
  }
}
