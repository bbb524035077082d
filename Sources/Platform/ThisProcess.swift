// What this process is and may do.

import CLinux
import Glibc

/// Whether this process may do everything.
package func isSuperuser() -> Bool { geteuid() == 0 }

/// The user and group that this process acts as.
package func processIdentity() -> (uid: UInt32, gid: UInt32) { (geteuid(), getegid()) }

/// The number of processors that this process may use.
package func processorCount() -> Int {
  max(1, Int(clinux_processor_count()))
}

/// How many workers somebody means who asks for so many; 0 asks for one per processor.
package func workerCount(_ wanted: Int) -> Int { wanted > 0 ? wanted : processorCount() }

/// How many files this process may have open.
package func openFileLimit() -> Int { Int(clamping: clinux_file_limit()) }
