// The numbers of packs in their run, which every footer says (FORMAT.md section 10).

import Platform
import Storage
import Testing

@testable import Vault

@Suite struct PackSerialTests {
  private func serials(in vault: Vault) throws -> [UInt64] {
    var packs: [(name: ObjectHash, size: Int)] = []
    try vault.objects("packs/") { (object, size) throws(VaultError) in
      guard let name = ObjectHash(hex: object.lastPart) else { return }
      packs.append((name, size))
    }
    return try packs.map { pack in
      let bytes = try vault.packReader.read(pack.name, at: 0, count: pack.size)
      return try unsafe bytes.withUnsafeBytes { bytes in
        try unsafe vault.packReader.parts(of: bytes, named: pack.name).1.serial
      }
    }.sorted()
  }

  private func put(_ count: Int, _ seed: UInt64, in lane: Lane) throws {
    for number in 0..<count {
      let bytes = SeededRandomness(seed + UInt64(number)).bytes(1 << 20)
      try unsafe bytes.withUnsafeBytes { bytes in
        _ = try unsafe lane.put(bytes, kind: .data)
        if number == 0 {
          let node = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<1000])
          _ = try unsafe lane.put(node, kind: .tree)
        }
      }
    }
    try lane.flush()
  }

  /// Checkpoints do not begin the count anew: no two packs of a run have one number.
  @Test func packsOfARunAreCountedThroughItsCheckpoints() throws {
    let vault = try freshVault(packSize: 4 << 20)
    let run = try vault.begin()
    let lane = try run.lane()
    try put(5, 100, in: lane)
    _ = try run.commit([1], isPartial: true)
    try put(1, 200, in: lane)
    _ = try run.commit([2], isPartial: true)
    _ = try run.commit([3], isPartial: true)
    try put(1, 300, in: lane)
    _ = try run.commit([4])
    #expect(try serials(in: vault) == [0, 1, 2, 3, 4, 5, 6])
    let other = try vault.begin()
    let otherLane = try other.lane()
    try put(1, 400, in: otherLane)
    _ = try other.commit([5])
    #expect(try serials(in: vault) == [0, 0, 1, 1, 2, 3, 4, 5, 6])
  }
}
