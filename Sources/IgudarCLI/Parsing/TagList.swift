// Tags as restic takes them: commas inside one `--tag` mean "and", repeats mean "or", and the empty
// list means "has no tags".

/// The tags of one `--tag`.
struct TagList: Parsable, Equatable, Sendable {
  let tags: [String]

  init(parsing text: String) throws(Malformed) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let trimmed = parts.map { Self.trimmed($0) }
    let named = trimmed.filter { !$0.isEmpty }
    guard named.count == trimmed.count || named.isEmpty && trimmed.count == 1 else {
      throw Malformed("has an empty tag between its commas")
    }
    guard named.allSatisfy({ tag in tag.unicodeScalars.allSatisfy { $0.value >= 0x20 } }) else {
      throw Malformed("has a control character in a tag")
    }
    tags = named
  }

  /// Selects snapshots without tags.
  var isUntagged: Bool { tags.isEmpty }

  /// The tags as snapshots have them; an empty one for the list that means "has no tags".
  var bytes: [[UInt8]] { isUntagged ? [[]] : tags.map { Array($0.utf8) } }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
