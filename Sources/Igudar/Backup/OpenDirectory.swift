// An open directory that is shared by all who still have to read files in it, and closed when the
// last of them is done.

import Platform

/// A directory's descriptor and path.
final class OpenDirectory: Sendable {
  let descriptor: Descriptor
  private let chain: PathChain

  /// The directory where a walk begins.
  init(_ descriptor: consuming Descriptor, path: FilePath) {
    self.descriptor = descriptor
    chain = PathChain(path)
  }

  /// A directory in a directory.
  init(_ descriptor: consuming Descriptor, _ name: FileName, in parent: OpenDirectory) {
    self.descriptor = descriptor
    chain = PathChain(name, in: parent.chain)
  }

  /// The whole path, which takes time and memory where it is long.
  var path: FilePath { chain.path }
}
