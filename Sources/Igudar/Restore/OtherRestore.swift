// Links, devices, fifos and sockets: made under a temporary name, like files, unless the same is there
// already.

import Platform
import Vault

extension RestoreWalk {
  /// Restores what is neither a file nor a folder, and answers the group that begins with it.
  @discardableResult
  func restoreOther(
    _ entry: Entry, _ status: FileStatus?, in directory: RestoreDirectory
  ) throws(VaultError) -> LinkGroup? {
    let isTaken = try links.takes(status, for: entry)
    let path = { directory.path.appending(entry.name) }
    let group = try links.begin(entry, in: directory)
    directory.addPart()
    var outcome = LinkGroup.Outcome.isThere
    do throws(Errno) {
      if let status, !isTaken, isSame(entry, status, in: directory),
        status.links == 1 || !differs(entry, in: directory)
      {
        updateOther(entry, in: directory)
      } else {
        let reason = status.map { self.reason($0, entry, in: directory) } ?? .absent
        try makeOther(entry, replacing: status != nil, in: directory)
        context.finish(
          status == nil ? .create : .replace, isTaken ? .otherLink : reason, path())
      }
    } catch { outcome = context.outcome(ofPlacing: path(), "making it", error) }
    hand.links.settle(group, outcome, hand.reader)
    directory.endPart(context, hand.reader)
    return group
  }

  private func reason(
    _ status: FileStatus, _ entry: Entry, in directory: RestoreDirectory
  ) -> RestoreReason {
    guard status.type.entryType == entry.type else { return .otherType }
    let hasOtherNames = status.links > 1 && entry.hardLink == nil
    return hasOtherNames || isSame(entry, status, in: directory) ? .otherNames : .otherContent
  }

  // Other names, which may lie outside the target, would get its metadata too.
  private func differs(_ entry: Entry, in directory: RestoreDirectory) -> Bool {
    guard let raw = directory.openDirectory?.descriptor.raw else { return false }
    return metadata(of: entry, at: .name(entry.name, directory: raw), in: directory).differs
  }

  private func isSame(_ entry: Entry, _ status: FileStatus, in directory: RestoreDirectory) -> Bool
  {
    guard status.type.entryType == entry.type, status.links == 1 || entry.hardLink != nil,
      let raw = directory.openDirectory?.descriptor.raw
    else { return false }
    switch entry.kind {
    case .symbolicLink(let target): return (try? readLink(entry.name, at: raw)) == target
    case .characterDevice(let number), .blockDevice(let number):
      return status.deviceMajor == number.major && status.deviceMinor == number.minor
    case .fifo, .socket: return true
    case .file, .directory: return false
    }
  }

  private func updateOther(_ entry: Entry, in directory: RestoreDirectory) {
    guard let raw = directory.openDirectory?.descriptor.raw else { return }
    let place = MetadataPlace.name(entry.name, directory: raw)
    let hasChanged = metadata(of: entry, at: place, in: directory).apply()
    context.finish(
      hasChanged ? .update : .leave, hasChanged ? .otherMetadata : .same,
      directory.path.appending(entry.name))
  }

  private func makeOther(
    _ entry: Entry, replacing: Bool, in directory: RestoreDirectory
  ) throws(Errno) {
    guard !context.options.isDryRun else { return }
    guard let raw = directory.openDirectory?.descriptor.raw else { throw .notFound }
    let name = temporaryFileName()
    let arrival = Arrival(name: name, directory: directory, context: context)
    do throws(Errno) {
      try directory.changing(context) { (raw) throws(Errno) in
        try make(entry, named: name, in: raw)
      }
    } catch {
      // exFAT makes a file, and then says that it cannot.
      arrival.discard()
      throw error
    }
    _ = metadata(of: entry, at: .name(name, directory: raw), in: directory).apply()
    try arrival.settle(as: entry.name, replacing: replacing)
  }

  func metadata(
    of entry: Entry, at place: MetadataPlace, in directory: RestoreDirectory
  ) -> FileMetadata {
    FileMetadata(
      context: context, entry: entry, place: place, reader: hand.reader,
      path: { directory.path.appending(entry.name) })
  }

  private func make(_ entry: Entry, named name: FileName, in directory: Int32) throws(Errno) {
    switch entry.kind {
    case .symbolicLink(let target):
      try DirectoryChange.makeLink(name, to: target, in: directory)
    case .characterDevice(let number):
      try makeNode(
        name, .characterDevice, major: number.major, minor: number.minor, in: directory)
    case .blockDevice(let number):
      try makeNode(name, .blockDevice, major: number.major, minor: number.minor, in: directory)
    case .fifo: try makeNode(name, .fifo, major: 0, minor: 0, in: directory)
    case .socket: try makeNode(name, .socket, major: 0, minor: 0, in: directory)
    case .file, .directory: preconditionFailure("made elsewhere")
    }
  }
}
