// The names of objects in a repository, FORMAT.md section 2.

/// The name of an object: parts of lower-case hex digits below a fixed prefix.
public struct ObjectName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The name as stores see it, such as `journal/0000000000000007`.
  public let description: String

  private init(trusted text: String) { description = text }

  /// What this is.
  public static let format = ObjectName(trusted: "format")

  /// Room that is kept free.
  public static let reserve = ObjectName(trusted: "reserve")

  /// One way to unlock.
  public static func slot(_ id: some CustomStringConvertible) -> ObjectName {
    ObjectName(trusted: "slots/\(id)")
  }

  /// A version of the keyring.
  public static func keyring(_ number: UInt64) -> ObjectName {
    ObjectName(trusted: "keyring/\(hex16(number))")
  }

  /// A pack, by the hash of its bytes.
  public static func pack(_ hash: some CustomStringConvertible) -> ObjectName {
    let hex = "\(hash)"
    return ObjectName(trusted: "packs/\(hex.prefix(2))/\(hex)")
  }

  /// An index segment, by the hash of its bytes.
  public static func segment(_ hash: some CustomStringConvertible) -> ObjectName {
    ObjectName(trusted: "index/\(hash)")
  }

  /// An entry of the journal.
  public static func journal(_ number: UInt64) -> ObjectName {
    ObjectName(trusted: "journal/\(hex16(number))")
  }

  /// What an object is, by its name.
  public enum Kind: Hashable, Sendable {
    /// What this is.
    case format
    /// Room that is kept free.
    case reserve
    /// A slot, by its 32 hex digits.
    case slot(String)
    /// A keyring, by its number.
    case keyring(UInt64)
    /// A pack, by its 64 hex digits.
    case pack(String)
    /// An index segment, by its 64 hex digits.
    case segment(String)
    /// A journal entry, by its number.
    case journal(UInt64)
  }

  /// The name written so; nil for anything that no object is called.
  public init?(_ text: String) {
    guard Self.form(of: text.utf8) != nil else { return nil }
    description = text
  }

  /// What the object is.
  public var kind: Kind {
    switch Self.form(of: description.utf8) {
    case .format: return .format
    case .reserve: return .reserve
    case .slots: return .slot(lastPart)
    case .keyring: return .keyring(number)
    case .packs: return .pack(lastPart)
    case .index: return .segment(lastPart)
    case .journal: return .journal(number)
    case nil: preconditionFailure("an object's name says what it is")
    }
  }

  /// The last part, for a hash or number.
  public var lastPart: String {
    let bytes = description.utf8
    guard let slash = bytes.lastIndex(of: Self.slash) else { return description }
    return String(description[bytes.index(after: slash)...])
  }

  // Of a name whose last part is one.
  private var number: UInt64 { description.utf8.suffix(16).reduce(0) { $0 << 4 | Self.digit($1) } }

  // A store lists a hundred thousand names before a backup begins: they are looked at as bytes.
  private enum Form {
    case format, reserve, slots, keyring, packs, index, journal
  }

  private static let slash = UInt8(ascii: "/")

  private static func form(of text: String.UTF8View) -> Form? {
    guard let slash = text.firstIndex(of: slash) else {
      return text.elementsEqual("format".utf8)
        ? .format : text.elementsEqual("reserve".utf8) ? .reserve : nil
    }
    let folder = text[..<slash]
    let rest = text[text.index(after: slash)...]
    if folder.elementsEqual("packs".utf8) { return isPack(rest) ? .packs : nil }
    if folder.elementsEqual("journal".utf8) { return isHex(rest, 16) ? .journal : nil }
    if folder.elementsEqual("index".utf8) { return isHex(rest, 64) ? .index : nil }
    if folder.elementsEqual("keyring".utf8) { return isHex(rest, 16) ? .keyring : nil }
    if folder.elementsEqual("slots".utf8) { return isHex(rest, 32) ? .slots : nil }
    return nil
  }

  // Two digits, a slash, and 64 digits that begin with these two.
  private static func isPack(_ text: Substring.UTF8View) -> Bool {
    let hash = text.dropFirst(3)
    return isHex(hash, 64) && text.prefix(2).elementsEqual(hash.prefix(2))
      && text.dropFirst(2).first == slash
  }

  private static func isHex(_ text: Substring.UTF8View, _ count: Int) -> Bool {
    text.count == count
      && text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func digit(_ byte: UInt8) -> UInt64 {
    UInt64(byte < 0x3a ? byte - 0x30 : byte - 0x61 + 10)
  }

  private static func hex16(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Byte order of the names.
  public static func < (left: Self, right: Self) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}
