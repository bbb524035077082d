// Finds every chunk that snapshots need: tree nodes, file data, large attributes. Each distinct
// node is read once, however many snapshots and directories share it. In memory is what waits on
// the way down, beside the set of what was met. Nothing recurses.

package import Vault

/// A walk over all chunks that trees refer to.
package struct ReferenceWalk {
  private let source: any NodeSource
  private let met: DigestSet
  private var references = NodeReferences()
  private var waiting: [NodeReference] = []

  /// A walk that remembers in a set what it met.
  package init(from source: any NodeSource, remembering met: DigestSet) {
    self.source = source
    self.met = met
  }

  /// Walks through all that a snapshot's root refers to and was not met before.
  ///
  /// `found` gets each chunk with its length, once; `unreadable` each node that cannot be read, in
  /// whose place nothing is found.
  package mutating func walk(
    _ root: Entry,
    found: (ChunkID, ChunkKind, Int) throws(VaultError) -> Void,
    unreadable: (ChunkID, VaultError) throws(VaultError) -> Void
  ) throws(VaultError) {
    try references.read(root)
    try take(found)
    while let next = waiting.popLast() {
      do throws(VaultError) {
        let bytes = try source.node(next.id)
        try references.read(bytes, as: next)
        try found(next.id, .tree, bytes.count)
        try take(found)
      } catch {
        guard error.isLoss else { throw error }
        try unreadable(next.id, error)
      }
    }
  }

  // Data is told at once; nodes wait until they are read.
  private mutating func take(
    _ found: (ChunkID, ChunkKind, Int) throws(VaultError) -> Void
  ) throws(VaultError) {
    for node in references.nodes where try met.insert(node.id) { waiting.append(node) }
    for chunk in references.chunks where try met.insert(chunk.id) {
      try found(chunk.id, .data, Int(chunk.length))
    }
  }
}
