// `--max-remove`: a number of snapshots, or a part of them in percent.

import Igudar

extension RemovalLimit: Parsable {
  init(parsing text: String) throws(Malformed) {
    if let count = Int(digits: text) {
      self = .count(count)
    } else if text.hasSuffix("%"), let share = Self.share(text.dropLast()) {
      self = .percentage(share)
    } else {
      throw Malformed("must be a number of snapshots, or a part of them such as 10%")
    }
  }

  private static func share(_ text: Substring) -> Double? {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    guard isPlain, let number = Double(String(text)), (0...100).contains(number) else { return nil }
    return number
  }
}
