// `--max-unused`: a size, a part of what is stored in percent, or `unlimited`.

import Igudar

extension UnusedLimit: Parsable {
  init(parsing text: String) throws(Malformed) {
    if text == "unlimited" {
      self = .unlimited
    } else if text.hasSuffix("%") {
      guard let share = Self.share(text.dropLast()) else {
        throw Malformed("must be from 0% to below 100%")
      }
      self = .percentage(share)
    } else {
      self = .bytes(try ByteSize(parsing: text).bytes)
    }
  }

  private static func share(_ text: Substring) -> Double? {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    guard isPlain, let number = Double(String(text)), (0..<100).contains(number) else { return nil }
    return number
  }
}
