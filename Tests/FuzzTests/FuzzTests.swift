// Replays the fuzzer's corpora, so that every input that once broke something is tried again, and
// makes sure that the targets can be reached at all: what a decoder should accept, it accepts.
//
// IGUDAR_WRITE_CORPUS=1 writes the seeds into `Fuzz/Corpus` anew, after the format or a target has
// changed. Of the other files there, `vector-…` come from `Tests/Vectors`, accepted and rejected
// ones, and the rest was found by the fuzzer.

import FuzzTargets
import Glibc
import Testing

@Suite struct FuzzTests {
  @Test(arguments: FuzzTarget.all) func acceptsItsSeeds(_ target: FuzzTarget) throws {
    let seeds = target.seeds()
    for (index, seed) in seeds.enumerated() {
      #expect(try target.run(seed), "\(target.name): seed \(index)")
    }
    guard unsafe getenv("IGUDAR_WRITE_CORPUS") != nil else { return }
    for (index, seed) in seeds.enumerated() { try Corpus.write(seed, index, of: target) }
  }

  @Test(arguments: FuzzTarget.all) func keepsItsPromises(_ target: FuzzTarget) throws {
    let inputs = Corpus.inputs(of: target)
    #expect(!inputs.isEmpty, "no corpus of \(target.name)")
    for input in inputs {
      do { _ = try target.run(input.bytes) } catch {
        Issue.record("\(target.name), \(input.name): \(error)")
      }
    }
  }

  @Test(arguments: FuzzTarget.all) func survivesCutAndChangedSeeds(_ target: FuzzTarget) throws {
    for seed in target.seeds() where seed.count < 400 {
      for index in seed.indices {
        _ = try target.run(Array(seed[..<index]))
        for change in [UInt8(1), 0x80, 0xff] {
          var changed = seed
          changed[index] ^= change
          _ = try target.run(changed)
        }
      }
    }
  }

  @Test func findsTheCanary() throws {
    let canary = try #require(FuzzTarget.all.first { $0.name == "canary" })
    #expect(throws: Finding.self) { try canary.run(Array("fuzz".utf8)) }
  }

  @Test func namesAreDistinct() {
    #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
  }
}

/// The folder `Fuzz/Corpus`.
private enum Corpus {
  private static func folder(_ target: FuzzTarget) -> String {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/Fuzz/Corpus/\(target.name)"
  }

  static func inputs(of target: FuzzTarget) -> [(name: String, bytes: [UInt8])] {
    let folder = folder(target)
    guard let listing = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(listing) }
    var inputs: [(name: String, bytes: [UInt8])] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      inputs.append((name, read("\(folder)/\(name)")))
    }
    return inputs.sorted { $0.name < $1.name }
  }

  private static func read(_ path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else { return [] }
    defer { _ = unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }

  static func write(_ seed: [UInt8], _ index: Int, of target: FuzzTarget) throws {
    let folder = folder(target)
    _ = unsafe mkdir(folder, 0o755)
    let file = unsafe try #require(fopen("\(folder)/seed-\(index)", "w"))
    defer { _ = unsafe fclose(file) }
    for byte in seed { unsafe fputc(Int32(byte), file) }
  }
}
