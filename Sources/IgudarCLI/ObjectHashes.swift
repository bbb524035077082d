// Objects of a repository as people name them: by hash, or by the unique beginning of one.

import Igudar
import Platform
import Storage
import Vault

extension Inspection {
  /// The only object below a prefix whose hash begins with these digits.
  func hash(_ digits: String, of what: String, below prefix: String) throws -> ObjectHash {
    // As `check` names them, with their folders.
    let digits = String(digits.split(separator: "/").last ?? "").lowercased()
    if let whole = ObjectHash(hex: digits) { return whole }
    guard digits.count >= 2, digits.allSatisfy(\.isHexDigit) else {
      throw Failure("'\(printable(digits.utf8))' is not the beginning of a hash")
    }
    let folder = what == "pack" ? "\(prefix)\(digits.prefix(2))/" : prefix
    let found = try objects(folder + digits)
    guard let name = found.first, let hash = ObjectHash(hex: name.lastPart) else {
      throw Failure("no \(what) begins with \(digits)")
    }
    guard found.count == 1 else { throw Failure("more than one \(what) begins with \(digits)") }
    return hash
  }
}
