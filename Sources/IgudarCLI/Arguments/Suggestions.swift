// "Did you mean …?" for commands and options.

/// The words that do in igudar what a word of borg, kopia or git does elsewhere.
private let borrowedWords: [String: String] = [
  "create": "backup", "save": "backup", "extract": "restore", "delete": "forget",
  "remove": "forget", "rm": "forget", "compact": "prune", "gc": "prune", "verify": "check",
  "scrub": "check", "export": "dump", "info": "stats",
]

/// What comes near a command that restic or borg has and igudar does not; nil for others.
func advice(forAbsent command: String) -> String? {
  switch command {
  case "mount":
    "there is no mount: `igudar ls`, `find` and `dump` look into snapshots, `restore` brings parts "
      + "of them back"
  case "copy":
    "snapshots are not copied between repositories: back up into the second one as well, or copy "
      + "the whole repository with the tools of where it is"
  case "list": "`igudar snapshots` lists snapshots, `igudar key list` lists keys"
  default: nil
  }
}

/// ` (did you mean …?)` with what resembles `word`, or nothing.
func suggestions(for word: String, among known: [String]) -> String {
  let borrowed = borrowedWords[word].flatMap { known.contains($0) ? [$0] : nil }
  let near = borrowed ?? known.filter { resembles(word, $0) }
  guard !near.isEmpty else { return "" }
  return " (did you mean \(near.prefix(3).joined(separator: " or "))?)"
}

private func resembles(_ word: String, _ known: String) -> Bool {
  if word.count > 2 && known.hasPrefix(word) { return true }
  return editDistance(Array(word.utf8), Array(known.utf8)) <= (word.utf8.count > 4 ? 2 : 1)
}

/// Levenshtein's distance.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  guard left.count < 64, right.count < 64 else { return 64 }
  var row = Array(0...right.count)
  for (index, byte) in left.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in right.indices {
      let substituted = diagonal + (byte == right[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(substituted, row[column + 1] + 1, row[column] + 1)
    }
  }
  return row[right.count]
}
