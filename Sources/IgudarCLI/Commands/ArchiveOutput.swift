// Where the archive of `igudar dump` goes, and what is told about what it lacks.

import Glibc
import Igudar
import Platform

/// Standard output or a file, for one archive.
final class ArchiveOutput {
  private let output: Output
  private let path: FilePath?
  private var code = ExitCode.done

  /// Without a target the archive goes to standard output.
  init(_ output: Output, target: [UInt8]?) {
    self.output = output
    path = target.map { FilePath($0) }
  }

  /// Writes the archive of an entry and answers whether all is in it.
  func write(
    _ entry: Entry, at place: FilePath, of repository: Repository, as format: ArchiveFormat
  ) throws -> ExitCode {
    let dump = ArchiveDump(repository, as: format) { self.tell($0, of: format) }
    if let path {
      try write(dump, entry, at: place, into: path)
      return code
    }
    guard isatty(STDOUT_FILENO) == 0 else {
      throw Failure(
        "an archive is nothing for a terminal", nextStep: "Redirect the output, or use --target.")
    }
    let isWhole = try dump.run(entry, at: place) { bytes in
      output.write(bytes)
      return !output.isClosed
    }
    return isWhole ? code : try .ofCutDump(to: output)
  }

  private func write(
    _ dump: ArchiveDump, _ entry: Entry, at place: FilePath, into path: FilePath
  ) throws {
    var target = try FileTarget(path)
    do {
      let isWhole = try dump.run(entry, at: place) { target.write($0) }
      try target.finish(isWhole)
    } catch {
      output.warning("is not whole", item: path.bytes, during: "dump")
      throw error
    }
  }

  private func tell(_ omission: ArchiveOmission, of format: ArchiveFormat) {
    switch omission {
    case .notInFormat(let path, let type):
      // Sockets mean nothing without the process that listens; tar leaves them out as well.
      if type != .socket { code = code.worse(of: .incomplete) }
      output.warning(
        "left out: \(format.rawValue) has no place for a \(type.word)", item: path.bytes,
        during: "dump")
    case .tooLarge(let path):
      code = code.worse(of: .incomplete)
      output.warning(
        "left out: no archive can hold a file of this size", item: path.bytes, during: "dump")
    case .unreadable(let path, let error):
      let failure = Failure.explaining(error)
      code = code.worse(of: failure.code)
      output.warning(
        "what is in it is left out: \(failure.message)", item: path.bytes, during: "dump")
    }
  }
}

extension ExitCode {
  /// What a dump comes to that is not whole: whoever reads it has gone, and knows, or it was
  /// interrupted.
  static func ofCutDump(to output: Output) throws(Failure) -> ExitCode {
    guard output.isClosed else { throw .interrupted }
    return .failed
  }
}

extension ArchiveFormat: Parsable {
  init(parsing text: String) throws(Malformed) {
    guard let format = ArchiveFormat(rawValue: text) else { throw Malformed("must be tar or zip") }
    self = format
  }
}
