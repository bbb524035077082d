// File contents come back from their nodes, and equal extents give equal nodes.

import Testing
import Vault

@testable import Igudar

@Suite struct ContentTests {
  private func build(_ extents: [Extent], into nodes: MemoryNodes) throws -> (Content, UInt64) {
    var builder = ContentBuilder(into: nodes)
    for extent in extents { try builder.append(extent) }
    let size = builder.size
    return (try builder.finish(), size)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 66, 500, 1025, 20_000])
  func extentsComeBack(count: Int) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let extents = generator.extents(count)
    let nodes = MemoryNodes()
    let (content, size) = try build(extents, into: nodes)
    if case .inline = content { #expect(count <= 64) } else { #expect(count > 64) }
    var reader = ContentReader(content, size: size, from: nodes)
    var back: [Extent] = []
    while let extent = try reader.next() { back.append(extent) }
    #expect(back == extents, "seed \(seed)")
    #expect(reader.offset == size)
  }

  @Test func neighbouringHolesBecomeOne() throws {
    let nodes = MemoryNodes()
    var builder = ContentBuilder(into: nodes)
    for length: UInt64 in [3, 0, 4] { try builder.append(.hole(length: length)) }
    try builder.append(.chunk(.zero, length: 1))
    #expect(try builder.finish() == .inline([.hole(length: 7), .chunk(.zero, length: 1)]))
  }

  @Test func oneChangeTouchesFewNodes() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let extents = generator.extents(10_000)
    let unchanged = MemoryNodes()
    _ = try build(extents, into: unchanged)
    let before = unchanged.ids
    for change in 0..<12 {
      let nodes = MemoryNodes()
      var changed = extents
      let place = generator.number(below: extents.count - 2)
      let fresh = Extent.chunk(generator.id(), length: 7)
      switch change % 3 {
      case 0: changed[place] = fresh
      case 1: changed.insert(fresh, at: place)
      default: changed.replaceSubrange(place...place + 2, with: [fresh])
      }
      _ = try build(changed, into: nodes)
      let count = nodes.ids.subtracting(before).count
      try #require(count <= 8, "seed \(seed): change \(change) made \(count) of \(before.count)")
    }
  }
}
