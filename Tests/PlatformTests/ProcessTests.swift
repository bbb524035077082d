// Other programs, and signals to this one.

import Glibc
import Testing

@testable import Platform

@Suite struct ProcessTests {
  private func words(_ text: String...) -> [[UInt8]] { text.map { Array($0.utf8) } }

  private func run(_ arguments: [[UInt8]]) throws -> ([UInt8], ProcessEnd) {
    let process = try Process(arguments)
    let buffer = OwnedBuffer(capacity: 4096)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 4096)
    var output: [UInt8] = []
    while true {
      let count = try unsafe process.output.read(into: memory)
      if count == 0 { return (output, process.end()) }
      output += unsafe Array(memory[..<count])
    }
  }

  @Test func whatAProgramPrintsIsRead() throws {
    let (output, end) = try run(words("printf", "%s|", "a b", "$HOME") + [[0xff]])
    #expect(output == Array("a b|$HOME|".utf8) + [0xff, 0x7c])
    #expect(end == .exited(0))
    #expect(try run(words("sh", "-c", "head -c 200000 /dev/zero")).0.count == 200_000)
  }

  @Test func howAProgramEndsIsTold() throws {
    #expect(try run(words("sh", "-c", "exit 7")).1 == .exited(7))
    #expect(try run(words("sh", "-c", "kill -9 $$")).1 == .killed(9))
    #expect { _ = try run(words("/no/such/program")) } throws: { error in
      "\(error)".contains("/no/such/program") && "\(error)".contains("No such file")
    }
  }

  @Test func aReaderThatGivesUpDoesNotHang() throws {
    #expect(try Process(words("yes")).end() == .killed(SIGPIPE))
    // Also if this process ignores that signal.
    _ = try Process(words("sleep", "1000"))
  }

  @Test func aProgramInheritsNoOpenFiles() throws {
    let scratch = try Scratch()
    let file = try Descriptor.open(scratch.path("open"), O_RDWR | O_CREAT)
    let (output, _) = try run(words("sh", "-c", "ls -l /proc/self/fd"))
    #expect(!String(decoding: output, as: UTF8.self).contains("/open"))
    _ = consume file
  }

  @Test func theFirstSignalIsNotedAndTheSecondEnds() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Interrupt.install()
      precondition(Interrupt.requested == 0)
      kill(getpid(), SIGTERM)
      while Interrupt.requested != SIGTERM { sched_yield() }
      while true {
        usleep(10_000)
        kill(getpid(), SIGINT)
      }
    }
  }

  @Test func whatComesWithTheFirstSignalBelongsToIt() {
    let first: UInt64 = 5_000_000_000
    for together in [first, first - 1, first + 1, first + 200_000_000, 1] {
      #expect(!Interrupt.isLater(together, than: first))
    }
    for later in [first + 300_000_000, first * 100] {
      #expect(Interrupt.isLater(later, than: first))
    }
  }

  @Test func whatWasIgnoredStaysIgnored() async {
    await #expect(processExitsWith: .success) {
      Glibc.signal(SIGHUP, SIG_IGN)
      Interrupt.install()
      raise(SIGHUP)
      precondition(Interrupt.requested == 0)
      raise(SIGPIPE)
      exit(0)
    }
  }
}
