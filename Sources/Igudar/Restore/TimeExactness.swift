// How exactly file systems keep times, found out with the first files that are restored: some know
// whole seconds only, or every second one. It is told once, not for each of a million files.

import Platform
import Synchronization

/// What a restore knows of the times of file systems; safe on any thread.
final class TimeExactness: Sendable {
  private let known = Mutex<Set<UInt64>>([])

  /// Whether nothing is to be learned of the file system with this device number.
  func isKnown(_ device: UInt64) -> Bool { known.withLock { $0.contains(device) } }

  /// Takes in what became of a time that was set; true if this shows for the first time that the
  /// file system is not exact.
  func learn(_ device: UInt64, kept: Timestamp, of set: Timestamp) -> Bool {
    // The finest that is not a nanosecond are a hundred of them.
    guard kept != set || set.nanoseconds % 100 != 0 else { return false }
    return known.withLock { $0.insert(device).inserted } && kept != set
  }
}
