// The notation of FORMAT.md section 1: whatever the readers accept, the writers write again.

import Igudar
import Platform
import Vault

extension FuzzTarget {
  static let encoding = [
    FuzzTarget("bytes", seeds: byteSeeds, run: runBytes),
    FuzzTarget("record", seeds: recordSeeds, run: runRecord),
  ]

  // MARK: bytes: a count of steps, the steps, what they read

  private static func byteSeeds() -> [[UInt8]] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.u16(2)
    writer.u24(3)
    writer.u32(4)
    writer.u64(5)
    writer.i64(-6)
    writer.varint(.max)
    writer.zigzag(.min)
    writer.time(.init(seconds: -7, nanoseconds: 999_999_999))
    writer.prefixed(Array("bytes".utf8))
    writer.id(Fixed.repository)
    writer.id(Fixed.id(8, as: ChunkID.self))
    writer.zeros(3)
    writer.varint(2)
    return [[14] + Array(0..<14) + writer.bytes]
  }

  private static func runBytes(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let steps = parts.bytes(Int(parts.byte()))
    let data = parts.remainder()
    var reader = ByteReader(data.rawSpan)
    var writer = ByteWriter()
    for step in steps {
      do throws(Damage) { try copy(step, from: &reader, to: &writer) } catch { return false }
      try promise(reader.offset <= data.count, "a reader went behind the end")
      try promise(writer.bytes == Array(data[..<reader.offset]), "step \(step) has two forms")
    }
    return true
  }

  private static func copy(
    _ step: UInt8, from reader: inout ByteReader, to writer: inout ByteWriter
  ) throws(Damage) {
    switch step % 14 {
    case 0: writer.u8(try reader.u8())
    case 1: writer.u16(try reader.u16())
    case 2: writer.u24(try reader.u24())
    case 3: writer.u32(try reader.u32())
    case 4: writer.u64(try reader.u64())
    case 5: writer.i64(try reader.i64())
    case 6: writer.varint(try reader.varint())
    case 7: writer.zigzag(try reader.zigzag())
    case 8: writer.time(try reader.time())
    case 9: writer.prefixed(try reader.prefixedArray())
    case 10: writer.id(try reader.id(RepositoryID.self))
    case 11: writer.id(try reader.id(ChunkID.self))
    case 12:
      try reader.zeros(3)
      writer.zeros(3)
    default: writer.varint(UInt64(try reader.varint(atMost: 1000)))
    }
  }

  // MARK: record

  private static func recordSeeds() -> [[UInt8]] {
    var record = RecordWriter()
    record.field(1, critical: true, [1, 2, 3])
    record.varintField(2, critical: false, 300)
    record.listField(3, critical: false, [[4], [5]]) { $0.prefixed($1) }
    record.field(1 << 40, critical: false, [])
    return [[], record.bytes]
  }

  private static func runRecord(_ input: [UInt8]) throws(Finding) -> Bool {
    var writer = RecordWriter()
    do throws(Damage) {
      var reader = RecordReader(input.rawSpan)
      while let field = try reader.next() {
        writer.field(field.number, critical: field.isCritical, field.array())
      }
    } catch { return false }
    try promise(writer.bytes == input, "a record has two forms")
    return true
  }
}
