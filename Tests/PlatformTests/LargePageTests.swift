// The memory that Argon2 gets in the released program.

import CLinux
import Glibc
import Testing

@Suite struct LargePageTests {
  private static let filled = MAP_PRIVATE | MAP_ANONYMOUS | 0x8000

  private func map(_ size: Int, _ flags: Int32 = filled) throws -> UnsafeMutableRawBufferPointer {
    let memory = unsafe __wrap_mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    try #require(unsafe memory != MAP_FAILED)
    return unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
  }

  @Test(arguments: [8 << 20, 8 << 20 | 1, 64 << 20, 64 << 20 - 4096, 65 << 20 | 5000])
  func allOfItIsThereAndIsAligned(_ size: Int) throws {
    let memory = unsafe try map(size)
    let address = Int(bitPattern: memory.baseAddress)
    #expect(address % (2 << 20) == 0)
    for place in [0, size / 2, size - 1] {
      #expect(unsafe memory[place] == 0)
      unsafe memory[place] = 1
    }
    #expect(unsafe munmap(memory.baseAddress, size) == 0)
  }

  @Test(arguments: [0, Int64.max], [16 << 20, 17 << 20 | 5000])
  func allOfItIsFilledHoweverLongItTakes(_ patience: Int64, _ size: Int) throws {
    let memory = unsafe clinux_map_filled(size, PROT_READ | PROT_WRITE, Self.filled, patience)
    try #require(unsafe memory != MAP_FAILED)
    var pages = [UInt8](repeating: 0, count: (size + 4095) / 4096)
    #expect(unsafe mincore(memory, size, &pages) == 0)
    #expect(pages.allSatisfy { $0 & 1 == 1 })
    #expect(unsafe munmap(memory, size) == 0)
  }

  @Test func otherCallsAreMappedAsTheyAre() throws {
    for (size, flags) in [
      (4096, Self.filled), (2 << 20, Self.filled), (16 << 20, MAP_PRIVATE | MAP_ANONYMOUS),
    ] {
      let memory = unsafe try map(size, flags)
      unsafe memory[size - 1] = 1
      #expect(unsafe munmap(memory.baseAddress, size) == 0)
    }
    let refused = unsafe __wrap_mmap(nil, 1 << 60, PROT_READ, Self.filled, -1, 0)
    #expect(unsafe refused == MAP_FAILED)
  }
}
