// A file whose presence takes the other contents of its directory out of a backup. The directory
// and the tag itself stay.

public import Platform

/// A file that marks its directory as excluded.
public struct ExclusionTag: Hashable, Sendable {
  /// The tag's name.
  public let name: FileName
  /// What the tag must begin with; empty if its presence is enough.
  public let header: [UInt8]

  /// A tag with this name, and this beginning if there is one.
  public init(name: FileName, header: [UInt8] = []) {
    self.name = name
    self.header = header
  }

  /// Reads NAME or NAME:HEADER; nil if the name cannot be one.
  public init?(parsing text: [UInt8]) {
    let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
    guard let name = FileName(Array(text[..<colon])) else { return nil }
    self.init(name: name, header: Array(text[colon...].dropFirst()))
  }

  /// The tag of cache directories (bford.info/cachedir).
  public static let cacheDirectory = ExclusionTag(
    name: FileName(unchecked: Array("CACHEDIR.TAG".utf8)),
    header: Array("Signature: 8a477f597d28d172789f06886806bc55".utf8))
}

/// The size above which files are left out of a backup.
public struct SizeLimit: Hashable, Sendable {
  /// The largest size that is still taken, in bytes.
  public let bytes: UInt64

  /// A limit in bytes.
  public init(bytes: UInt64) { self.bytes = bytes }

  /// Whether a file of this size is left out.
  public func excludes(_ size: UInt64) -> Bool { size > bytes }
}
