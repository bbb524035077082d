// `igudar dump`. The bytes of one file, or an archive of a folder, proven chunk by chunk before they
// go out.

import Glibc
import Igudar
import Platform
import Vault

/// Writes a file of a snapshot, or an archive of a folder, to standard output or into a file.
enum DumpCommand {
  static let target = Option("target", "t", takes: "FILE", help: "write into FILE")
  static let archive = Option(
    "archive", "a", takes: "FORMAT",
    help: "write an archive: tar (as folders do without it, but for a FILE.zip) or zip")

  static let command = Command(
    "dump", summary: "Write a file, or a folder as an archive, to standard output",
    operands: "SNAPSHOT[:PATH] [FILE]", operandCount: 1...2,
    details: """
      FILE is a path in the snapshot, or below :PATH, which is enough by itself. Holes of a file
      are written as zeros, and as holes where --target is a file. A folder becomes an archive
      whose paths begin with FILE:

      tar  with attributes, access control lists, hard links, holes, devices and times to the
           nanosecond; `tar --xattrs --xattrs-include='*' --acls -xpf -` as root brings all back
      zip  files, folders and symbolic links, with modes and times to the second

      When the content of a file cannot be read, nothing behind it is written and the exit code
      says so.
      """,
    options: [archive, target] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let selector = try SnapshotSelector(parsing: invocation.operands[0])
    guard let file = invocation.operands.dropFirst().first ?? selector.path.map({ _ in [] }) else {
      throw invocation.usage("say what to dump: a path in the snapshot, or / for all of it")
    }
    let format = try invocation.options.value(archive, as: ArchiveFormat.self)
    let filter = try invocation.filter()
    if let target = invocation.options.bytes(target) {
      try refuseRepository(as: FilePath(target), invocation)
    }
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector, filter: filter)
    let below = FilePath(file).components
    let entry = try repository.entry(at: (selector.path ?? []) + below, in: snapshot)
    if format != nil || entry.type == .directory {
      // What is no folder has its own name in the archive at least.
      let names =
        below.isEmpty && entry.type != .directory ? (selector.path ?? []).suffix(1) : below[...]
      let path = FilePath(Array(names.map(\.bytes).joined(separator: [0x2f])))
      return try ArchiveOutput(invocation.output, target: invocation.options.bytes(target)).write(
        entry, at: path, of: repository, as: format ?? usualFormat(invocation))
    }
    let shown = below.isEmpty ? selector.text : printable(file)
    let dump = FileDump(try content(of: entry, at: shown), of: repository)
    if let name = invocation.options.bytes(target) {
      try write(dump, into: FilePath(name), invocation.output)
    } else {
      var target = OutputTarget(output: invocation.output)
      let isWhole = try dump.run(into: &target)
      if !isWhole { return try .ofCutDump(to: invocation.output) }
    }
    return .done
  }

  // A tar in the place of a zip would surprise.
  private static func usualFormat(_ invocation: Invocation) -> ArchiveFormat {
    invocation.options.bytes(target)?.suffix(4) == ArraySlice(".zip".utf8) ? .zip : .tar
  }

  private static func refuseRepository(
    as target: FilePath, _ invocation: Invocation
  ) throws(Failure) {
    guard try invocation.settings().keep(target) else { return }
    throw Failure(
      "cannot write to \(target): it belongs to the repository, or opens it",
      nextStep: "Choose another --target.")
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

  private static func content(
    of entry: Entry, at path: String
  ) throws(Failure) -> Entry.File {
    switch entry.kind {
    case .file(let file): return file
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

  mutating func writeHole(_ length: UInt64) -> Bool { writeZeros(length) }
}

extension DumpTarget where Self: ~Copyable {
  /// Writes a hole as the zeros that it reads as; false if that was ended before all were written.
  mutating func writeZeros(_ length: UInt64) -> Bool {
    var left = length
    while left > 0, Interrupt.requested == 0 {
      let count = min(left, UInt64(zeros.count))
      guard unsafe write(zeros.span.bytes.extracting(0..<Int(count))) else { return false }
      left -= count
    }
    return left == 0
  }
}
