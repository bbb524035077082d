// Another program, started without a shell, whose standard output can be read. Standard input and
// error are ours.
//
// Invariant: no child outlives its owner unnoticed: who does not wait for it ends it.

import CLinux
import Glibc

/// How a program ended.
package enum ProcessEnd: Hashable, Sendable {
  /// With an exit status.
  case exited(Int32)
  /// By a signal.
  case killed(Int32)
}

/// A program that was started.
package struct Process: ~Copyable {
  /// What the program prints, to be read until its end.
  package let output: Descriptor
  private let child: Child

  /// Starts a program, looked up in `PATH` unless there is a slash in its name.
  ///
  /// - Parameter arguments: The name of the program and what it is given.
  package init(_ arguments: [[UInt8]]) throws(SystemError) {
    precondition(!arguments.isEmpty, "a program has a name")
    var ends: [Int32] = [-1, -1]
    guard unsafe clinux_pipe(&ends) == 0 else { throw SystemError("pipe") }
    let output = Descriptor(owning: ends[0])
    let input = Descriptor(owning: ends[1])
    let child = try Child(arguments, printingTo: input.raw)
    self.output = output
    self.child = child
  }

  /// Closes the output and waits for the end of the program.
  package consuming func end() -> ProcessEnd {
    let child = child
    _ = consume output
    return child.wait()
  }

  /// Asks the program to end, as nobody reads on; who has not done so a second later is killed.
  ///
  /// It gets the time to put a terminal back that it asks on.
  package consuming func stop() {
    let child = child
    _ = consume output
    child.stop(within: 1000)
  }
}
