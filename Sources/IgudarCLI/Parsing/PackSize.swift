// `--pack-size`: MiB as in restic when it is a plain number, else a size with its unit.

/// The size of a full pack.
struct PackSize: Parsable, Equatable, Sendable {
  /// A power of two from 4 MiB to 128 MiB.
  let bytes: Int

  init(parsing text: String) throws(Malformed) {
    let size: Int
    if let mebibytes = Int(digits: text) {
      size = min(mebibytes, 1 << 20) << 20
    } else {
      size = Int(try ByteSize(parsing: text).bytes)
    }
    guard (4 << 20...128 << 20).contains(size), size.nonzeroBitCount == 1 else {
      throw Malformed("must be 4, 8, 16, 32, 64 or 128 MiB")
    }
    bytes = size
  }
}
