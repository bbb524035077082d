// Names and paths as Linux has them: bytes. Never `String`, which cannot hold all of them.

/// One name in a directory: 1 to 255 bytes without NUL and slash, neither `.` nor `..`.
public struct FileName: Hashable, Comparable, Sendable {
  /// The bytes of the name.
  public let bytes: [UInt8]

  /// A name that is known to be one.
  package init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// Most bytes of a name.
  ///
  /// Some file systems count characters and have longer ones.
  package static let limit = 255

  /// Nil for bytes that are no name.
  public init?(_ bytes: [UInt8]) {
    guard !bytes.isEmpty, bytes.count <= Self.limit, !bytes.contains(0), !bytes.contains(0x2f),
      bytes != [0x2e], bytes != [0x2e, 0x2e]
    else { return nil }
    self.bytes = bytes
  }

  /// Byte order.
  public static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension FileName: CustomStringConvertible {
  /// The name for people, with what terminals could misunderstand escaped.
  public var description: String { printable(bytes) }
}

/// A path: names joined by slashes, absolute when it begins with one.
public struct FilePath: Hashable, Comparable, Sendable {
  /// The bytes of the path.
  public let bytes: [UInt8]

  /// A path of these bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A path of this text.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Byte order.
  public static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Whether it begins at the root.
  public var isAbsolute: Bool { bytes.first == 0x2f }

  /// The names in it; empty parts and `.` are left out, `..` is kept as it is.
  public var components: [FileName] {
    bytes.split(separator: 0x2f).compactMap { part in
      part.elementsEqual([0x2e]) ? nil : FileName(unchecked: Array(part))
    }
  }

  /// The last name, nil for the root.
  public var lastComponent: FileName? { components.last }

  /// The path without its last name.
  public var parent: FilePath {
    var rest = bytes[...]
    while rest.count > 1, rest.last == 0x2f { rest.removeLast() }
    while let last = rest.last, last != 0x2f { rest.removeLast() }
    while rest.count > 1, rest.last == 0x2f { rest.removeLast() }
    return FilePath(rest.isEmpty ? [0x2e] : Array(rest))
  }

  /// The path of something below this one.
  public func appending(_ more: [UInt8]) -> FilePath {
    if bytes.isEmpty { return FilePath(more) }
    return FilePath(bytes.last == 0x2f ? bytes + more : bytes + [0x2f] + more)
  }

  /// The path of an entry of this directory.
  public func appending(_ name: FileName) -> FilePath { appending(name.bytes) }

  /// The path of an entry of this directory.
  public func appending(_ text: String) -> FilePath { appending(Array(text.utf8)) }
}

extension FilePath: ExpressibleByStringLiteral, CustomStringConvertible {
  /// A path written in the source.
  public init(stringLiteral text: String) { self.init(text) }

  /// The path for people, with what terminals could misunderstand escaped.
  public var description: String { printable(bytes) }
}

extension FilePath {
  /// Hands the path as C wants it.
  @unsafe
  package func withCString<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe withNullTerminated(bytes, body)
  }
}

extension FileName {
  /// Hands the name as C wants it.
  @unsafe
  package func withCString<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe withNullTerminated(bytes, body)
  }
}

/// Hands bytes with a NUL behind them.
@unsafe
package func withNullTerminated<Result, Failure: Error>(
  _ bytes: [UInt8], _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
) throws(Failure) -> Result {
  let size = bytes.count
  var outcome: Swift.Result<Result, Failure>?
  unsafe withUnsafeTemporaryAllocation(byteCount: size + 1, alignment: 1) { scratch in
    unsafe scratch.copyBytes(from: bytes)
    unsafe scratch[size] = 0
    guard let base = scratch.baseAddress else { return }
    do throws(Failure) {
      outcome = .success(try unsafe body(base.assumingMemoryBound(to: CChar.self)))
    } catch { outcome = .failure(error) }
  }
  guard let outcome else { preconditionFailure("the scratch memory has an address") }
  return try outcome.get()
}
