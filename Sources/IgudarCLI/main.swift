// The command `igudar`: reads the command line, runs one command, prints what went wrong, and turns it
// into an exit code. Nothing else decides about exit codes.

import Glibc
import Platform

StandardStreams.reserve()
Interrupt.install()
Interrupt.hardenProcess()
Interrupt.raiseFileLimit()
Heap.giveBackLargeBlocks()
let arguments = (1..<max(1, Int(CommandLine.argc))).map { index in
  unsafe bytes(at: CommandLine.unsafeArgv[index]) ?? []
}
exit(Session.run(arguments).rawValue)
