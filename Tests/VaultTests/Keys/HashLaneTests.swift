// Hashes side by side against libsodium's, one by one: every length around blocks, lanes that end at
// different times, keys or none.

import Platform
import Testing

@testable import Vault

@Suite struct HashLaneTests {
  private func expectSame(_ lengths: [Int], key: SecretKey?, lanes: Int32?) {
    let data = SeededRandomness(3).bytes(lengths.max() ?? 0)
    let label: Label = .dataChunk
    unsafe data.withUnsafeBytes { data in
      // Messages begin at different addresses.
      let messages = unsafe lengths.enumerated().map { index, length in
        let rest = unsafe data.dropFirst(min(index % 7, length))
        return unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(length))
      }
      let single = unsafe messages.map {
        unsafe Hash.keyed(key: key, label: label, $0, as: ChunkID.self)
      }
      let many =
        if let lanes {
          unsafe Hash.keyed(key: key, label: label, messages, as: ChunkID.self, lanes: lanes)
        } else {
          unsafe Hash.keyed(key: key, label: label, messages, as: ChunkID.self)
        }
      #expect(many == single, "lengths \(lengths), lanes \(lanes ?? 0)")
    }
  }

  private var widths: [Int32?] { [nil] + Hash.laneCounts.map { $0 } }

  @Test func everyLengthAroundBlocks() {
    let key = SecretKey.random(SeededRandomness(1))
    for lanes in widths {
      expectSame(Array(0...300), key: key, lanes: lanes)
      expectSame(Array(0...300), key: nil, lanes: lanes)
    }
  }

  @Test(arguments: 0...9)
  func anyNumberOfMessages(_ count: Int) {
    let key = SecretKey.random(SeededRandomness(2))
    for lanes in widths {
      expectSame([Int](repeating: 1000, count: count), key: key, lanes: lanes)
    }
  }

  // Lanes that end long before the others, down to the last: the registers become narrower.
  @Test(arguments: 1...24)
  func fewMessagesOfVeryDifferentLengths(_ count: Int) {
    let random = SeededRandomness(UInt64(count))
    let key = SecretKey.random(random)
    let lengths = random.bytes(count).map { (1 << Int($0 % 18)) + Int($0) }
    for lanes in widths { expectSame(lengths, key: key, lanes: lanes) }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func randomLengths(_ seed: UInt64) {
    let random = SeededRandomness(seed)
    let key = SecretKey.random(random)
    let lengths = random.bytes(200).map { byte in
      byte % 5 == 0 ? (Int(byte) + 1) * 128 : Int(byte) * Int(byte)
    }
    for lanes in widths { expectSame(lengths, key: key, lanes: lanes) }
  }

  @Test(arguments: [1, 127, 128, 129, 256, 1000, 70_000, 300_001], [false, true])
  func objectsAreNamedBesideOtherMessages(_ size: Int, areTwo: Bool) {
    let random = SeededRandomness(UInt64(size))
    let key = SecretKey.random(random)
    let object = random.bytes(size)
    for lanes in [1] + Hash.laneCounts {
      unsafe object.withUnsafeBytes { object in
        var name = unsafe NameLane(of: object)
        let second = unsafe UnsafeRawBufferPointer(rebasing: object[(size / 3)...])
        var other = areTwo ? unsafe NameLane(of: second) : nil
        var end = 0
        while end < size {
          end = min(size, end + Int(random.bytes(1)[0]) * 100 + 1)
          // Parts of the object itself will do.
          let messages = unsafe random.bytes(9).prefix(3 + end % 7).map {
            unsafe UnsafeRawBufferPointer(rebasing: object.prefix(1 + Int($0) * 60))
          }
          let ids = unsafe Hash.keyed(
            key: key, label: .dataChunk, messages, as: ChunkID.self, beside: &name, upTo: end,
            and: &other, lanes: lanes)
          let single = unsafe messages.map {
            unsafe Hash.keyed(key: key, label: .dataChunk, $0, as: ChunkID.self)
          }
          #expect(ids == single, "lanes \(lanes), up to \(end)")
        }
        if lanes > 1, size > 10_000 { #expect(name.hashed > 0 && other?.hashed != 0) }
        #expect(name.finish() == (unsafe Hash.name(of: object)), "lanes \(lanes)")
        #expect(
          other?.finish() == (areTwo ? unsafe Hash.name(of: second) : nil), "lanes \(lanes)")
      }
    }
  }

  // Each of eight lanes has 8,000 to do, of which 500 is a sixteenth.
  @Test func longMessagesGoFirst() {
    var lengths = [500, 501, 3, 20_000, 7000, 20_000, 16, 15_980]
    let total = lengths.reduce(0, +)
    #expect(total == 64_000)
    unsafe lengths.withUnsafeMutableBufferPointer {
      unsafe Hash.putLongestFirst($0, lanes: 8) { $0 }
    }
    #expect(lengths.prefix(5) == [20_000, 20_000, 15_980, 7000, 501])
    #expect(lengths.dropFirst(5).sorted() == [3, 16, 500])
    var none: [Int] = []
    unsafe none.withUnsafeMutableBufferPointer { unsafe Hash.putLongestFirst($0, lanes: 8) { $0 } }
    #expect(none.isEmpty)
  }
}
