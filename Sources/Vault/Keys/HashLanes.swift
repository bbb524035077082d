// Many hashes at once: messages side by side in the lanes of vector registers, where the processor
// has them, and one after another through libsodium where it has not. A message alone takes one
// lane, without vectors.

internal import CBlake2b

extension Hash {
  // Messages that this processor hashes side by side; 0 if it cannot.
  private static let laneCount = cblake2b_lanes()
  // A message alone is hashed without vectors: up to twice as fast as libsodium with them.
  private static let laneMinimum = 2
  // Messages longer than this part of what a lane has to do go first, the longest at once, so that lanes
  // end together; shorter ones hardly matter. It bounds what is to be sorted, however many there are.
  private static let orderedPart = 16

  /// H of many messages under one key and label, as identifiers in the same order.
  package static func keyed<Kind>(
    key: SecretKey?, label: Label, _ messages: [UnsafeRawBufferPointer],
    as kind: Identifier32<Kind>.Type
  ) -> [Identifier32<Kind>] {
    guard laneCount > 0, unsafe messages.count >= laneMinimum else {
      return unsafe messages.map { unsafe keyedAlone(key: key, label: label, $0, as: kind) }
    }
    return unsafe keyed(key: key, label: label, messages, as: kind, lanes: laneCount)
  }

  /// H of one message the fastest way; no allocation.
  static func keyedAlone<Kind>(
    key: SecretKey?, label: Label, _ message: UnsafeRawBufferPointer,
    as kind: Identifier32<Kind>.Type
  ) -> Identifier32<Kind> {
    guard laneCount > 0, unsafe !message.isEmpty else {
      return unsafe keyed(key: key, label: label, message, as: kind)
    }
    return unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { hash in
      guard let hash = hash.baseAddress else { return .zero }
      var entry = unsafe laneMessage(message, into: hash)
      unsafe run(1, &entry, count: 1, key: key, label: label)
      return unsafe Identifier32(loading: hash)
    }
  }

  // A message of at least one byte, whose hash goes to an address.
  private static func laneMessage(
    _ message: UnsafeRawBufferPointer, into hash: UnsafeMutableRawPointer
  ) -> cblake2b_message {
    unsafe cblake2b_message(
      bytes: message.baseAddress?.assumingMemoryBound(to: UInt8.self), count: message.count,
      hash: hash.assumingMemoryBound(to: UInt8.self), stream: nil)
  }

