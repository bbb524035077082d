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
    guard Self.kind(of: text) != nil else { return nil }
    description = text
  }

  /// What the object is.
  public var kind: Kind {
    guard let kind = Self.kind(of: description) else {
      preconditionFailure("an object's name says what it is")
    }
    return kind
  }

  /// The last part, for a hash or number.
  public var lastPart: String { String(description.split(separator: "/").last ?? "") }

  private static func kind(of text: String) -> Kind? {
    if text == "format" { return .format }
    if text == "reserve" { return .reserve }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch (parts.first, parts.count) {
    case ("slots", 2): return isHex(parts[1], 32) ? .slot(parts[1]) : nil
    case ("keyring", 2): return number(parts[1]).map { .keyring($0) }
    case ("journal", 2): return number(parts[1]).map { .journal($0) }
    case ("index", 2): return isHex(parts[1], 64) ? .segment(parts[1]) : nil
    case ("packs", 3):
      return isHex(parts[2], 64) && parts[2].hasPrefix(parts[1]) && parts[1].utf8.count == 2
        ? .pack(parts[2]) : nil
    default: return nil
    }
  }

  private static func isHex(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func number(_ text: String) -> UInt64? {
    isHex(text, 16) ? UInt64(text, radix: 16) : nil
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
