// What a slot says about itself to whoever can open the repository.

public import Platform

/// Who made a slot, where and when; strings are bytes, cut to 60.
public struct SlotInformation: Hashable, Sendable {
  /// What the user called it.
  public var label: [UInt8]
  /// The machine's name.
  public var host: [UInt8]
  /// The user's name.
  public var user: [UInt8]
  /// When it was made, by that machine's clock.
  public var created: Timestamp

  static let size = 280
  private static let limit = 60

  /// Information as given.
  public init(label: [UInt8], host: [UInt8], user: [UInt8], created: Timestamp) {
    self.label = label
    self.host = host
    self.user = user
    self.created = created
  }

  /// The 280 bytes that are sealed.
  func encoded() -> [UInt8] {
    var record = RecordWriter()
    for (number, text) in [(UInt64(1), label), (2, host), (3, user)] where !text.isEmpty {
      record.field(number, critical: false, Array(text.prefix(Self.limit)))
    }
    if created != Timestamp(seconds: 0, nanoseconds: 0) {
      record.field(4, critical: false) { $0.time(created) }
    }
    var writer = ByteWriter(capacity: Self.size)
    writer.u16(UInt16(record.bytes.count))
    writer.raw(record.bytes)
    writer.zeros(Self.size - writer.bytes.count)
    return writer.bytes
  }

  static func decode(_ bytes: [UInt8]) throws(Damage) -> SlotInformation {
    var reader = unsafe ByteReader(bytes.span.bytes)
    var record = RecordReader(try reader.raw(Int(reader.u16())))
    var information = SlotInformation(
      label: [], host: [], user: [], created: Timestamp(seconds: 0, nanoseconds: 0))
    while let field = try record.next() {
      if field.number <= 4 { try field.requireMark(critical: false) }
      switch field.number {
      case 1: information.label = try field.text()
      case 2: information.host = try field.text()
      case 3: information.user = try field.text()
      case 4: information.created = try field.time()
      default: _ = try field.unknown()
      }
    }
    try reader.zeros(reader.remaining)
    return information
  }
}
