// Nodes in memory and a SipHash written from its paper, for tests of trees.

import Synchronization
import Vault

@testable import Igudar

/// Keeps nodes by a hash of their bytes, and counts what is read.
final class MemoryNodes: NodeSource, NodeSink {
  private let nodes = Mutex<[ChunkID: [UInt8]]>([:])
  private let reads = Mutex(0)
  private let failure = Mutex<VaultError?>(nil)

  var ids: Set<ChunkID> { nodes.withLock { Set($0.keys) } }
  var readCount: Int { reads.withLock { $0 } }

  func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
    reads.withLock { $0 += 1 }
    if let failure = failure.withLock({ $0 }) { throw failure }
    guard let node = nodes.withLock({ $0[id] }) else { throw .missingChunk(id) }
    return node
  }

  /// What is answered to every read, instead of nodes.
  func fail(with error: VaultError?) { failure.withLock { $0 = error } }

  func put(node: RawSpan) throws(VaultError) -> ChunkID {
    let bytes = Array(copying: node)
    let id = Self.id(of: bytes)
    nodes.withLock { $0[id] = bytes }
    return id
  }

  /// Puts a node of any content, as an attacker with the keys could.
  func forge(_ bytes: [UInt8]) -> ChunkID {
    let id = Self.id(of: bytes)
    nodes.withLock { $0[id] = bytes }
    return id
  }

  private static func id(of bytes: [UInt8]) -> ChunkID {
    ChunkID(words: Hash.name(of: bytes).words)
  }
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
struct TestSipHash: CutHash {
  let key: (UInt64, UInt64)

  func cutHash(of message: RawSpan) -> UInt64 { hash(Array(copying: message)) }

  func hash(_ message: [UInt8]) -> UInt64 {
    var v0 = key.0 ^ 0x736f_6d65_7073_6575
    var v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    var v2 = key.0 ^ 0x6c79_6765_6e65_7261
    var v3 = key.1 ^ 0x7465_6462_7974_6573
    func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
    func rounds(_ count: Int) {
      for _ in 0..<count {
        v0 &+= v1
        v1 = rotate(v1, 13) ^ v0
        v0 = rotate(v0, 32)
        v2 &+= v3
        v3 = rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = rotate(v1, 17) ^ v2
        v2 = rotate(v2, 32)
      }
    }
    var index = 0
    while index + 8 <= message.count {
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(message[index + byte]) << (8 * UInt64(byte)) }
      v3 ^= word
      rounds(2)
      v0 ^= word
      index += 8
    }
    var last = UInt64(message.count & 0xff) << 56
    for byte in index..<message.count {
      last |= UInt64(message[byte]) << (8 * UInt64(byte - index))
    }
    v3 ^= last
    rounds(2)
    v0 ^= last
    v2 ^= 0xff
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3
  }
}
