// The words of `--password-command` and its like. No shell ever sees the text: it is cut at spaces,
// quotes keep words together, a backslash takes the next character as it is (inside double quotes
// too), and nothing is expanded.

/// A command and its arguments.
struct CommandWords: Parsable, Equatable, Sendable {
  let words: [String]

  init(parsing text: String) throws(Malformed) {
    var splitter = WordSplitter()
    for character in text { splitter.take(character) }
    words = try splitter.finish()
    guard !words.isEmpty else { throw Malformed("is an empty command") }
  }
}

private struct WordSplitter {
  private var words: [String] = []
  private var word: String?
  private var quote: Character?
  private var isEscaped = false

  mutating func take(_ character: Character) {
    if isEscaped {
      isEscaped = false
      word = (word ?? "") + String(character)
    } else if character == "\\" && quote != "'" {
      isEscaped = true
    } else if let open = quote {
      if character == open { quote = nil } else { word = (word ?? "") + String(character) }
    } else if character == "'" || character == "\"" {
      quote = character
      word = word ?? ""
    } else if character.isWhitespace {
      endWord()
    } else {
      word = (word ?? "") + String(character)
    }
  }

  mutating func finish() throws(Malformed) -> [String] {
    if let quote { throw Malformed("has an unclosed \(quote)") }
    if isEscaped { throw Malformed("ends in a backslash") }
    endWord()
    return words
  }

  private mutating func endWord() {
    if let word { words.append(word) }
    word = nil
  }
}
