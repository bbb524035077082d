// The memory that Argon2 gets in the released program.

import CLinux
import Glibc
import Platform
import Synchronization
import Testing

// There is one such piece of memory at a time.
@Suite(.serialized) struct LargePageTests {
  private static let filled = MAP_PRIVATE | MAP_ANONYMOUS | 0x8000

  private func map(_ size: Int, _ flags: Int32 = filled) throws -> UnsafeMutableRawBufferPointer {
    let memory = unsafe __wrap_mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    try #require(unsafe memory != MAP_FAILED)
    return unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
  }

  // Whether these bytes are in memory at a place where there may be none, or somebody else's by now.
  private func holds(_ mark: [UInt8], at address: UnsafeMutableRawPointer) throws -> Bool {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    guard unsafe write(ends[1], address, mark.count) == mark.count else { return false }
    var found = [UInt8](repeating: 0, count: mark.count)
    try #require(unsafe read(ends[0], &found, found.count) == found.count)
    return found == mark
  }

  private func mark(_ address: UnsafeMutableRawPointer) -> [UInt8] {
    let mark = (0..<32).map { _ in UInt8.random(in: 0...255) }
    unsafe address.copyMemory(from: mark, byteCount: mark.count)
    return mark
  }

  private func wait(until isSo: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !isSo() {
      try #require(ContinuousClock.now < end)
      usleep(1000)
    }
  }

  // A thread does it.
  private func unmap(_ memory: UnsafeMutableRawBufferPointer) throws {
    let start = try unsafe #require(memory.baseAddress)
    let end = unsafe start + (memory.count - 32)
    let marks = unsafe (mark(start + 4096), mark(end))
    #expect(unsafe __wrap_munmap(start, memory.count) == 0)
    try wait { try unsafe !holds(marks.0, at: start + 4096) && !holds(marks.1, at: end) }
  }

  @Test(arguments: [8 << 20 | 1, 64 << 20, 64 << 20 - 4096, 65 << 20 | 5000])
  func allOfItIsThereAndIsAligned(_ size: Int) throws {
    for _ in 0..<2 {
      let memory = unsafe try map(size)
      let address = Int(bitPattern: memory.baseAddress)
      #expect(address % (2 << 20) == 0)
      for place in [0, size / 2, size - 1] {
        #expect(unsafe memory[place] == 0)
        unsafe memory[place] = 1
      }
      try unsafe unmap(memory)
    }
  }

  @Test(arguments: [0, Int64.max], [16 << 20, 17 << 20 | 5000])
  func allOfItIsFilledHoweverLongItTakes(_ patience: Int64, _ size: Int) throws {
    let memory = unsafe clinux_map_filled(size, PROT_READ | PROT_WRITE, Self.filled, patience)
    try #require(unsafe memory != MAP_FAILED)
    let whole = unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
    try wait { unsafe isFilled(whole) }
    try unsafe unmap(whole)
  }

  private func isFilled(_ memory: UnsafeMutableRawBufferPointer) -> Bool {
    var pages = [UInt8](repeating: 0, count: (memory.count + 4095) / 4096)
    return unsafe mincore(memory.baseAddress, memory.count, &pages) == 0
      && pages.allSatisfy { $0 & 1 == 1 }
  }

  @Test func whoeverLetsFillingGoFirstFindsItFilled() throws {
    let memory = unsafe try map(64 << 20)
    clinux_let_filling_go_first(0)
    #expect(unsafe isFilled(memory))
    try unsafe unmap(memory)
    // No longer asked for, no longer waited for.
    clinux_let_filling_go_first(1_000_000)
  }

  @Test func fillingThatBeginsSoonIsWaitedFor() throws {
    let isFree = Mutex(false)
    let waiter = Thread.start(name: "waiter") {
      clinux_let_filling_go_first(60_000_000_000)
      isFree.withLock { $0 = true }
    }
    usleep(20_000)
    let wasFree = isFree.withLock { $0 }
    #expect(!wasFree)
    let memory = unsafe try map(64 << 20)
    waiter.join()
    #expect(unsafe isFilled(memory))
    try unsafe unmap(memory)
  }

  @Test func whatIsWrittenWhileItIsFilledStays() throws {
    let memory = unsafe try map(64 << 20)
    for place in stride(from: 0, to: memory.count, by: 4096) {
      unsafe memory[place] = UInt8(truncatingIfNeeded: place >> 12)
    }
    var pages = [UInt8](repeating: 0, count: memory.count / 4096)
    try wait {
      unsafe mincore(memory.baseAddress, memory.count, &pages) == 0
        && pages.allSatisfy { $0 & 1 == 1 }
    }
    for place in stride(from: 0, to: memory.count, by: 4096) {
      try #require(unsafe memory[place] == UInt8(truncatingIfNeeded: place >> 12))
    }
    try unsafe unmap(memory)
  }

  @Test func aSecondPieceIsMappedAsItIsAndLeavesTheFirst() throws {
    let first = unsafe try map(16 << 20)
    let second = unsafe try map(16 << 20)
    let start = try unsafe #require(first.baseAddress)
    let mark = unsafe mark(start)
    let other = try unsafe #require(second.baseAddress)
    let otherMark = unsafe self.mark(other)
    #expect(unsafe __wrap_munmap(other, second.count) == 0)
    #expect(try unsafe !holds(otherMark, at: other))
    // Nothing of no size is no part of it.
    #expect(unsafe __wrap_munmap(start, 0) == -1)
    #expect(try unsafe holds(mark, at: start))
    try unsafe unmap(first)
  }

  @Test func otherCallsAreMappedAsTheyAre() throws {
    for (size, flags) in [
      (4096, Self.filled), (2 << 20, Self.filled), (16 << 20, MAP_PRIVATE | MAP_ANONYMOUS),
    ] {
      let memory = unsafe try map(size, flags)
      let end = unsafe memory.baseAddress! + (size - 32)
      let mark = unsafe mark(end)
      #expect(unsafe __wrap_munmap(memory.baseAddress, size) == 0)
      #expect(try unsafe !holds(mark, at: end))
    }
    let refused = unsafe __wrap_mmap(nil, 1 << 60, PROT_READ, Self.filled, -1, 0)
    #expect(unsafe refused == MAP_FAILED)
    let memory = unsafe clinux_map_filled(
      16 << 20, PROT_READ | PROT_WRITE, Self.filled, Int64.max)
    try #require(unsafe memory != MAP_FAILED)
    try unsafe unmap(UnsafeMutableRawBufferPointer(start: memory, count: 16 << 20))
  }
}
