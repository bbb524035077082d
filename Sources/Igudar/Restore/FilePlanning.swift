// What a restore decides about a file before its content is looked at, and which of its pieces workers
// are to look at.

import Platform
import Vault

extension RestoreWalk {
  /// Plans what is done about a file, beside what has its name, and answers the group that begins with
  /// it.
  @discardableResult
  func plan(
    _ entry: Entry, _ file: Entry.File, _ status: FileStatus?, in directory: RestoreDirectory
  ) throws(VaultError) -> LinkGroup? {
    let isTaken = try links.takes(status, for: entry)
    let standing = isTaken ? .taken : standing(of: status, to: entry, in: directory)
    let group = try links.begin(entry, in: directory)
    let restore = FileRestore(entry, in: directory, standing, group: group)
    restore.addPart()
    batch.files.append(restore)
    if file.size > UInt64(Int64.max) {
      restore.fail("is larger than any file can be", .damaged)
    } else if standing.needsContent(isDry: context.options.isDryRun) {
      try planContent(of: restore, file)
    }
    restore.endPart(hand)
    if batch.isFull { try handOver() }
    return group
  }

  // Of a file with other names, whose metadata is not changed, the content may be needed for a new one.
  private func standing(
    of status: FileStatus?, to entry: Entry, in directory: RestoreDirectory
  ) -> FileStanding {
    let standing = context.standing(of: status, to: entry)
    guard case .trusted(let status) = standing, status.links > 1,
      let raw = directory.openDirectory?.descriptor.raw
    else { return standing }
    // Who may not read a file may still own it.
    var place = MetadataPlace.name(entry.name, directory: raw)
    var file: SharedDescriptor?
    if let open = try? Descriptor.openSource(entry.name, at: raw) { file = SharedDescriptor(open) }
    if let file { place = .descriptor(file.descriptor.raw) }
    let differs = metadata(of: entry, at: place, in: directory).differs
    withExtendedLifetime(file) {}
    return differs ? .compared(status) : standing
  }

  private func planContent(of restore: FileRestore, _ file: Entry.File) throws(VaultError) {
    var extents = ContentReader(file, from: source)
    var isInBatch = true
    do throws(VaultError) {
      while true {
        let offset = extents.offset
        guard let extent = try extents.next() else { return }
        if case .absent = restore.standing, case .hole(let length) = extent {
          restore.note(restored: length, context)
          continue
        }
        if !isInBatch {
          restore.addPart()
          batch.files.append(restore)
        }
        batch.add(extent, of: restore, at: offset)
        isInBatch = !batch.isFull
        if batch.isFull { try handOver() }
        // Workers may have done all that they were given.
        if context.isStopped { return restore.giveUp() }
      }
    } catch { restore.fail(error, context) }
  }
}
