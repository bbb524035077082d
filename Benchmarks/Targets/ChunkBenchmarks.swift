// Cutting and naming.

import Igudar
import Vault

extension Benchmark {
  static let keyring = KeyRing(
    generating: .xchacha20Poly1305, chunker: .standard, randomness: SeededRandomness(1))

  static let chunks = [
    Benchmark("chunker/random") { chunker(Sample.random(64 << 20)) },
    Benchmark("chunker/source") { chunker(Sample.source(64 << 20)) },
    Benchmark("hash/chunk-id") { chunkID(of: Sample.random(64 << 20), size: 128 << 10) },
    Benchmark("hash/chunk-id-4k") { chunkID(of: Sample.random(16 << 20), size: 4 << 10) },
  ]

  private static func chunker(_ data: [UInt8]) -> Round {
    let domain = keyring.currentDomain
    let chunker = Chunker(parameters: domain.chunker, key: domain.chunkerKey)
    return Round(data.count, .bytes) {
      var count = 0
      unsafe data.withUnsafeBytes { data in
        var rest = unsafe data[...]
        while unsafe !rest.isEmpty,
          let cut = unsafe chunker.firstCut(
            of: UnsafeRawBufferPointer(rebasing: rest), isEnd: true)
        {
          unsafe rest = rest.dropFirst(cut)
          count += 1
        }
      }
      return ["chunks": count]
    }
  }

  private static func chunkID(of data: [UInt8], size: Int) -> Round {
    let hasher = ChunkHasher(key: keyring.currentDomain.chunkIDKey)
    return Round(data.count, .bytes) {
      var sum: UInt64 = 0
      unsafe data.withUnsafeBytes { data in
        for start in stride(from: 0, to: data.count, by: size) {
          let chunk = unsafe UnsafeRawBufferPointer(rebasing: data[start..<start + size])
          sum ^= unsafe hasher.id(of: chunk, kind: .data).words.0
        }
      }
      return ["chunks": sum == 0 ? 0 : data.count / size]
    }
  }
}
