// The keyed hash that decides where directory nodes end: SipHash-2-4 under `igudar tree cut` of the
// domain's tree-cut key.

package import Vault

/// The hash that cuts directories, under a domain's key.
package struct TreeCut: CutHash {
  private let key: SecretKey

  /// Derives the SipHash key from a domain's tree-cut key.
  package init(domainKey: SecretKey) {
    key = Hash.derive(domainKey, .treeCut, [])
  }

  package func cutHash(of message: RawSpan) -> UInt64 {
    unsafe message.withUnsafeBytes { unsafe SipHash.hash($0, key: key) }
  }
}
