// A pattern for one component of a path, with the syntax of Go's filepath.Match, which restic's
// users know: * any bytes, ? one character, [a-z] and [^a-z] classes, \ takes a character's meaning
// away. Names are bytes; a character is a valid UTF-8 sequence or else a single byte.

/// A pattern for one component of a path.
struct Glob: Hashable, Sendable {
  enum Token: Hashable {
    case byte(UInt8)
    case one
    case any
    case characters([ClosedRange<UInt32>], negated: Bool)
  }

  /// The common shapes that need no search.
  enum Shape: Hashable {
    case literal([UInt8])
    case ends([UInt8])
    case begins([UInt8])
    case everything
    case tokens([Token])
  }

  let shape: Shape

  /// Reads a component of a pattern; nil if it is malformed.
  init?(_ text: ArraySlice<UInt8>) {
    guard let tokens = Self.tokens(of: text) else { return nil }
    shape = Self.shape(of: tokens)
  }

  private init(shape: Shape) {
    self.shape = shape
  }

  /// The name that this pattern stands for, if it is only one.
  var literal: [UInt8]? {
    if case .literal(let name) = shape { name } else { nil }
  }

  /// The glob that every name fits.
  static let everything = Glob(shape: .everything)

  /// Whether a name fits.
  func matches(_ name: [UInt8]) -> Bool { matches(name.rawSpan) }

  /// Whether a name fits.
  func matches(_ name: RawSpan) -> Bool {
    switch shape {
    case .literal(let bytes): return name.equals(bytes.rawSpan)
    case .everything: return true
    case .ends(let bytes):
      guard name.byteCount >= bytes.count else { return false }
      return name.extracting(last: bytes.count).equals(bytes.rawSpan)
    case .begins(let bytes):
      guard name.byteCount >= bytes.count else { return false }
      return name.extracting(first: bytes.count).equals(bytes.rawSpan)
    case .tokens(let tokens): return Self.matches(name, tokens)
    }
  }

  /// On a mismatch the last `any` takes one byte more; earlier ones never need to.
  private static func matches(_ name: RawSpan, _ tokens: [Token]) -> Bool {
    var token = 0
    var place = 0
    var retry: (token: Int, place: Int)?
    while true {
      if token < tokens.count, case .any = tokens[token] {
        token += 1
        retry = (token, place)
        continue
      }
      if token == tokens.count && place == name.byteCount { return true }
      if token < tokens.count, let width = width(of: tokens[token], in: name, at: place) {
        token += 1
        place += width
        continue
      }
      guard let last = retry, last.place < name.byteCount else { return false }
      retry = (last.token, last.place + 1)
      token = last.token
      place = last.place + 1
    }
  }

  /// How many bytes a token takes at a place; nil if it does not fit.
  private static func width(of token: Token, in name: RawSpan, at place: Int) -> Int? {
    guard place < name.byteCount else { return nil }
    switch token {
    case .byte(let byte): return name.byte(at: place) == byte ? 1 : nil
    case .one: return name.character(at: place).width
    case .any: return nil
    case .characters(let ranges, let negated):
      let character = name.character(at: place)
      let isInside = ranges.contains { $0.contains(character.scalar) }
      return isInside != negated ? character.width : nil
    }
  }

  private static func shape(of tokens: [Token]) -> Shape {
    let stars = tokens.filter { $0 == .any }.count
    let bytes = tokens.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
    guard bytes.count + stars == tokens.count else { return .tokens(tokens) }
    if stars == 0 { return .literal(bytes) }
    if bytes.isEmpty { return .everything }
    guard stars == 1 else { return .tokens(tokens) }
    if tokens.first == .any { return .ends(bytes) }
    return tokens.last == .any ? .begins(bytes) : .tokens(tokens)
  }
}

extension Glob {
  private static func tokens(of text: ArraySlice<UInt8>) -> [Token]? {
    var tokens: [Token] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "*"): if tokens.last != .any { tokens.append(.any) }
      case UInt8(ascii: "?"): tokens.append(.one)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        tokens.append(.byte(escaped))
      case UInt8(ascii: "["):
        guard let token = characters(&rest) else { return nil }
        tokens.append(token)
      default: tokens.append(.byte(byte))
      }
    }
    return tokens
  }

  /// Reads a class behind its opening bracket; nil if it is malformed.
  private static func characters(_ rest: inout ArraySlice<UInt8>) -> Token? {
    let negated = rest.first == UInt8(ascii: "^")
    if negated { rest.removeFirst() }
    var ranges: [ClosedRange<UInt32>] = []
    while true {
      if !ranges.isEmpty && rest.first == UInt8(ascii: "]") {
        rest.removeFirst()
        return .characters(ranges.filter { $0 != emptyRange }, negated: negated)
      }
      guard let low = character(&rest) else { return nil }
      var high = low
      if rest.first == UInt8(ascii: "-") {
        rest.removeFirst()
        guard let end = character(&rest) else { return nil }
        high = end
      }
      ranges.append(low <= high ? low...high : emptyRange)
    }
  }

  /// Stands for a range that ends before it begins; no character is so large.
  private static let emptyRange = UInt32.max...UInt32.max

  /// Reads a character of a class, of which something must follow.
  private static func character(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
    guard let first = rest.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "]") else {
      return nil
    }
    if first == UInt8(ascii: "\\") { rest.removeFirst() }
    let bytes = Array(rest.prefix(4))
    guard !bytes.isEmpty else { return nil }
    let character = bytes.rawSpan.character(at: 0)
    guard character.scalar != 0xfffd || character.width > 1 else { return nil }
    rest.removeFirst(character.width)
    return rest.isEmpty ? nil : character.scalar
  }
}
