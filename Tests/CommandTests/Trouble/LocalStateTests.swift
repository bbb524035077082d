// What this machine keeps beside the repository: the index cache may be lost or spoilt at any moment
// and costs time only; what the trust store remembers is never thrown away silently.

import Platform
import Testing

@Suite struct LocalStateTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell("seq 1 20000 > src/a; echo b > src/b")
    try repository.igudar("backup", "-q", "src")
  }

  @Test(arguments: [
    "dd if=/dev/zero of=data.mdb bs=4096 count=3 conv=notrunc", "truncate -s 5000 data.mdb",
    "head -c 20000 /dev/urandom > data.mdb", "head -c 65536 /dev/urandom > lock.mdb",
    ": > lock.mdb", "head -c 40 /dev/urandom > guard", "rm data.mdb; mkfifo data.mdb",
    "rm data.mdb", "rm lock.mdb",
    "dd if=/dev/urandom of=data.mdb bs=4096 seek=3 count=2 conv=notrunc",
  ])
  func aSpoiltCacheCostsNothing(harm: String) throws {
    try repository.shell("cd cache/igudar/*/; \(harm)")
    for verb in [["backup", "-q", "src"], ["restore", "-q", "latest", "-t", "out"], ["check"]] {
      try repository.run(verb)
    }
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func theCacheMayGoWhileABackupRuns() throws {
    try repository.igudar(
      "backup", "-q", "--stdin-from-command", "--", "/bin/sh", "-c",
      "rm -rf \"$XDG_CACHE_HOME\"/igudar; seq 1 100000")
    try repository.igudar("backup", "-q", "src")
    try repository.igudar("check", "--read-data")
    #expect(try repository.snapshots().count == 3)
  }

  // When much was read the index is in use.
  @Test func aCacheThatBecomesShorterWhileItIsMappedIsNamed() throws {
    let outcome = try repository.igudar(
      "backup", "-q", "--stdin-from-command", "--", "/bin/sh", "-c",
      "seq 2000000; : > \"$(echo \"$XDG_CACHE_HOME\"/igudar/*/data.mdb)\"; seq 2000000", code: 1)
    let path = try #require(repository.shell("echo cache/igudar/*/data.mdb").lines.first)
    #expect(
      outcome.errorText.hasPrefix("igudar: \(repository.path(path)) became shorter"),
      "\(outcome.errorText)")
    try repository.igudar("backup", "-q", "src")
    try repository.igudar("check", "--read-data")
    #expect(try repository.snapshots().count == 2)
  }

  @Test(arguments: [
    "dd if=/dev/zero of=data.mdb bs=4096 count=3 conv=notrunc", "truncate -s 5000 data.mdb",
    "rm data.mdb", "head -c 20000 /dev/urandom > data.mdb",
  ])
  func aSpoiltTrustStoreIsNamedAndNotReplaced(harm: String) throws {
    try repository.shell("cd state/igudar/*/; \(harm)")
    let outcome = try repository.igudar("snapshots", code: 1)
    #expect(outcome.errorText.contains(repository.path("state/igudar/")))
    #expect(outcome.errorText.contains("deleting the folder makes this machine a new client"))
    try repository.shell("rm -r state/igudar/*")
    #expect(try repository.igudar("snapshots").errors.isEmpty)
  }

  // Nobody makes folders in /sys.
  @Test func aCacheThatCannotBeMadeIsToldWithItsReason() throws {
    let place = "/sys/nobody/here"
    let outcome = try repository.igudar("snapshots", "--cache-dir", place)
    #expect(outcome.errorText.contains("/sys/nobody"), "\(outcome.errorText)")
    #expect(!outcome.errorText.contains("No such file"), "\(outcome.errorText)")
    #expect(outcome.text.contains("1 snapshot"))
  }

  @Test func withoutAHomeEverythingWorks() throws {
    let paths = ["HOME": "", "XDG_CACHE_HOME": "relative", "XDG_STATE_HOME": "relative"]
    let outcome = try repository.igudar("backup", "-q", "src", environment: paths)
    #expect(outcome.errorText.contains("neither XDG_STATE_HOME nor HOME is set"))
    try repository.igudar("restore", "-q", "latest", "-t", "out", environment: paths)
    #expect(try repository.differences("src", "out/src") == [])
    #expect(try repository.shell("ls -d relative 2>&1 || true").text.contains("No such file"))
  }
}
