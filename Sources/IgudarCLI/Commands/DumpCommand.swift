// `igudar dump`. The bytes of one file, proven chunk by chunk before they go out.

import Glibc
import Igudar
import Platform
import Vault

/// Writes a file of a snapshot to standard output or into a file.
enum DumpCommand {
  static let target = Option("target", "t", takes: "FILE", help: "write into FILE")

  static let command = Command(
    "dump", summary: "Write a file of a snapshot to standard output",
    operands: "SNAPSHOT[:PATH] FILE", operandCount: 2...2,
    details: """
      FILE is the path of a file in the snapshot, or below :PATH. Holes are written as zeros, and
      into --target as holes. When a part cannot be read, nothing behind it is written and the
      exit code says so.
      """,
    options: [target] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let selector = try SnapshotSelector(parsing: invocation.operands[0])
    let filter = try invocation.filter()
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector, filter: filter)
    let path = (selector.path ?? []) + FilePath(invocation.operands[1]).components
    let entry = try repository.entry(at: path, in: snapshot)
    let dump = FileDump(try file(entry, invocation), of: repository)
    if let name = invocation.options.bytes(target) {
      try write(dump, into: FilePath(name), invocation.output)
    } else {
      var target = OutputTarget(output: invocation.output)
      _ = try dump.run(into: &target)
    }
    return .done
  }

  private static func write(_ dump: FileDump, into path: FilePath, _ output: Output) throws {
    var target = try FileTarget(path)
    do {
      let isWhole = try dump.run(into: &target)
      try target.finish(isWhole)
    } catch {
      output.warning("is not whole", item: path.bytes, during: "dump")
      throw error
    }
  }

  private static func file(
    _ entry: Entry, _ invocation: Invocation
  ) throws(Failure) -> Entry.File {
    let path = printable(invocation.operands[1])
    switch entry.kind {
    case .file(let file): return file
    case .directory:
      throw Failure(
        "“\(path)” is a folder, and archives of folders are not offered yet",
        nextStep: "`igudar restore` restores folders.")
    case .symbolicLink(let target):
      throw Failure("“\(path)” is a symbolic link to “\(printable(target))”, not a file")
    default:
      throw Failure("“\(path)” is a \(entry.type.word), not a file")
    }
  }
}

private let zeros = [UInt8](repeating: 0, count: 1 << 18)

/// Standard output.
private struct OutputTarget: DumpTarget {
  let output: Output

  mutating func write(_ bytes: RawSpan) -> Bool {
    output.write(bytes)
    return !output.isClosed
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    var left = length
    while left > 0, !output.isClosed, Interrupt.requested == 0 {
      let count = min(left, UInt64(zeros.count))
      unsafe output.write(zeros.span.bytes.extracting(0..<Int(count)))
      left -= count
    }
    return left == 0
  }
}

/// A file that is written anew; its holes stay holes.
private struct FileTarget: DumpTarget, ~Copyable {
  private let path: FilePath
  private let file: Descriptor
  private var offset: UInt64 = 0
  private var failure: Errno?

  init(_ path: FilePath) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    } catch { throw .system(error) }
  }

  mutating func write(_ bytes: RawSpan) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(Errno) { try unsafe file.write(bytes, at: Int64(offset)) } catch {
        failure = error
      }
    }
    offset += UInt64(bytes.byteCount)
    return failure == nil
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    offset += length
    return true
  }

  /// Gives the file its size; throws when it is not whole.
  consuming func finish(_ isWhole: Bool) throws(Failure) {
    if let failure { throw .system(SystemError("write", failure, path)) }
    guard isWhole else { throw .interrupted }
    do throws(Errno) {
      try file.truncate(to: Int64(offset))
      try file.sync()
    } catch { throw .system(SystemError("write", error, path)) }
  }
}
