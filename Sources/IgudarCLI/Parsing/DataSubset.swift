// `--read-data-subset`: which part of the packs `check` reads, in restic's three spellings.

/// A part of all packs.
enum DataSubset: Parsable, Equatable, Sendable {
  /// Group `part` (from 1) of `whole` groups, chosen by pack name, so that whole runs read everything.
  case group(part: Int, whole: Int)
  /// A random share, above 0 and at most 100.
  case percentage(Double)
  /// Random packs up to this many bytes.
  case size(UInt64)

  static let groupLimit = 256

  init(parsing text: String) throws(Malformed) {
    if text.contains("/") {
      self = try Self.group(text)
    } else if text.hasSuffix("%") {
      self = try Self.percentage(text.dropLast())
    } else {
      let size = try ByteSize(parsing: text)
      guard size.bytes > 0 else { throw Malformed("selects nothing") }
      self = .size(size.bytes)
    }
  }

  private static func group(_ text: String) throws(Malformed) -> DataSubset {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let part = Int(digits: parts[0]), let whole = Int(digits: parts[1]),
      (1...groupLimit).contains(whole), (1...whole).contains(part)
    else { throw Malformed("must be n/t with 1 ≤ n ≤ t ≤ \(groupLimit)") }
    return .group(part: part, whole: whole)
  }

  private static func percentage(_ text: Substring) throws(Malformed) -> DataSubset {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    guard isPlain, let number = Double(String(text)), number > 0, number <= 100 else {
      throw Malformed("must be a percentage above 0% and at most 100%")
    }
    return .percentage(number)
  }
}
