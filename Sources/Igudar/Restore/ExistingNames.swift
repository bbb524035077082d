// What a folder of the target held before the restore came to it, passed in step with the entries of
// the snapshot: both are sorted, so what neither knows of the other is found without a table.

import Platform

/// The names that a folder of the target has already.
final class ExistingNames {
  private let listing: DirectoryListing
  private var next = 0
  private var extra: [UInt32] = []

  init(of directory: borrowing Descriptor) throws(Errno) {
    listing = try DirectoryListing(of: directory)
  }

  /// Whether a name is there; names must ascend from call to call.
  func contains(_ name: FileName) -> Bool {
    let wanted = name.bytes.rawSpan
    while next < listing.count {
      let found = unsafe listing.bytes(next).bytes
      if found.equals(wanted) {
        next += 1
        return true
      }
      guard found.precedes(wanted) else { return false }
      extra.append(UInt32(next))
      next += 1
    }
    return false
  }

  /// After the last entry: hands out the names that the snapshot does not have.
  func visitExtra(_ body: (FileName) -> Void) {
    for index in extra { body(listing.name(Int(index))) }
    for index in next..<listing.count { body(listing.name(index)) }
  }
}
