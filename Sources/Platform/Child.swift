// A child process, from its start to the end that its owner waits for.
//
// Not private to `Process`: the command's own module destroys processes too, and the optimiser then
// needs this type by name.

import CLinux
import Glibc

/// A child process that was not waited for.
struct Child: ~Copyable {
  private let number: pid_t

  init(_ arguments: [[UInt8]], printingTo output: Int32) throws(SystemError) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // We ignore these signals, and other programs count on them.
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    unsafe sigaddset(&defaults, SIGPIPE)
    unsafe sigaddset(&defaults, SIGXFSZ)
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

  /// Sends SIGTERM and waits for so many milliseconds at most; then it is killed.
  consuming func stop(within milliseconds: Int) {
    let number = number
    discard self
    kill(number, SIGTERM)
    for _ in 0..<milliseconds / 10 {
      var status: Int32 = 0
      guard unsafe waitpid(number, &status, WNOHANG) == 0 else { return }
      usleep(10_000)
    }
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
