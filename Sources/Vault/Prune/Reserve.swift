// A little room that is kept free in stores that can be full: an object without meaning, which is given
// up where an entry that leads to more room could not be written otherwise.

import Storage

extension Vault {
  private static let reserveSize = 1 << 20

  /// Makes the reserve where there is none; that there is no room for it is no error.
  ///
  /// Only stores that are a folder of this machine need one. Where little may be sent at a time it is left
  /// to a run without limits.
  package func keepReserve() {
    guard let local = store as? LocalStore, !local.limitsUpload,
      (try? store.size(of: .reserve)) == nil
    else { return }
    // What does not compress takes its room on every file system.
    _ = try? store.create(.reserve, randomness.bytes(Self.reserveSize))
  }
}

extension JournalBody {
  /// Whether the entry is one on the way to more room.
  var leadsToRoom: Bool {
    switch self {
    case .tombstone, .condemn, .sweep: true
    default: false
    }
  }
}
