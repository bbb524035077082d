// Nodes as somebody would make them who has the keys and bad intentions: each is reported as
// damage, none is believed.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct HostileNodeTests {
  private func fifo(_ name: String) -> [UInt8] {
    Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: .fifo, mode: 0, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 0, nanoseconds: 0)
    ).encoded
  }

  private func node(_ type: UInt8, _ level: UInt8, _ items: [[UInt8]], count: Int? = nil) -> [UInt8]
  {
    var writer = ByteWriter()
    writer.u8(type)
    writer.u8(level)
    writer.varint(UInt64(count ?? items.count))
    for item in items { writer.raw(item) }
    return writer.bytes
  }

  private func leaf(_ names: [String]) -> [UInt8] {
    node(1, 0, names.map { name in prefixed(fifo(name)) })
  }

  private func prefixed(_ bytes: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.prefixed(bytes)
    return writer.bytes
  }

  private func below(_ name: String, _ id: ChunkID) -> [UInt8] {
    prefixed(Array(name.utf8)) + id.bytes
  }

  private func isDamaged(_ nodes: MemoryNodes, _ root: [UInt8], level: UInt8) -> Bool {
    let children = Children.nodes(TreeReference(level: level, id: nodes.forge(root)))
    var reader = DirectoryReader(children, from: nodes)
    do {
      while try reader.advance() {}
      return false
    } catch .damaged {
      return true
    } catch {
      Issue.record("\(error)")
      return false
    }
  }

  @Test func leavesThatBreakARuleAreDamaged() {
    let nodes = MemoryNodes()
    #expect(!isDamaged(nodes, leaf(["a", "b"]), level: 0))
    #expect(isDamaged(nodes, leaf(["b", "a"]), level: 0))
    #expect(isDamaged(nodes, leaf(["a", "a"]), level: 0))
    #expect(isDamaged(nodes, leaf(["a", ".."]), level: 0))
    #expect(isDamaged(nodes, leaf(["a"]) + [0], level: 0))
    #expect(isDamaged(nodes, leaf([]) + [0], level: 0))
    #expect(isDamaged(nodes, leaf(["a"]), level: 1))
    #expect(isDamaged(nodes, node(3, 0, [prefixed(fifo("a"))]), level: 0))
    #expect(isDamaged(nodes, node(1, 0, [prefixed(fifo("a"))], count: 2), level: 0))
    #expect(isDamaged(nodes, node(1, 0, [], count: 1 << 40), level: 0))
    #expect(isDamaged(nodes, [], level: 0))
    #expect(isDamaged(nodes, [UInt8](repeating: 0, count: 2 << 20), level: 0))
  }

  @Test func innerNodesThatBreakARuleAreDamaged() {
    let nodes = MemoryNodes()
    let first = nodes.forge(leaf(["a", "b"]))
    let second = nodes.forge(leaf(["c", "d"]))
    let empty = nodes.forge(leaf([]))
    #expect(!isDamaged(nodes, node(2, 1, [below("b", first), below("d", second)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("d", second), below("b", first)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("b", first), below("b", first)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("bb", first), below("d", second)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("b", first), below("e", second)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("a", first)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("a", empty)]), level: 1))
    #expect(isDamaged(nodes, node(2, 1, [below("b", first)]) + [0], level: 1))
    #expect(isDamaged(nodes, node(2, 1, []), level: 1))
    #expect(isDamaged(nodes, node(2, 2, [below("b", first)]), level: 2))
    #expect(isDamaged(nodes, node(2, 17, [below("b", first)]), level: 17))
    let inner = nodes.forge(node(2, 1, [below("b", first)]))
    #expect(!isDamaged(nodes, node(2, 2, [below("b", inner)]), level: 2))
    #expect(isDamaged(nodes, node(2, 2, [below("c", inner)]), level: 2))
    #expect(isDamaged(nodes, node(2, 3, [below("b", inner)]), level: 3))
  }

  @Test func everyBitFlipOfALeafIsRejectedOrIsAnotherLeaf() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    let bytes = node(1, 0, generator.entries(6).map { prefixed($0.encoded) })
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let children = Children.nodes(TreeReference(level: 0, id: nodes.forge(flipped)))
      var reader = DirectoryReader(children, from: nodes)
      var items: [[UInt8]] = []
      do {
        while let entry = try reader.next() { items.append(prefixed(entry.encoded)) }
      } catch {
        continue
      }
      try #require(node(1, 0, items) == flipped, "seed \(seed), bit \(bit)")
    }
  }

  @Test func contentNodesThatBreakARuleAreDamaged() {
    let nodes = MemoryNodes()
    func isDamaged(_ root: [UInt8], level: UInt8, size: UInt64) -> Bool {
      let reference = TreeReference(level: level, id: nodes.forge(root))
      var reader = ContentReader(.nodes(reference), size: size, from: nodes)
      do {
        while try reader.next() != nil {}
        return false
      } catch .damaged {
        return true
      } catch {
        Issue.record("\(error)")
        return false
      }
    }
    let chunk: [UInt8] = [20] + ChunkID.zero.bytes
    let hole: [UInt8] = [11]
    #expect(!isDamaged(node(3, 0, [chunk, hole]), level: 0, size: 15))
    #expect(isDamaged(node(3, 0, [chunk, hole]), level: 0, size: 16))
    #expect(isDamaged(node(3, 0, [hole, hole]), level: 0, size: 10))
    #expect(isDamaged(node(3, 0, [chunk, [0] + ChunkID.zero.bytes]), level: 0, size: 10))
    #expect(isDamaged(node(3, 0, [chunk, [1]]), level: 0, size: 10))
    #expect(isDamaged(node(3, 0, []), level: 0, size: 0))
    #expect(isDamaged(node(3, 0, [chunk]) + [0], level: 0, size: 10))
    #expect(isDamaged(node(1, 0, [chunk]), level: 0, size: 10))
    let many = [[UInt8]](repeating: chunk, count: 1025)
    #expect(isDamaged(node(3, 0, many), level: 0, size: 10250))
    let below = nodes.forge(node(3, 0, [chunk, hole])).bytes
    let start = nodes.forge(node(3, 0, [hole, chunk])).bytes
    #expect(!isDamaged(node(4, 1, [[15] + below, [15] + below]), level: 1, size: 30))
    #expect(isDamaged(node(4, 1, [[15] + below, [16] + below]), level: 1, size: 31))
    #expect(isDamaged(node(4, 1, [[15] + below, [15] + start]), level: 1, size: 30))
    #expect(isDamaged(node(4, 1, [[15] + below, [0] + below]), level: 1, size: 15))
    #expect(isDamaged(node(4, 2, [[15] + below]), level: 2, size: 15))
    let huge = [UInt8](repeating: 0xff, count: 9) + [1]
    #expect(isDamaged(node(4, 1, [huge + below, [16] + below]), level: 1, size: 15))
  }
}
