// The two seams between trees and what keeps their nodes, and the keyed hash that cuts them.

package import Vault

/// Where nodes are read from.
package protocol NodeSource: Sendable {
  /// The bytes of a node, checked against its ID, at most 1 MiB.
  func node(_ id: ChunkID) throws(VaultError) -> [UInt8]
}

/// Where nodes are put.
package protocol NodeSink {
  /// Keeps a node and says its ID; the same bytes always have the same ID.
  func put(node: RawSpan) throws(VaultError) -> ChunkID
}

/// SipHash-2-4 under the domain's tree key, which decides where directory nodes end.
package protocol CutHash: Sendable {
  /// The hash of a message of at most 256 bytes.
  func cutHash(of message: RawSpan) -> UInt64
}
