// The extended attributes of a source, as far as they can be read. Those that cannot are no reason
// to leave out a file: it is saved without them, its entry says so, and they are named.

import Platform
import Vault

/// What an entry is to say of extended attributes.
struct SourceAttributes {
  /// What could be read, ascending by name.
  private(set) var list: [ExtendedAttribute] = []
  private var problems: [String] = []
  private var inlineSize = 0

  /// Problems that a message names; more are only counted.
  private static let namedCount = 3

  /// Of a source that has none to be saved.
  init() {}

  /// Reads the attributes at a target; large values become chunks.
  init(of target: AttributeTarget, lane: Lane) throws(VaultError) {
    let names: [[UInt8]]
    do throws(Errno) { names = try target.names() } catch {
      problems.append("extended attributes cannot be read: \(error.text)")
      return
    }
    if names.count > TreeLimits.attributeCount {
      problems.append("only \(TreeLimits.attributeCount) of \(names.count) extended attributes fit")
    }
    for name in names.prefix(TreeLimits.attributeCount) {
      let value: [UInt8]?
      do throws(Errno) { value = try target.value(of: name) } catch {
        problems.append("extended attribute \(printable(name)) cannot be read: \(error.text)")
        continue
      }
      // One that vanished meanwhile is not there.
      if let value { list.append(ExtendedAttribute(name: name, value: try form(value, lane))) }
    }
  }

  /// Attributes that are at hand, ascending by name.
  init(_ found: [(name: [UInt8], value: [UInt8])], lane: Lane) throws(VaultError) {
    for (name, value) in found {
      list.append(ExtendedAttribute(name: name, value: try form(value, lane)))
    }
  }

  /// Whether everything could be read.
  var isWhole: Bool { problems.isEmpty }

  /// What could not be read, in words; nil when everything could.
  var problem: String? {
    guard !problems.isEmpty else { return nil }
    let named = problems.prefix(Self.namedCount).joined(separator: "; ")
    let more = problems.count - Self.namedCount
    return "saved, but \(named)\(more > 0 ? "; and \(more) more" : "")"
  }

  private mutating func form(
    _ value: [UInt8], _ lane: Lane
  ) throws(VaultError) -> ExtendedAttribute.Value {
    if value.isEmpty
      || value.count <= ExtendedAttribute.inlineLimit
        && inlineSize + value.count <= ExtendedAttribute.inlineTotal
    {
      inlineSize += value.count
      return .inline(value)
    }
    var chunk: Result<ChunkID, VaultError> = .failure(.interrupted)
    unsafe value.withUnsafeBytes { bytes in
      do throws(VaultError) {
        chunk = .success(try unsafe lane.put(bytes, kind: .data).id)
      } catch { chunk = .failure(error) }
    }
    return .chunk(try chunk.get(), length: UInt32(value.count))
  }
}
