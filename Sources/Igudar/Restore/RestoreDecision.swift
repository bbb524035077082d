// What is done with an entry, as far as the status of what has its name decides it.

import Platform

extension RestoreContext {
  /// Why what is there may not be changed; nil if it may.
  func keeps(
    _ status: FileStatus, for entry: Entry, at path: () -> FilePath
  ) -> RestoreReason? {
    if case .sparing(let left) = memory, left.contains(path()) { return .exists }
    let reason: RestoreReason? =
      switch options.overwrite {
      case .always, .ifChanged: nil
      case .ifNewer: entry.mtime > status.mtime ? nil : .notNewer
      case .never: .exists
      }
    if reason != nil, case .noting(let left) = memory { left.insert(path()) }
    return reason
  }

  /// How what is there stands to a file.
  func standing(of status: FileStatus?, to entry: Entry) -> FileStanding {
    guard let status else { return .absent }
    guard status.type == .regular else { return .otherType }
    let isAlike =
      status.size == entry.file?.size && status.mtime == entry.mtime
      && (status.links == 1 || entry.hardLink != nil)
    return options.overwrite == .ifChanged && isAlike ? .trusted(status) : .compared(status)
  }
}

extension FileStanding {
  /// Whether the pieces of the file have to be looked at.
  func needsContent(isDry: Bool) -> Bool {
    switch self {
    case .absent, .otherType, .taken: !isDry
    case .compared: true
    case .trusted: false
    }
  }
}
