// What goes in comes out: every kind of file, name, attribute and depth.

import Glibc
import Platform
import Testing

@Suite struct RoundTripTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
  }

  // Owners, devices and the like need root; what is made without it is still a lot.
  private static let everything = #"""
    cd src
    mkdir empty 'with space' deep many
    printf 'barley\n' > plain; : > nothing; printf 'x' > 'with space/a'
    ln -s plain link; ln -s /nowhere/at/all dangling; ln -s "$(printf 'new\nline')" strange
    ln plain 'with space/hard'; ln plain another
    ln -s plain linked-link; ln linked-link linked-link-2
    mkfifo pipe; mkfifo pipe-1; ln pipe-1 pipe-2
    truncate -s 30M hole; printf 'end' >> hole
    truncate -s 3M only-hole
    head -c 20971520 /dev/urandom > random
    head -c 300000 /dev/zero > zeros
    printf 'a' > "$(printf 'line\nbreak')"; printf 'b' > "$(printf 'bad-\377\376-utf8')"
    printf 'c' > "$(printf 'esc-\033[2J')"; printf 'd' > ' '; printf 'e' > '-rf'; printf 'f' > '*'
    printf 'g' > "$(head -c 255 /dev/zero | tr '\0' n)"
    i=0; while [ $i -lt 500 ]; do echo $i > many/$i; i=$((i + 1)); done
    printf 's' > setuid; chmod 4755 setuid; chmod 1777 empty; chmod 0 nothing; chmod 555 many
    touch -h -d '1969-07-20 20:17:40.123456789Z' link; touch -d '2100-02-03 04:05:06.7Z' plain
    touch -d '1901-12-14 00:00:00Z' zeros
    p=deep; i=0; while [ $i -lt 300 ]; do p=$p/d; i=$((i + 1)); done; mkdir -p $p; echo bottom > $p/file
    touch -d '2001-01-01 00:00:00.000000001Z' empty deep/d/d .
    """#

  private func setAttribute(_ file: String, _ name: String, _ value: [UInt8]) throws {
    try AttributeTarget.path(FilePath(repository.path(file))).set(Array(name.utf8), to: value)
  }

  @Test func everythingComesBackAsItWas() throws {
    try repository.shell(Self.everything)
    try setAttribute("src/plain", "user.grain", Array("barley".utf8))
    try setAttribute("src/plain", "user.empty", [])
    try setAttribute("src/with space", "user.binary", [0, 255, 10])
    try setAttribute("src/random", "user.large", [UInt8](repeating: 3, count: 3000))
    if isSuperuser() {
      try repository.shell("cd src; chown 12345:54321 zeros; chown -h 1:2 link; mknod dev c 1 3")
    }
    let summary = try repository.backup("src")
    #expect(summary["snapshot_id"]?.text?.count == 64)
    let outcome = try repository.igudar("restore", "latest", "--target", "out")
    #expect(outcome.errors.isEmpty)
    #expect(try repository.differences("src", "out/src") == [])
    let holes = try repository.shell("stat -c %b out/src/hole out/src/only-hole")
    #expect(holes.lines.allSatisfy { Int($0).map { $0 <= 16 } == true }, "holes are written out")
  }

  @Test func theWholeTreeIsTheSameWithAbsolutePaths() throws {
    try repository.sandbox.write("src/file", "grain")
    let source = repository.path("src")
    _ = try repository.backup(source)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out\(source)") == [])
    try repository.igudar("restore", "latest:\(source)", "-t", "part")
    #expect(try repository.differences("src", "part") == [])
  }

  @Test func whatIsReadAgainAndFoundEqualIsUnmodified() throws {
    // As young as these are, they are read once more.
    try repository.shell(
      """
      cd src; for i in 1 2 3; do echo $i > $i; done; ln -s 1 link; ln -s 1 moved; mkfifo pipe
      seq 1000000 > large; seq 1000001 > grown
      """)
    _ = try repository.backup("src")
    try repository.shell(
      "echo other > src/2; touch -d 2020-01-01 src/3; ln -sfn 2 src/moved; echo >> src/grown")
    let second = try repository.backup("src")
    #expect(second["files_unmodified"] == .number(4))
    #expect(second["files_changed"] == .number(4))
    #expect(second["files_new"] == .number(0))
  }

  @Test func anUnchangedTreeIsNotReadAgain() throws {
    try repository.shell(
      """
      cd src; mkdir -p a/b; i=0; while [ $i -lt 100 ]; do echo $i > a/b/$i; i=$((i + 1)); done
      find . -exec touch -d '2020-01-01' '{}' +
      """)
    let first = try repository.backup("--ignore-ctime", "src")
    #expect(first["files_new"] == .number(100))
    let second = try repository.backup("--ignore-ctime", "src")
    #expect(second["files_unmodified"] == .number(100))
    #expect(second["files_new"] == .number(0))
    #expect(second["files_changed"] == .number(0))
    #expect(second["data_blobs"] == .number(0))
    #expect(second["data_added"] == .number(0))
    #expect(second["data_added_packed"] == .number(0))
    #expect(try repository.snapshots().map { $0["tree"] }.count == 2)
    #expect(try Set(repository.snapshots().map { $0["tree"]?.text }).count == 1)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func whatChangedIsReadAgainAndTheRestTakenOver() throws {
    try repository.shell(
      """
      cd src; mkdir -p a b c; for d in a b c; do for f in 1 2 3; do echo $d$f > $d/$f; done; done
      find . -exec touch -d '2020-01-01' '{}' +
      """)
    _ = try repository.backup("--ignore-ctime", "src")
    try repository.shell("cd src; echo new > b/0; echo changed > b/2; rm c/3; mv a/2 a/22")
    let second = try repository.backup("--ignore-ctime", "src")
    #expect(second["files_new"] == .number(2))
    #expect(second["files_changed"] == .number(1))
    #expect(second["files_unmodified"] == .number(6))
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func aLargeFileThatChangesALittleAddsALittle() throws {
    try repository.shell("head -c 20971520 /dev/urandom > src/file")
    _ = try repository.backup("src")
    try repository.shell("(printf 'inserted'; cat src/file) > src/new; mv src/new src/file")
    let second = try repository.backup("src")
    #expect(try #require(second["data_added"]?.number) < 2_000_000)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func withoutACacheTheSameComesBack() throws {
    try repository.shell("echo grain > src/file; mkdir src/folder; echo more > src/folder/file")
    try repository.igudar("backup", "--no-cache", "src")
    try repository.shell("rm -rf cache/igudar")
    try repository.igudar("restore", "--no-cache", "latest", "-t", "one")
    try repository.igudar("restore", "--cache-dir", "elsewhere", "latest", "-t", "two")
    #expect(try repository.differences("src", "one/src") == [])
    #expect(try repository.differences("src", "two/src") == [])
    #expect(try repository.shell("ls cache; ls elsewhere").lines == ["igudar"])
  }
}
