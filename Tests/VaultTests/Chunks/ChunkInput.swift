// Inputs of the chunker's vectors as the rule of FORMAT.md section 19 writes them, so that a file
// of megabytes is a line.

import CSodium
import Testing

@testable import Vault

/// Bytes by a rule: pieces `stream K N` and `byte B N`, joined by ` + `; K and B in hex.
struct ChunkInput {
  let rule: String
  let bytes: [UInt8]

  init(_ rule: String) throws {
    self.rule = rule
    var bytes: [UInt8] = []
    for piece in rule.split(separator: "+") {
      let words = piece.split(separator: " ")
      try #require(words.count == 3, "\(rule)")
      let value = try #require(UInt8(words[1], radix: 16), "\(rule)")
      let count = try #require(Int(words[2]), "\(rule)")
      bytes +=
        words[0] == "stream" ? Self.stream(value, count) : .init(repeating: value, count: count)
    }
    self.bytes = bytes
  }

  /// The beginning of the XChaCha20 key stream under a key of 32 equal bytes and a zero nonce.
  static func stream(_ key: UInt8, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let key = [UInt8](repeating: key, count: 32)
    let nonce = [UInt8](repeating: 0, count: 24)
    _ = unsafe crypto_stream_xchacha20(&bytes, UInt64(count), nonce, key)
    return bytes
  }
}

extension Chunker {
  /// The lengths of all chunks of a file that is in memory.
  func lengths(of file: [UInt8]) throws -> [Int] {
    var lengths: [Int] = []
    var start = 0
    try unsafe file.withUnsafeBytes { file in
      while start < file.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: file[start...])
        let length = try #require(unsafe firstCut(of: rest, isEnd: true))
        try #require(length > 0)
        lengths.append(length)
        start += length
      }
    }
    return lengths
  }
}
