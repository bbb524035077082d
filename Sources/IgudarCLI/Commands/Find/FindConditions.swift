// What `find` looks for, from the command line.

import Igudar
import Platform

/// The conditions of a search.
enum FindConditions {
  static let type = Option(
    "type", takes: "TYPE", repeatable: true,
    help: "only f(ile), d(ir), l (symlink), b or c (devices), p (fifo), s(ocket)")
  static let oldest = Option(
    "oldest", "O", takes: "TIME", help: "not modified before TIME (also --newer)")
  static let newest = Option(
    "newest", "N", takes: "TIME", help: "not modified after TIME (also --older)")
  static let newer = Option("newer", takes: "TIME", hidden: true, help: "as --oldest")
  static let older = Option("older", takes: "TIME", hidden: true, help: "as --newest")
  static let largerThan = Option(
    "larger-than", takes: "SIZE", help: "only larger files (1024-based: k, M, G, T)")
  static let smallerThan = Option("smaller-than", takes: "SIZE", help: "only smaller files")

  static let options = [type, oldest, newest, newer, older, largerThan, smallerThan]

  static func query(_ invocation: Invocation) throws -> FindQuery {
    let given = invocation.options
    var query = FindQuery()
    let patterns = invocation.operands
    if patterns.contains([]) { throw invocation.usage("a pattern is empty") }
    if !patterns.isEmpty {
      query.patterns =
        try given.has(FindCommand.ignoreCase)
        ? PatternSet(ignoringCase: patterns) : PatternSet(patterns)
    }
    for list in try given.values(type, as: EntryTypes.self) { query.types.formUnion(list.types) }
    query.oldest = try moments(given, oldest, newer).max()
    query.newest = try moments(given, newest, older).min()
    try addSizes(given, to: &query)
    return query
  }

  private static func moments(
    _ given: OptionValues, _ options: Option...
  ) throws(Failure) -> [Timestamp] {
    var moments: [Timestamp] = []
    for option in options {
      if let time = try given.value(option, as: PastTime.self) { moments.append(time.moment) }
    }
    return moments
  }

  private static func addSizes(_ given: OptionValues, to query: inout FindQuery) throws(Failure) {
    if let size = try given.value(largerThan, as: ByteSize.self) {
      query.leastSize = size.bytes + 1
    }
    guard let size = try given.value(smallerThan, as: ByteSize.self) else { return }
    guard size.bytes > 0 else {
      throw Failure.usage("\(smallerThan.flag) 0: no file is smaller", of: "find")
    }
    query.mostSize = size.bytes - 1
  }
}

/// Types of entries as one option gives them, by restic's word or by the letter of find(1).
struct EntryTypes: Parsable {
  let types: Set<EntryType>

  init(parsing text: String) throws(Malformed) {
    var types: Set<EntryType> = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      let type = EntryType.allCases.first { $0.word == word || String($0.letter) == word }
      guard let type else { throw Malformed("must be of f, d, l, b, c, p, s") }
      types.insert(type)
    }
    self.types = types
  }
}

extension EntryType {
  /// The letter of find(1) and ls(1).
  fileprivate var letter: Character {
    switch self {
    case .file: "f"
    case .directory: "d"
    case .symbolicLink: "l"
    case .blockDevice: "b"
    case .characterDevice: "c"
    case .fifo: "p"
    case .socket: "s"
    }
  }
}
