// Many hashes at once: messages side by side in the lanes of vector registers, where the processor
// has them, and one after another through libsodium where it has not.

internal import CBlake2b

extension Hash {
  // Messages that this processor hashes side by side; 0 if it cannot.
  private static let laneCount = cblake2b_lanes()
  // Fewer messages than this leave so many lanes idle that one after another is as fast.
  private static let laneMinimum = 3
  // Up to so many messages go longest first, so that lanes end together; of more, the last hardly
  // matter.
  private static let orderedMessages = 64

  /// H of many messages under one key and label, as identifiers in the same order.
  package static func keyed<Kind>(
    key: SecretKey?, label: Label, _ messages: [UnsafeRawBufferPointer],
    as kind: Identifier32<Kind>.Type
  ) -> [Identifier32<Kind>] {
    guard laneCount > 0, unsafe messages.count >= laneMinimum else {
      return unsafe messages.map { unsafe keyed(key: key, label: label, $0, as: kind) }
    }
    return unsafe keyed(key: key, label: label, messages, as: kind, lanes: laneCount)
  }

  /// H of many messages through this number of lanes, 4 or 8, which the processor must have.
  static func keyed<Kind>(
    key: SecretKey?, label: Label, _ messages: [UnsafeRawBufferPointer],
    as kind: Identifier32<Kind>.Type, lanes: Int32
  ) -> [Identifier32<Kind>] {
    let count = unsafe messages.count
    return unsafe withUnsafeTemporaryAllocation(byteCount: 32 * count, alignment: 8) { hashes in
      unsafe withUnsafeTemporaryAllocation(of: cblake2b_message.self, capacity: count) { list in
        guard let hash = hashes.baseAddress, let start = list.baseAddress else { return [] }
        var next = 0
        for index in 0..<count {
          let message = unsafe messages[index]
          // Lanes take messages of at least one byte.
          guard unsafe !message.isEmpty else {
            unsafe keyed(key, label, message, into: hash + 32 * index)
            continue
          }
          unsafe (start + next).initialize(
            to: cblake2b_message(
              bytes: message.baseAddress?.assumingMemoryBound(to: UInt8.self),
              count: message.count,
              hash: (hash + 32 * index).assumingMemoryBound(to: UInt8.self)))
          next += 1
        }
        if next <= orderedMessages {
          var ordered = unsafe UnsafeMutableBufferPointer(rebasing: list[..<next])
          unsafe ordered.sort { unsafe $0.count > $1.count }
        }
        var words = label.words
        unsafe withUnsafeBytes(of: &words) { personal in
          unsafe cblake2b_hash(
            lanes, start, next, key?.pointer.assumingMemoryBound(to: UInt8.self),
            personal.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        withExtendedLifetime(key) {}
        return (0..<count).map { unsafe Identifier32(loading: hash + 32 * $0) }
      }
    }
  }

  /// The numbers of lanes that this processor has, for tests.
  static var laneCounts: [Int32] { [4, 8].filter { $0 <= laneCount } }
}
