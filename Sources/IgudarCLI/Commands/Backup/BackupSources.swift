// What a backup reads: paths from the command line and from files in three spellings.

import Igudar
import Platform

/// The paths to save.
struct BackupSources {
  static let filesFrom = Option(
    "files-from", takes: "FILE", repeatable: true,
    help: "read paths from FILE, one a line; * ? [] are filled in, # begins a comment")
  static let filesFromVerbatim = Option(
    "files-from-verbatim", takes: "FILE", repeatable: true,
    help: "read paths from FILE, one a line, as they are")
  static let filesFromRaw = Option(
    "files-from-raw", takes: "FILE", repeatable: true,
    help: "read paths from FILE, each ended by a NUL byte")

  static let options = [filesFrom, filesFromVerbatim, filesFromRaw]

  let paths: [FilePath]

  init(_ invocation: Invocation) throws(Failure) {
    let given = invocation.options
    var paths: [[UInt8]] = []
    for file in given.all(Self.filesFrom) {
      for pattern in try PathList.read(file, from: Self.filesFrom).patterns {
        let found = PathPattern.paths(matching: pattern)
        if !found.isEmpty {
          paths += found.map(\.bytes)
        } else if pattern.contains(where: { "*?[\\".utf8.contains($0) }) {
          invocation.output.warning(
            "matches no file, left out", item: pattern, during: "scan")
        } else {
          // A plain name that is missing is told, and counted, as one on the command line.
          paths.append(pattern)
        }
      }
    }
    for file in given.all(Self.filesFromVerbatim) {
      paths += try PathList.read(file, from: Self.filesFromVerbatim).lines
    }
    for file in given.all(Self.filesFromRaw) {
      paths += try PathList.read(file, from: Self.filesFromRaw).terminated()
    }
    paths += invocation.operands
    guard !paths.isEmpty else {
      throw invocation.usage("nothing to back up: name files or folders")
    }
    guard paths.allSatisfy({ !$0.isEmpty }) else {
      throw Failure("an empty path cannot be backed up; write . for the working directory")
    }
    self.paths = paths.map { FilePath($0) }
    Self.tellOfLinks(paths, invocation.output)
  }

  // To other programs a slash behind a link means the folder that it leads to.
  private static func tellOfLinks(_ paths: [[UInt8]], _ output: Output) {
    for path in paths where path.last == UInt8(ascii: "/") && path.count > 1 {
      let link = path.reversed().drop { $0 == UInt8(ascii: "/") }.reversed()
      guard (try? FileStatus.of(FilePath(Array(link))).type) == .symbolicLink else { continue }
      output.warning(
        "is a symbolic link, and saved as such; to save what it leads to, name that", item: path,
        during: "scan")
    }
  }
}

/// The content of a file that lists paths.
private struct PathList {
  let name: String
  let bytes: [UInt8]

  /// Reads a file; `-` is standard input.
  static func read(_ path: [UInt8], from option: Option) throws(Failure) -> PathList {
    let isInput = path == Array("-".utf8)
    let source = isInput ? Array("/dev/stdin".utf8) : path
    let bytes = try Failure.naming(option.flag) { () throws(Failure) in
      try SmallFile.read(source, limit: 256 << 20)
    }
    return PathList(name: printable(path), bytes: bytes)
  }

  /// Lines without their ends; empty ones are left out.
  var lines: [[UInt8]] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      return line.isEmpty ? nil : Array(line)
    }
  }

  /// Lines without white space around them, comments left out.
  var patterns: [[UInt8]] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    return lines.compactMap { line in
      let line = Array(line.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
      return line.isEmpty || line.first == UInt8(ascii: "#") ? nil : line
    }
  }

  /// Names that each end in a NUL byte.
  func terminated() throws(Failure) -> [[UInt8]] {
    guard bytes.last ?? 0 == 0 else { throw Failure("\(name) does not end in a NUL byte") }
    let names = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
    guard bytes.isEmpty || names.allSatisfy({ !$0.isEmpty }) else {
      throw Failure("\(name) holds an empty name")
    }
    return bytes.isEmpty ? [] : names.map { Array($0) }
  }
}
