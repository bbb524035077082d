// Compressing, sealing, and the way back, a frame of 1 MiB at a time.

import Igudar
import Platform
import Vault

extension Benchmark {
  static let frames =
    [
      Benchmark("compress/zstd-1/source") { compress(Sample.source(16 << 20), level: 1) },
      Benchmark("compress/zstd-1/random") { compress(Sample.random(64 << 20), level: 1) },
      Benchmark("compress/zstd-3/source") { compress(Sample.source(16 << 20), level: 3) },
      Benchmark("compress/zstd-3/random") { compress(Sample.random(64 << 20), level: 3) },
      Benchmark("decompress/source") { decompress(Sample.source(64 << 20)) },
    ]
    + Suite.allCases.filter(\.isAvailable).flatMap { suite in
      [
        Benchmark("seal/\(suite)") { seal(Sample.random(64 << 20), suite) },
        Benchmark("open/\(suite)/random") { open(Sample.random(64 << 20), suite) },
        Benchmark("open/\(suite)/source") { open(Sample.source(64 << 20), suite) },
      ]
    }

  private static let size = 1 << 20

  private static func compress(_ data: [UInt8], level: Int32) -> Round {
    let target = Buffer(capacity: size)
    let compressor = SharedCompressor(level)
    return Round(data.count, .bytes) {
      var total = 0
      unsafe eachFrame(of: data) { frame in
        // A frame that does not shrink is stored as it is.
        let room = unsafe UnsafeMutableRawBufferPointer(
          start: target.pointer, count: frame.count - 1)
        total += unsafe compressor.value.compress(frame, into: room) ?? frame.count
      }
      return ["compressed bytes": total]
    }
  }

  // A closure cannot own what cannot be copied.
  private final class SharedCompressor {
    let value: Compressor
    init(_ level: Int32) { value = Compressor(level: level) }
  }

  private final class SharedDecompressor {
    let value = Decompressor()
  }

  private static func eachFrame(
    of data: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    unsafe data.withUnsafeBytes { data in
      for start in stride(from: 0, to: data.count, by: size) {
        unsafe body(UnsafeRawBufferPointer(rebasing: data[start..<start + size]))
      }
    }
  }

  private static func compressed(_ data: [UInt8]) -> [[UInt8]] {
    let compressor = Compressor(level: 3)
    var frames: [[UInt8]] = []
    unsafe eachFrame(of: data) { frame in
      frames.append(
        unsafe [UInt8](unsafeUninitializedCapacity: frame.count) { target, count in
          let room = UnsafeMutableRawBufferPointer(target)
          count = unsafe compressor.compress(frame, into: room) ?? 0
        })
    }
    return frames
  }

  private static func decompress(_ data: [UInt8]) -> Round {
    let frames = compressed(data)
    let target = Buffer(capacity: size)
    let decompressor = SharedDecompressor()
    return Round(data.count, .bytes) {
      var done = 0
      for frame in frames {
        let room = unsafe UnsafeMutableRawBufferPointer(start: target.pointer, count: size)
        let isRight = unsafe frame.withUnsafeBytes {
          unsafe decompressor.value.decompress($0, into: room)
        }
        done += isRight ? 1 : 0
      }
      return ["frames": done]
    }
  }

  // MARK: Sealed frames

  private static let repositoryID = RepositoryID(bytes: Array(0..<16))

  private static func packKeys(_ suite: Suite) -> PackKeys {
    let keyring = KeyRing(
      generating: suite, chunker: .standard, randomness: SeededRandomness(2))
    let run = RunKeys.fresh(
      for: keyring.currentEpoch, repository: repositoryID, randomness: SeededRandomness(3))
    let header = PackHeader(
      repository: repositoryID, run: run, salt: SeededRandomness(4).bytes(32))
    return PackKeys(header: header, repository: repositoryID, run: run)
  }

  private static func seal(_ data: [UInt8], _ suite: Suite) -> Round {
    let keys = packKeys(suite)
    let place = Buffer(capacity: size + 32)
    return Round(data.count, .bytes) {
      unsafe eachFrame(of: data) { frame in
        let room = unsafe UnsafeMutableRawBufferPointer(start: place.pointer, count: size + 32)
        unsafe keys.sealFrame(inner: frame, tail: (1, 2), offset: PackHeader.size, into: room)
      }
      return [:]
    }
  }

  private static func inner(_ frame: [UInt8], _ codec: FrameCodec) -> [UInt8] {
    var inner = ByteWriter(capacity: frame.count + 4)
    inner.u24(UInt32(size))
    inner.u8(codec.rawValue)
    inner.raw(frame)
    return inner.bytes
  }

  private static func sealed(_ data: [UInt8], _ keys: PackKeys) -> [[UInt8]] {
    let plain = stride(from: 0, to: data.count, by: size).map { Array(data[$0..<$0 + size]) }
    return zip(compressed(data), plain).map { compressed, plain in
      let inner = compressed.isEmpty ? inner(plain, .stored) : inner(compressed, .zstd)
      var stored = [UInt8](repeating: 0, count: inner.count + 32)
      unsafe inner.withUnsafeBytes { inner in
        unsafe stored.withUnsafeMutableBytes { stored in
          unsafe keys.sealFrame(
            inner: inner, tail: (1, 2), offset: PackHeader.size, into: stored)
        }
      }
      return stored
    }
  }

  // Open, and decompress where it was compressed.
  private static func open(_ data: [UInt8], _ suite: Suite) -> Round {
    let keys = packKeys(suite)
    let frames = sealed(data, keys)
    return Round(data.count, .bytes) {
      var opener = FrameOpener()
      var plain = OwnedBuffer(capacity: size)
      var total = 0
      for frame in frames {
        total += try unsafe frame.withUnsafeBytes { frame in
          try unsafe opener.open(frame, at: PackHeader.size, keys: keys, into: &plain).length
        }
      }
      return ["plain bytes": total]
    }
  }
}
