// A child process with captured output: posix_spawn, two pipes, `poll` with a deadline.

import Glibc
import Platform
import Synchronization

/// A running program.
final class Child {
  let pid: pid_t
  private let outputs: [Int32]

  /// One start at a time: else a child could inherit another one's pipe before it is marked.
  private static let starting = Mutex(())

  /// Starts `program` in `folder` with `input` as its standard input.
  init(
    _ program: String, _ arguments: [[UInt8]], environment: [String: String], folder: String,
    input: [UInt8]
  ) throws {
    let words = Self.words(program, arguments, folder)
    (pid, outputs) = try Self.starting.withLock { _ in
      let given = try inputFile(input)
      let (output, errors) = (try makePipe(), try makePipe())
      let descriptors = [given, output.write, errors.write]
      defer { for descriptor in descriptors { close(descriptor) } }
      return (try spawn(words, environment, descriptors), [output.read, errors.read])
    }
  }

  /// Starts `program` with a terminal for everything it reads and prints.
  init(
    _ program: String, _ arguments: [[UInt8]], environment: [String: String], folder: String,
    terminal: Int32
  ) throws {
    let words = Self.words(program, arguments, folder)
    outputs = []
    pid = try Self.starting.withLock { _ in
      try spawn(words, environment, [terminal, terminal, terminal])
    }
  }

  // env(1) changes the folder and then becomes the program, with the same process ID.
  private static func words(
    _ program: String, _ arguments: [[UInt8]], _ folder: String
  ) -> [[UInt8]] {
    ["/usr/bin/env", "-C", folder, program].map { Array($0.utf8) } + arguments
  }

  func signal(_ number: Int32) {
    _ = kill(pid, number)
  }

  /// Waits for the end and collects the output; kills what takes longer.
  func finish(within seconds: Int) -> Outcome {
    let deadline = now() + seconds * 1000
    var texts: [[UInt8]] = [[], []]
    var open = Set(outputs.indices)
    while !open.isEmpty, now() < deadline {
      for index in ready(open, until: deadline) {
        if let part = readPart(outputs[index]) { texts[index] += part } else { open.remove(index) }
      }
    }
    if !open.isEmpty { signal(SIGKILL) }
    for descriptor in outputs { close(descriptor) }
    return Outcome(
      code: reap(), output: texts[0], errors: texts[1], timedOut: !open.isEmpty)
  }

  private func ready(_ open: Set<Int>, until deadline: Int) -> [Int] {
    let indices = open.sorted()
    var entries = indices.map { pollfd(fd: outputs[$0], events: Int16(POLLIN), revents: 0) }
    let wait = Int32(max(0, deadline - now()))
    guard unsafe poll(&entries, nfds_t(entries.count), wait) > 0 else { return [] }
    return zip(indices, entries).filter { $0.1.revents != 0 }.map(\.0)
  }

  /// Waits for the end; the exit code, or 128 + the signal that ended it.
  func reap() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  private func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

private func spawn(
  _ words: [[UInt8]], _ environment: [String: String], _ given: [Int32]
) throws -> pid_t {
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  for (target, source) in given.enumerated() {
    unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
  }
  var attributes = posix_spawnattr_t()
  unsafe posix_spawnattr_init(&attributes)
  defer { unsafe posix_spawnattr_destroy(&attributes) }
  // Signals as in a fresh login, whatever runs the tests has blocked or ignored.
  var (none, all) = (sigset_t(), sigset_t())
  unsafe sigemptyset(&none)
  unsafe sigfillset(&all)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  unsafe posix_spawnattr_setsigdefault(&attributes, &all)
  unsafe posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  let variables = environment.map { Array("\($0.key)=\($0.value)".utf8) }
  var child: pid_t = 0
  let code = unsafe withCStrings(words) { argv in
    unsafe withCStrings(variables) { environment in
      unsafe posix_spawn(&child, "/usr/bin/env", &actions, &attributes, argv, environment)
    }
  }
  guard code == 0 else { throw HarnessError("posix_spawn", code) }
  return child
}

/// The next bytes of a descriptor; nil at the end or on an error.
func readPart(_ descriptor: Int32) -> [UInt8]? {
  var buffer = [UInt8](repeating: 0, count: 65536)
  var count = -1
  repeat {
    count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
    }
  } while count < 0 && errno == EINTR
  return count > 0 ? Array(buffer.prefix(count)) : nil
}

private func makePipe() throws -> (read: Int32, write: Int32) {
  var pair: [Int32] = [-1, -1]
  guard unsafe pipe(&pair) == 0 else { throw HarnessError("pipe", errno) }
  for descriptor in pair { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  return (pair[0], pair[1])
}

private func inputFile(_ bytes: [UInt8]) throws -> Int32 {
  guard !bytes.isEmpty else { return unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
  var template = Array("/tmp/igudar-test-input-XXXXXX".utf8CString)
  let descriptor = unsafe mkstemp(&template)
  guard descriptor >= 0 else { throw HarnessError("mkstemp", errno) }
  _ = unsafe unlink(template)
  guard unsafe write(descriptor, bytes, bytes.count) == bytes.count,
    lseek(descriptor, 0, SEEK_SET) == 0
  else { throw HarnessError("write", errno) }
  return descriptor
}

/// Lends a null-terminated list of C strings.
private func withCStrings<Result>(
  _ texts: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = unsafe texts.map { text in
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count + 1)
    for (index, byte) in text.enumerated() { unsafe copy[index] = CChar(bitPattern: byte) }
    unsafe copy[text.count] = 0
    return unsafe copy
  }
  defer { for index in unsafe copies.indices { unsafe copies[index].deallocate() } }
  return unsafe body(copies.map { unsafe $0 } + [nil])
}
