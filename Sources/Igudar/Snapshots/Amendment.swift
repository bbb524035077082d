// A later change to what a snapshot says: tags, description, pin. The record in the note of an
// amend entry, FORMAT.md section 13; it replaces what its flags name and leaves the rest.

public import Platform
package import Vault

/// A change to a snapshot's tags, description or pin; nil is no change.
public struct Amendment: Hashable, Sendable {
  /// The new tags.
  public var tags: [[UInt8]]?
  /// The new description.
  public var description: [UInt8]?
  /// What happens to the pin.
  public var pin: PinChange?
  /// Fields and flags of newer programs, kept as they are.
  package var unknown: [UnknownField] = []
  package var otherFlags: UInt64 = 0

  /// What happens to a pin.
  public enum PinChange: Hashable, Sendable {
    /// The pin is taken away.
    case unpin
    /// The pin is set.
    case pin(Pin)
  }

  /// No change.
  public init() {}
}

/// A snapshot's protection against being forgotten.
public struct Pin: Hashable, Sendable {
  /// Why; can be empty.
  public var reason: [UInt8]
  /// When it ends; nil for never.
  public var until: Timestamp?

  /// A pin.
  public init(reason: [UInt8], until: Timestamp? = nil) {
    self.reason = reason
    self.until = until
  }
}

extension Amendment {
  private static let replacesTags: UInt64 = 1
  private static let replacesDescription: UInt64 = 2
  private static let replacesPin: UInt64 = 4

  /// The record.
  package var encoded: [UInt8] {
    var record = RecordWriter()
    var flags = otherFlags
    if let tags {
      flags |= Self.replacesTags
      record.listField(1, critical: false, tags) { $0.prefixed($1) }
    }
    if let description {
      flags |= Self.replacesDescription
      record.text(2, description)
    }
    if let pin {
      flags |= Self.replacesPin
      if case .pin(let pin) = pin {
        record.field(3, critical: false, pin.reason)
        if let until = pin.until { record.field(4, critical: false) { $0.time(until) } }
      }
    }
    record.varintField(5, critical: false, flags)
    record.unknown(unknown)
    return record.bytes
  }

  /// Decodes a record.
  package init(decoding record: RawSpan) throws(Damage) {
    var reader = RecordReader(record)
    var until: Timestamp?
    var reason: [UInt8]?
    var flags: UInt64 = 0
    while let field = try reader.next() {
      guard !field.isCritical || field.number > 5 else {
        throw .malformed("a field of the wrong kind")
      }
      switch field.number {
      case 1: tags = try field.texts()
      case 2: description = try field.text()
      case 3: reason = field.array()
      case 4: until = try field.time()
      case 5: flags = try field.nonZero()
      default: unknown.append(try field.unknown())
      }
    }
    try apply(flags, reason: reason, until: until)
  }

  private mutating func apply(
    _ flags: UInt64, reason: [UInt8]?, until: Timestamp?
  ) throws(Damage) {
    guard tags == nil || flags & Self.replacesTags != 0,
      description == nil || flags & Self.replacesDescription != 0,
      reason == nil || flags & Self.replacesPin != 0,
      until == nil || reason != nil
    else { throw .malformed("a field without its flag") }
    if flags & Self.replacesTags != 0 { tags = tags ?? [] }
    if flags & Self.replacesDescription != 0 { description = description ?? [] }
    if flags & Self.replacesPin != 0 {
      pin = reason.map { .pin(Pin(reason: $0, until: until)) } ?? .unpin
    }
    otherFlags = flags & ~7
  }
}
