// Files of the target that have names elsewhere: what is restored under one name changes nothing that
// has another.

import Platform
import Testing

struct SharedFileTests {
  private let test: TestRepository

  init() throws {
    test = try TestRepository()
    try test.shell("mkdir out elsewhere")
  }

  @discardableResult
  private func restore(_ options: String..., code: Int32 = 0) throws -> Outcome {
    try test.run(["restore", "latest:src", "-t", "out", "-vv"] + options, code: code)
  }

  private func expectSame() throws {
    #expect(try test.differences("src", "out").isEmpty)
  }

  @Test(arguments: [[], ["--overwrite", "if-changed"], ["--inplace"], ["--include", "a"]])
  func aNameOutsideTheTargetKeepsItsMetadata(_ options: [String]) throws {
    try test.shell(
      """
      echo same > src/a; chmod 4755 src/a; touch -d 2020-01-01 src/a; ln src/a src/b
      echo same > elsewhere/file; chmod 600 elsewhere/file; touch -d 2020-01-01 elsewhere/file
      ln elsewhere/file out/a
      """)
    try test.igudar("backup", "src")
    try test.run(["restore", "latest:src", "-t", "out"] + options)
    #expect(try test.shell("stat -c '%a %h' elsewhere/file").lines == ["600 1"])
    try restore()
    try expectSame()
    #expect(try restore().text.contains("restored 0"))
  }

  // Verification takes no list for another file.
  @Test func metadataIsNoMatterOfVerification() throws {
    try test.shell("echo x > src/a; chmod 640 src/a; setfacl -m u:33:rwx src/a; ln src/a src/b")
    try test.igudar("backup", "src")
    try restore("--verify")
    try restore("--verify")
    try expectSame()
  }

  @Test func aLinkWithAnotherNameKeepsItsMetadata() throws {
    try test.shell(
      """
      ln -s to src/a; ln src/a src/b; touch -h -d 2020-01-01 src/a
      ln -s to elsewhere/link; touch -h -d 2021-01-01 elsewhere/link; ln elsewhere/link out/a
      """)
    try test.igudar("backup", "src")
    try restore()
    try expectSame()
    #expect(try test.shell("stat -c '%y %h' elsewhere/link").text.contains("2021-01-01"))
  }

  // Of two files of the snapshot that are one in the target, neither is taken for changed by others.
  @Test func twoFilesThatAreOneInTheTargetBecomeTwo() throws {
    try test.shell(
      """
      head -c 300000 /dev/urandom > src/a; ln src/a src/b; cp src/a src/d; echo more >> src/d
      touch -d 2020-01-01 src/a; touch -d 2021-01-01 src/d; cp src/a out/a; ln out/a out/d
      """)
    try test.igudar("backup", "src")
    try restore()
    try expectSame()
  }

  // Of a file whose first name is blocked the others come, and the next is the first.
  @Test(arguments: ["echo data > src/a", "ln -s data src/a", "mkfifo src/a"])
  func namesBehindOneThatIsBlockedAreRestored(_ make: String) throws {
    try test.shell("\(make); ln src/a src/b; mkdir src/c; ln src/a src/c/d; ln src/a src/z")
    try test.igudar("backup", "src")
    try test.shell("mkdir -p out/a/x out/b/y")
    let plan = try restore("-n", code: 1)
    let outcome = try restore(code: 1)
    for lines in [plan, outcome] {
      let told = lines.errorText.split(separator: "\n").filter { $0.contains("not empty lies") }
      #expect(told.count == 2, "\(lines.errorText)")
      #expect(!lines.errorText.contains("another name"))
    }
    #expect(try test.shell("stat -c %h out/c/d out/z").lines == ["2", "2"])
    try test.shell("rm -r out/a out/b")
    try restore()
    try expectSame()
  }

  @Test(.enabled(if: isSuperuser(), "root alone can set such flags"), arguments: ["file", "extra"])
  func whatIsReplacedOrDeletedKeepsItsFlagsUnderItsOtherNames(_ name: String) throws {
    try test.shell(
      """
      echo new > src/file; echo old > elsewhere/kept; ln elsewhere/kept out/\(name)
      chattr +i elsewhere/kept
      """)
    defer { _ = try? test.shell("chattr -i elsewhere/kept") }
    try test.igudar("backup", "src")
    try restore("--delete")
    try expectSame()
    #expect(try test.shell("lsattr elsewhere/kept").text.prefix(6).contains("i"))
    #expect(try test.shell("stat -c %h elsewhere/kept").lines == ["1"])
  }

  @Test(.enabled(if: isSuperuser(), "root alone can set such flags"), arguments: ["i", "a"])
  func aFileThatMustNotBeChangedGetsTheNamesThatItLacks(_ flag: String) throws {
    try test.shell("echo x > src/a; ln src/a src/b; ln src/a src/c; chattr +\(flag) src/a")
    defer { _ = try? test.shell("chattr -\(flag) src/a out/a") }
    try test.igudar("backup", "src")
    try restore()
    try test.shell("chattr -\(flag) out/a; rm out/b out/c; echo y > out/c; chattr +\(flag) out/a")
    try restore()
    try expectSame()
    #expect(try test.shell("lsattr out/a").text.prefix(8).contains(Character(flag)))
  }
}
