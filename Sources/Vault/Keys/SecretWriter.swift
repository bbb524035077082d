// Records of FORMAT.md section 1 whose values are secrets: written straight into secret memory.

/// Builds a record in secret memory; fields are added in ascending order.
struct SecretWriter: ~Copyable {
  private let memory: SecretMemory
  private var count = 0

  init(capacity: Int) {
    memory = SecretMemory(count: capacity)
  }

  /// What was written so far, as a copy in secret memory.
  var bytes: SecretBytes {
    unsafe SecretBytes(copying: UnsafeRawBufferPointer(rebasing: memory.buffer[..<count]).bytes)
  }

  mutating func varint(_ value: UInt64) {
    var writer = ByteWriter()
    writer.varint(value)
    unsafe raw(writer.bytes.span.bytes)
  }

  mutating func raw(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= memory.count - count, "the record has its room")
    unsafe bytes.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe (memory.pointer + count).copyMemory(from: source, byteCount: bytes.count)
    }
    count += bytes.byteCount
  }

  /// Varint length, then the bytes.
  mutating func prefixed(_ bytes: SecretBytes) {
    varint(UInt64(bytes.count))
    unsafe bytes.withBytes { unsafe raw($0.bytes) }
  }

  mutating func field(_ number: UInt64, critical: Bool, _ value: RawSpan) {
    varint(number << 1 | (critical ? 1 : 0))
    varint(UInt64(value.byteCount))
    raw(value)
  }

  mutating func field(_ number: UInt64, critical: Bool, _ value: SecretBytes) {
    unsafe value.withBytes { unsafe field(number, critical: critical, $0.bytes) }
  }

  mutating func field(_ number: UInt64, critical: Bool, _ value: SecretKey) {
    unsafe value.withBytes { unsafe field(number, critical: critical, $0.bytes) }
  }

  mutating func field(_ number: UInt64, critical: Bool, varint value: UInt64) {
    var writer = ByteWriter()
    writer.varint(value)
    unsafe field(number, critical: critical, writer.bytes.span.bytes)
  }
}