  private static func run(
    _ lanes: Int32, _ messages: UnsafePointer<cblake2b_message>, count: Int, key: SecretKey?,
    label: Label
  ) {
    var words = label.words
    unsafe withUnsafeBytes(of: &words) { personal in
      unsafe cblake2b_hash(
        lanes, messages, count, key?.pointer.assumingMemoryBound(to: UInt8.self),
        personal.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    withExtendedLifetime(key) {}
  }

  /// Whether so many messages leave room for another object beside them.
  static func canHashBeside(messageCount: Int, lanes: Int32 = laneCount) -> Bool {
    lanes > 1 && messageCount >= laneMinimum
  }

  /// H of many messages, and beside them as much of an object before `end` as takes one lane about as
  /// long, and of another one that is all there.
  static func keyed<Kind>(
    key: SecretKey?, label: Label, _ messages: [UnsafeRawBufferPointer],
    as kind: Identifier32<Kind>.Type, beside object: inout NameLane, upTo end: Int,
    and other: inout NameLane?, lanes: Int32 = laneCount
  ) -> [Identifier32<Kind>] {
    guard canHashBeside(messageCount: unsafe messages.count, lanes: lanes) else {
      return unsafe keyed(key: key, label: label, messages, as: kind)
    }
    // A lane of its own is as long as the others have to do, or the longest message.
    let total = unsafe messages.reduce(0) { $0 + $1.count }
    let longest = unsafe messages.reduce(0) { max($0, $1.count) }
    let limit = max(longest, total / (Int(lanes) - (other?.hasBlocks == true ? 2 : 1)))
    var second = other
    defer { other = second }
    return unsafe object.advance(upTo: end, atMost: limit) { part in
      let hash = { (more: cblake2b_message?) -> [Identifier32<Kind>] in
        let parts = unsafe [part, more].compactMap { unsafe $0 }
        return unsafe keyed(
          key: key, label: label, messages, as: kind, beside: parts, lanes: lanes)
      }
      return unsafe second?.advance(upTo: .max, atMost: limit) { unsafe hash($0) } ?? hash(nil)
    }
  }

  /// H of many messages through this number of lanes, 1, 4 or 8, which the processor must have.
  static func keyed<Kind>(
    key: SecretKey?, label: Label, _ messages: [UnsafeRawBufferPointer],
    as kind: Identifier32<Kind>.Type, beside parts: [cblake2b_message] = unsafe [],
    lanes: Int32
  ) -> [Identifier32<Kind>] {
    let count = unsafe messages.count
    let partCount = unsafe parts.count
    return unsafe withUnsafeTemporaryAllocation(byteCount: 32 * count, alignment: 8) { hashes in
      unsafe withUnsafeTemporaryAllocation(
        of: cblake2b_message.self, capacity: count + partCount
      ) { list in
        guard let hash = hashes.baseAddress, let start = list.baseAddress else { return [] }
        for index in 0..<partCount { unsafe (start + index).initialize(to: parts[index]) }
        var next = partCount
        for index in 0..<count {
          let message = unsafe messages[index]
          // Lanes take messages of at least one byte.
          guard unsafe !message.isEmpty else {
            unsafe keyed(key, label, message, into: hash + 32 * index)
            continue
          }
          unsafe (start + next).initialize(to: laneMessage(message, into: hash + 32 * index))
          next += 1
        }
        unsafe putLongestFirst(
          UnsafeMutableBufferPointer(rebasing: list[..<next]), lanes: Int(lanes)
        ) { unsafe $0.count }
        unsafe run(lanes, start, count: next, key: key, label: label)
        return (0..<count).map { unsafe Identifier32(loading: hash + 32 * $0) }
      }
    }
  }

  /// Puts the long ones of many messages first, the longest at the beginning.
  static func putLongestFirst<Message>(
    _ messages: UnsafeMutableBufferPointer<Message>, lanes: Int, length: (Message) -> Int
  ) {
    let total = unsafe messages.reduce(0) { $0 + length($1) }
    let long = total / (lanes * orderedPart)
    var all = unsafe messages
    let end = unsafe all.partition { length($0) <= long }
    var longest = unsafe UnsafeMutableBufferPointer(rebasing: messages[..<end])
    unsafe longest.sort { length($0) > length($1) }
  }

  /// The numbers of lanes that this processor has, for tests.
  static var laneCounts: [Int32] { [4, 8].filter { $0 <= laneCount } }
}

/// name() of an object that is hashed part by part in a lane beside what it holds.
@safe
struct NameLane {
  private static let blockSize = 128

  private let object: UnsafeRawBufferPointer
  private var stream = cblake2b_stream()
  /// Bytes that are hashed: of these no more is read.
  private(set) var hashed = 0

  /// The object stays where it is until `finish`, and has at least one byte.
  @unsafe
  init(of object: UnsafeRawBufferPointer) {
    unsafe precondition(!object.isEmpty, "every object has bytes")
    unsafe self.object = object
    unsafe cblake2b_begin(&stream)
  }

  // Whether another whole block can be hashed before the end.
  fileprivate var hasBlocks: Bool { unsafe object.count - 1 - hashed >= Self.blockSize }

  // Hands over the next part, nil where there is none of whole blocks; a byte is always left for the end.
  fileprivate mutating func advance<Result>(
    upTo end: Int, atMost limit: Int, _ hash: (cblake2b_message?) -> Result
  ) -> Result {
    let room = unsafe min(end, object.count - 1, hashed + limit) - hashed
    let count = room / Self.blockSize * Self.blockSize
    guard count > 0 else { return hash(nil) }
    let begin = unsafe object.baseAddress.map { unsafe $0 + hashed }
    hashed += count
    return unsafe withUnsafeMutablePointer(to: &stream) { stream in
      unsafe hash(
        cblake2b_message(
          bytes: begin?.assumingMemoryBound(to: UInt8.self), count: count, hash: nil,
          stream: stream))
    }
  }

  /// Hashes what is left, up to the end or where the object has come to end, and answers the name.
  mutating func finish(at end: Int? = nil) -> ObjectHash {
    let rest = unsafe UnsafeRawBufferPointer(rebasing: object[hashed..<(end ?? object.count)])
    return unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { hash in
      guard let hash = hash.baseAddress else { return .zero }
      unsafe withUnsafeMutablePointer(to: &stream) { stream in
        var message = unsafe cblake2b_message(
          bytes: rest.baseAddress?.assumingMemoryBound(to: UInt8.self), count: rest.count,
          hash: hash.assumingMemoryBound(to: UInt8.self), stream: stream)
        unsafe cblake2b_hash(1, &message, 1, nil, Array(repeating: 0, count: 16))
      }
      return unsafe Identifier32(loading: hash)
    }
  }
}
