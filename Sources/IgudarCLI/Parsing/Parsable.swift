// Values of options. A parser knows nothing of flags: it says what is wrong with the text, and the
// command line adds the flag's name.

/// Something that can be read from the text of an option.
protocol Parsable {
  init(parsing text: String) throws(Malformed)
}

/// One word of several.
extension Parsable where Self: RawRepresentable<String> & CaseIterable {
  init(parsing text: String) throws(Malformed) {
    guard let word = Self(rawValue: text) else {
      let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw Malformed("must be one of \(words)")
    }
    self = word
  }
}

/// What is wrong with a text; completes the sentence "--flag 'text': …".
struct Malformed: Error, Equatable, Sendable {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

extension String: Parsable {
  init(parsing text: String) { self = text }
}

extension Int: Parsable {
  /// Accepts decimal whole numbers from 0.
  init(parsing text: String) throws(Malformed) {
    guard let number = Int(digits: text) else { throw Malformed("is not a whole number") }
    self = number
  }

  /// Digits only, no sign, no space; nil also when it does not fit.
  init?(digits text: some StringProtocol) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(String(text), radix: 10)
  }
}
