// `dump`: the bytes of a file, all of them or an error.

import Glibc
import Platform
import Testing

@testable import IgudarCLI

@Suite struct DumpTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir a; head -c 9000001 /dev/urandom > a/large; : > none; printf grain > small
      truncate -s 4M hole; printf end >> hole; ln -s small link; mkfifo pipe
      """)
    _ = try repository.backup("src")
  }

  @Test(arguments: ["a/large", "none", "small", "hole"])
  func filesComeOutAsTheyWent(_ name: String) throws {
    let expected = try repository.sandbox.read("src/\(name)")
    let whole = try repository.igudar("dump", "latest", "/src/\(name)").output == expected
    #expect(whole)
    let part = try repository.igudar("dump", "latest:src", name).output == expected
    #expect(part)
    let one = try repository.igudar("dump", "latest:src/\(name)").output == expected
    #expect(one)
    try repository.igudar("dump", "latest", "src/\(name)", "--target", "out")
    let target = try repository.sandbox.read("out") == expected
    #expect(target)
  }

  @Test func aPathBehindTheSnapshotIsEnoughForArchivesToo() throws {
    try repository.igudar("dump", "latest:src/a", "-t", "folder.tar")
    try repository.igudar("dump", "latest:src/a/large", "-a", "tar", "-t", "file.tar")
    try repository.shell(
      "mkdir folder file; tar -xf folder.tar -C folder; tar -xf file.tar -C file")
    try repository.shell("cmp folder/large src/a/large; cmp file/large src/a/large")
    try repository.igudar("dump", "latest:src/a", "-t", "folder.zip")
    #expect(try repository.shell("head -c 2 folder.zip").text == "PK")
    try repository.igudar("dump", "latest:src/small", "-t", "file.zip")
    try repository.shell("cmp file.zip src/small")
  }

  @Test func whatToDumpIsAskedFor() throws {
    let outcome = try repository.igudar("dump", "latest", code: 1)
    #expect(outcome.errorText.contains("say what to dump"), "\(outcome.errorText)")
    let link = try repository.igudar("dump", "latest:src/link", code: 1)
    #expect(link.errorText.contains("“latest:src/link” is a symbolic link"), "\(link.errorText)")
  }

  @Test func holesStayHolesInATarget() throws {
    try repository.igudar("dump", "latest", "src/hole", "-t", "out")
    let blocks = try repository.shell("stat -c %b out").lines.first.flatMap { Int($0) }
    #expect(blocks.map { $0 <= 16 } == true)
  }

  @Test(arguments: [
    ("src/link", "“src/link” is a symbolic link to “small”"),
    ("src/pipe", "“src/pipe” is a fifo, not a file"), ("src/gone", "has no “/src/gone”"),
    ("src/small/below", "has no “/src/small/below”"),
  ])
  func whatIsNoFileIsExplained(_ path: String, _ message: String) throws {
    let outcome = try repository.igudar("dump", "latest", path, code: 1)
    #expect(outcome.errorText.contains(message))
    #expect(outcome.output.isEmpty)
  }

  @Test func damageIsExit5AndNoWrongByteIsWritten() throws {
    try repository.shell(
      """
      for pack in repo/packs/*/*; do
        chmod u+w $pack
        size=$(stat -c %s $pack)
        [ $size -gt 1000000 ] || continue
        printf XXXXXXXX | dd of=$pack bs=1 seek=$((size / 2)) conv=notrunc status=none
      done
      """)
    let expected = try repository.sandbox.read("src/a/large")
    let outcome = try repository.igudar("dump", "latest", "src/a/large", code: 5)
    #expect(outcome.errorText.contains("packs/"))
    let isBeginning = expected.starts(with: outcome.output)
    #expect(isBeginning)
    let target = try repository.igudar("dump", "latest", "src/a/large", "-t", "out", code: 5)
    #expect(target.errorText.contains("out: is not whole"))
  }

  @Test func fullAndClosedOutputsEndIt() throws {
    let full = try repository.shell(
      "set +e; \(Program.path) dump latest src/a/large > /dev/full 2> trouble; echo $?")
    #expect(full.lines == ["1"])
    let text = String(decoding: try repository.sandbox.read("trouble"), as: UTF8.self)
    #expect(text.contains("cannot write standard output: No space left on device"))
    let closed = try repository.shell(
      """
      (set +e; \(Program.path) dump latest src/a/large; echo $? > code) | head -c 100 | wc -c
      cat code
      """)
    #expect(closed.lines == ["100", "1"])
    #expect(closed.errors.isEmpty)
    let target = try repository.igudar("dump", "latest", "src/small", "-t", "src/none/x", code: 1)
    #expect(target.errorText.contains("src/none/x: Not a directory"))
  }

  @Test(arguments: ["a/large", "none", "hole"])
  func aPipeIsATargetToo(_ name: String) throws {
    try repository.shell(
      """
      mkfifo way; cat way > got & \(Program.path) dump latest src/\(name) -t way; wait
      cmp src/\(name) got
      \(Program.path) dump latest src/\(name) -t /dev/stdout | cmp - src/\(name)
      \(Program.path) dump latest src/\(name) -t /dev/null
      """)
    let full = try repository.igudar("dump", "latest", "src/hole", "-t", "/dev/full", code: 1)
    #expect(full.errorText.contains("/dev/full: No space left on device"))
  }

  @Test func anArchiveGoesIntoAPipe() throws {
    let listed = try repository.shell(
      "\(Program.path) dump latest src -t /dev/stdout | tar xOf - src/small")
    #expect(listed.text == "grain")
  }

  @Test(arguments: ["repo/format", "repo/packs/new", "key"])
  func theRepositoryIsNoTarget(_ place: String) throws {
    let before = try repository.shell("find repo key -type f | sort | xargs cat | cksum").text
    let outcome = try repository.igudar("dump", "latest", "src/small", "-t", place, code: 1)
    #expect(outcome.errorText.contains("\(place): it belongs to the repository, or opens it"))
    try repository.igudar("dump", "latest", "src", "-t", place, code: 1)
    #expect(try repository.shell("find repo key -type f | sort | xargs cat | cksum").text == before)
  }

  @Test func aTargetRefusesOffsetsThatNoFileHas() throws {
    var target = try FileTarget(FilePath(repository.path("out")))
    let bytes: [UInt8] = [1]
    var answers = [unsafe target.write(bytes.span.bytes)]
    for length in [UInt64(Int64.max), .max] { answers.append(target.writeHole(length)) }
    #expect(answers == [true, false, false])
    do throws(Failure) {
      try target.finish(false)
      Issue.record("it is not whole")
    } catch { #expect(error.message.contains("out: File too large")) }
  }
}
