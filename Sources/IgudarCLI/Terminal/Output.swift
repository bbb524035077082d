// Everything the command prints. Results go to standard output, buffered; messages, warnings and
// errors go to standard error, each opening with `igudar: `; the status lines of a running command
// are drawn on a terminal only and wiped before anything else appears. A reader that closes our pipe
// ends the output quietly (`isClosed`), never the work; any other write error fails the command at
// the end. Safe to use from any thread.

import Glibc
import Platform
import Synchronization

/// Standard output, standard error and the status lines.
final class Output: Sendable {
  /// JSON instead of text.
  let isJSON: Bool
  /// 0 quiet, 1 usual, 2 `-v`, 3 `-vv`.
  let verbosity: Int
  private let state: Mutex<State>

  init(json: Bool = false, verbosity: Int = 1) {
    isJSON = json
    self.verbosity = verbosity
    state = Mutex(State())
  }

  /// True once the reader of standard output has gone: a listing may stop.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// One line of the result, as text.
  func line(_ text: String = "") {
    state.withLock { $0.append(line: text) }
  }

  /// One line of the result for people: not printed with `--json` or `--quiet`.
  func note(_ text: String = "") {
    if !isJSON && verbosity > 0 { line(text) }
  }

  /// A note for `-v` (`level` 2) or `-vv` (3).
  func detail(_ text: String, level: Int = 2) {
    if !isJSON && verbosity >= level { line(text) }
  }

  /// One JSON document or JSON line of the result.
  func json(_ value: some JSONWritable) {
    var bytes: [UInt8] = []
    value.write(to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    write(bytes)
  }

  /// One JSON line that a reader wants at once.
  func jsonNow(_ value: some JSONWritable) {
    json(value)
    flush()
  }

  /// Bytes of the result, as they are.
  func write(_ bytes: [UInt8]) {
    state.withLock { $0.append(bytes) }
  }

  /// Bytes of the result in place; many at once are not copied.
  func write(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { bytes in state.withLock { unsafe $0.pass(bytes) } }
  }

  /// A message for people on standard error; printed with `--quiet` too.
  func message(_ text: String) {
    state.withLock { $0.error("igudar: \(text)\n") }
  }

  /// A trouble that does not end the command; with `--json` restic's `error` line.
  ///
  /// `item` is the path or object it is about, `phase` what was being done (`scan`, `archival`,
  /// `restore`, …).
  func warning(_ text: String, item: [UInt8] = [], during phase: String = "") {
    guard isJSON else {
      return message(item.isEmpty ? text : "\(printable(item)): \(text)")
    }
    var reason = JSONObject()
    reason.add("message", text)
    var line = JSONObject(message: "error")
    line.add("error", reason)
    line.add("during", phase)
    line.add("item", path: item)
    state.withLock { $0.error(String(decoding: line.bytes, as: UTF8.self) + "\n") }
  }

  /// Why the command ended early; with `--json` restic's `exit_error` line.
  func failure(_ failure: Failure) {
    guard isJSON else {
      message(failure.message)
      if !failure.nextStep.isEmpty { message(failure.nextStep) }
      return
    }
    var line = JSONObject(message: "exit_error")
    line.add("code", failure.code.rawValue)
    let text = [failure.message, failure.nextStep].filter { !$0.isEmpty }.joined(separator: ". ")
    line.add("message", text)
    state.withLock { $0.error(String(decoding: line.bytes, as: UTF8.self) + "\n") }
  }

  /// Draws the status lines in place of the ones drawn before; none wipes them.
  func status(_ lines: [String]) {
    state.withLock { $0.draw(lines) }
  }

  /// Hands what is buffered to the system.
  func flush() {
    state.withLock { $0.flush() }
  }

  /// Flushes; says so when some of the result could not be written.
  func finish() throws(Failure) {
    let trouble = state.withLock { state in
      state.draw([])
      state.flush()
      return state.trouble
    }
    guard trouble == 0 else {
      throw Failure("cannot write standard output: \(Errno(trouble).text)")
    }
  }
}

private struct State {
  var isClosed = false
  /// The errno of the first write error that is not a closed pipe.
  var trouble: Int32 = 0
  private var buffer: [UInt8] = []
  private var drawn = 0
  private let isTerminal = isatty(STDOUT_FILENO) == 1

  mutating func append(_ bytes: [UInt8]) { append { $0 += bytes } }

  mutating func append(line: String) {
    append { buffer in
      buffer += line.utf8
      buffer.append(UInt8(ascii: "\n"))
    }
  }

  private mutating func append(_ add: (inout [UInt8]) -> Void) {
    guard !isClosed else { return }
    add(&buffer)
    if buffer.count >= 65536 || isTerminal { flush() }
  }

  mutating func pass(_ bytes: UnsafeRawBufferPointer) {
    flush()
    guard !isClosed else { return }
    if isTerminal { wipe() }
    unsafe note(writeAll(bytes, to: STDOUT_FILENO))
  }

  mutating func flush() {
    guard !buffer.isEmpty else { return }
    if isTerminal { wipe() }
    note(writeAll(buffer, to: STDOUT_FILENO))
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func note(_ code: Int32) {
    if code != 0 { isClosed = true }
    if code != 0 && code != EPIPE { trouble = code }
  }

  mutating func error(_ text: String) {
    flush()
    wipe()
    _ = writeAll(Array(text.utf8), to: STDERR_FILENO)
  }

  // Wiping and drawing is one write: the terminal never shows the moment between.
  mutating func draw(_ lines: [String]) {
    let text = wiping + lines.joined(separator: "\n")
    drawn = lines.count
    if !text.isEmpty { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }
  }

  private mutating func wipe() {
    if drawn > 0 { draw([]) }
  }

  private var wiping: String {
    let up = String(repeating: "\u{1B}[1A\u{1B}[2K", count: max(0, drawn - 1))
    return drawn > 0 ? "\r\u{1B}[2K\(up)" : ""
  }
}

/// Writes every byte; returns 0 or the errno that stopped it.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
  unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: descriptor) }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  var rest = unsafe bytes[...]
  while unsafe !rest.isEmpty {
    let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
    let count = unsafe write(descriptor, part.baseAddress, part.count)
    if count >= 0 {
      unsafe rest = rest.dropFirst(count)
    } else if errno == EAGAIN {
      waitUntilWritable(descriptor)
    } else if errno != EINTR {
      return errno
    }
  }
  return 0
}

private func waitUntilWritable(_ descriptor: Int32) {
  var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  _ = unsafe poll(&entry, 1, -1)
}
