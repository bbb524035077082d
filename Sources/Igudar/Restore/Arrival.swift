// What is complete but for its name. It lies in its folder under a temporary one, so that a name
// always stands for all of the old or all of the new.

import Glibc
import Platform

/// A file, link or device under a temporary name.
struct Arrival: Sendable {
  let name: FileName
  let directory: RestoreDirectory
  let context: RestoreContext

  /// Gives it its name; what had that name is gone then.
  ///
  /// - Throws: `exists` if it replaces nothing and the name is taken.
  func settle(as final: FileName, replacing: Bool) throws(Errno) {
    guard replacing else { return try settle(asFree: final) }
    do throws(Errno) { try rename(final) } catch {
      do throws(Errno) {
        if error == .isDirectory || error == .exists || error == .notEmpty
          || error == .notPermitted && isFolder(final)
        {
          try Deletion(context).makeWay(final, in: directory)
          try rename(final)
        } else if error == .notPermitted {
          // What must not be changed must not be replaced either.
          try opening(final) { () throws(Errno) in try rename(final) }
        } else {
          throw error
        }
      } catch {
        discard()
        throw error
      }
    }
  }

  // Where there was nothing there must not be anything now, in whatever spelling.
  private func settle(asFree final: FileName) throws(Errno) {
    do throws(Errno) {
      try directory.changing(context) { (raw) throws(Errno) in
        try DirectoryChange.renameToFree(name, to: final, in: raw)
      }
    } catch {
      discard()
      throw error
    }
  }

  /// Takes it away again.
  func discard() {
    guard let raw = directory.openDirectory?.descriptor.raw else { return }
    try? DirectoryChange.remove(name, in: raw)
  }

  private func rename(_ final: FileName) throws(Errno) {
    try directory.changing(context) { (raw) throws(Errno) in
      try DirectoryChange.rename(name, to: final, in: raw)
    }
  }

  private func isFolder(_ final: FileName) -> Bool {
    guard let raw = directory.openDirectory?.descriptor.raw else { return false }
    return (try? FileStatus.of(final, at: raw).type) == .directory
  }

  private func opening(
    _ final: FileName, _ change: () throws(Errno) -> Void
  ) throws(Errno) {
    guard let raw = directory.openDirectory?.descriptor.raw else { throw .notFound }
    try FolderOpening.opening(final, in: raw, change)
  }
}

extension Arrival {
  /// Removes what a killed restore left in a folder, unless one that runs still writes it.
  static func removeLeftover(_ name: FileName, in directory: RestoreDirectory) {
    guard name.isTemporary, let raw = directory.openDirectory?.descriptor.raw,
      (try? FileStatus.of(name, at: raw).type) == .regular,
      let file = try? Descriptor.openSource(name, at: raw), file.tryLock()
    else { return }
    try? DirectoryChange.remove(name, in: raw)
  }
}
