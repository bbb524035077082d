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
}

/// A child process that was not waited for.
private struct Child: ~Copyable {
  private let number: pid_t

  init(_ arguments: [[UInt8]], printingTo output: Int32) throws(SystemError) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // We ignore this signal, and other programs count on it.
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    unsafe sigaddset(&defaults, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Nor is it to inherit what this thread happens to hold back.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var vector: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { argument in
      unsafe withNullTerminated(argument) { unsafe strdup($0) }
    }
    defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
    unsafe vector.append(nil)
    var number: pid_t = 0
    let code = unsafe withNullTerminated(arguments[0]) { program in
      unsafe posix_spawnp(&number, program, &actions, &attributes, vector, environ)
    }
    guard code == 0 else { throw SystemError("posix_spawn", Errno(code), FilePath(arguments[0])) }
    self.number = number
  }

  deinit {
    kill(number, SIGKILL)
    _ = Self.wait(for: number)
  }

  consuming func wait() -> ProcessEnd {
    let number = number
    discard self
    return Self.wait(for: number)
  }

  private static func wait(for number: pid_t) -> ProcessEnd {
    var status: Int32 = 0
    _ = retrying { unsafe waitpid(number, &status, 0) }
    let signal = status & 0x7f
    return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal)
  }
}
