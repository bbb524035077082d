// Files that look unchanged are read again and compared with what the last snapshot has of them. One
// that differs was changed by nobody: its disk has lost it. The snapshot keeps the old content, which
// is the right one.

import Platform
import Vault

/// Looks for bit rot in the sources of a backup, for one thread.
final class SourceVerification {
  private let context: BackupContext
  private let comparison: ContentComparison

  init(_ context: BackupContext) {
    self.context = context
    comparison = ContentComparison(context.vault.hasher)
  }

  /// Reads a file that looks unchanged and tells if it is not what the last snapshot has.
  ///
  /// False when it is being changed just now, so that it has to be read like any other.
  func verify(
    _ name: FileName, _ status: FileStatus, in directory: OpenDirectory, _ entry: Entry,
    nodes: any NodeSource
  ) throws(VaultError) -> Bool {
    guard let content = entry.file else { return true }
    do throws(SourceProblem) {
      let file = try openSource(name, in: directory)
      guard let rotten = try firstDifference(of: file, from: content, nodes) else { return true }
      guard try statusAfter(file).hasSameContent(as: status) else { return false }
      context.fail(
        .archive, directory.path.appending(name),
        "is not what was backed up, though nobody changed it: from byte \(rotten) on the disk may "
          + "have lost it. The snapshot keeps what was backed up",
        isKept: true)
    } catch {
      if case .vault(let failure) = error { throw failure }
      context.fail(.archive, directory.path.appending(name), error.message, isKept: true)
    }
    return true
  }

  private func firstDifference(
    of file: borrowing Descriptor, from content: Entry.File, _ nodes: any NodeSource
  ) throws(SourceProblem) -> UInt64? {
    var extents = ContentReader(content, from: nodes)
    while !context.isInterrupted {
      let offset = extents.offset
      let extent: Extent?
      do throws(VaultError) { extent = try extents.next() } catch { throw .vault(error) }
      guard let extent else { return nil }
      do throws(Errno) {
        guard try comparison.holds(extent, at: offset, in: file) else { return offset }
      } catch { throw .system("read", error) }
    }
    return nil
  }
}
