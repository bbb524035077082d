// What this machine and this process are called, as snapshots and keys record it.

import Glibc
import Platform

/// Names of the machine and its user.
enum Machine {
  /// The name of the host as the kernel has it; IGUDAR_HOST and `--host` go before it.
  static var hostName: [UInt8] {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
    return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }

  /// The name of the user whose rights the process has.
  static var userName: [UInt8] { Accounts().user(processIdentity().uid) }

  /// Minutes by which the local time zone is ahead of UTC at a moment.
  static func zone(at moment: Timestamp) -> Int {
    let minutes = CivilTime(local: moment).offset / 60
    return max(-1440, min(1440, minutes))
  }
}
