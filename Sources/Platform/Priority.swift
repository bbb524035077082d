// How much of the machine a program takes from others.

import CLinux

/// The priority of this process at processors and disks.
public enum Priority {
  /// Lets everybody else go first: nice value 19, and disks only when they are idle.
  ///
  /// It holds for the calling thread and those that it starts from now on; what the system does not
  /// permit is left as it is. Source: setpriority(2), ioprio_set(2).
  public static func lower() { clinux_lower_priority() }

  /// Waits until the memory is filled that a passphrase is about to be hashed in.
  ///
  /// What is less urgent does not take a processor from that. Where no hash begins soon, as with a store
  /// that answers slowly, nothing is waited for.
  package static func letFillingGoFirst() { clinux_let_filling_go_first(3_000_000) }
}
