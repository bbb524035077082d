// An open directory that is shared by all who still have to read files in it, and closed when the
// last of them is done.

import Platform

/// A directory's descriptor and path.
final class OpenDirectory: Sendable {
  let descriptor: Descriptor
  let path: FilePath

  init(_ descriptor: consuming Descriptor, path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }
}
