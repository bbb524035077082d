// Objects of a repository as people name them: by hash, or by the unique beginning of one.

import Igudar
import Platform
import Storage
import Vault

extension Inspection {
  /// The only pack whose hash begins with these digits, in the store or, where it is lost, in the index.
  func pack(named digits: String) throws -> ObjectHash {
    try only("pack", digits) { try packs(beginningWith: $0) }
  }

  /// The only index segment whose hash begins with these digits.
  func segment(named digits: String) throws -> ObjectHash {
    try only("index", digits) {
      try objects("index/\($0)").map(\.lastPart).compactMap(ObjectHash.init(hex:))
    }
  }

  private func only(
    _ what: String, _ text: String, _ find: (String) throws -> [ObjectHash]
  ) throws -> ObjectHash {
    // As `check` names them, with their folders.
    let digits = String(text.split(separator: "/").last ?? "").lowercased()
    if let whole = ObjectHash(hex: digits) { return whole }
    guard digits.count >= 2, digits.allSatisfy(\.isHexDigit) else {
      throw Failure("'\(printable(digits.utf8))' is not the beginning of a hash")
    }
    let found = try find(digits)
    guard let hash = found.first else { throw Failure("no \(what) begins with \(digits)") }
    guard found.count == 1 else { throw Failure("more than one \(what) begins with \(digits)") }
    return hash
  }
}
