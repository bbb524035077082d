// The command `igudar`: reads the command line, runs one command, prints what went wrong, and turns it
// into an exit code. Nothing else decides about exit codes.

import CLinux
import Glibc
import Platform

StandardStreams.reserve()
Interrupt.install()
Interrupt.hardenProcess()
Interrupt.raiseFileLimit()
Heap.giveBackLargeBlocks()
let arguments = (1..<max(1, clinux_argument_count())).map { index in
  unsafe bytes(at: clinux_argument(index)) ?? []
}
exit(Session.run(arguments).rawValue)
