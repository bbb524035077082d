// Where a repository may be made, and what is said of places where it cannot.

import Testing

@Suite struct RepositoryPlaceTests {
  private let sandbox: Sandbox

  init() throws {
    sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](0..<32))
    sandbox.environment["IGUDAR_KEY_FILE"] = sandbox.path("key")
    sandbox.environment["IGUDAR_REPOSITORY"] = sandbox.path("repo")
  }

  @Test(arguments: ["letter", "-odd\nname", ".hidden"])
  func aFolderWithOtherThingsIsRefused(name: String) throws {
    try sandbox.makeFolder("repo")
    try sandbox.write("repo/\(name)", "mine")
    let outcome = try sandbox.igudar("init")
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("is not empty: it holds “\(name.prefix(4))"))
    #expect(!outcome.errorText.contains("odd\nname"))
    #expect(try sandbox.igudar("snapshots").code == 10)
  }

  @Test func theTopOfAFileSystemIsEmptyEnough() throws {
    try sandbox.makeFolder("repo")
    try sandbox.makeFolder("repo/lost+found")
    #expect(try sandbox.igudar("init").code == 0)
    #expect(try sandbox.igudar("check").code == 0)
  }

  @Test func whatAnInterruptedInitLeftIsNoObstacle() throws {
    try sandbox.makeFolder("repo")
    try sandbox.makeFolder("repo/slots")
    try sandbox.makeFolder("repo/tmp")
    #expect(try sandbox.igudar("init").code == 0)
  }

  @Test func aPlaceThatCannotBeMadeIsNamedWithTheReason() throws {
    try sandbox.write("file", "mine")
    for place in ["/proc/igudar", sandbox.path("file")] {
      let outcome = try sandbox.igudar("-r", place, "init")
      #expect(outcome.code == 1)
      #expect(outcome.errorText.contains("cannot be made: \(place)"))
      #expect(!outcome.errorText.contains("there is no repository"))
    }
  }

  @Test func checkNamesASlotThatSaysUnbelievableThings() throws {
    #expect(try sandbox.igudar("init").code == 0)
    let script = """
      cd repo/slots && name=$(ls) && echo $name
      head -c 32 /dev/zero | dd of=$name bs=1 seek=400 conv=notrunc 2>/dev/null
      """
    let name = try sandbox.run(
      "/bin/sh", ["-c", "cd \(sandbox.path) && \(script)"].map { Array($0.utf8) })
    let outcome = try sandbox.igudar("check")
    #expect(outcome.code == 4)
    #expect(outcome.errorText.contains("slots/\(try #require(name.lines.first)) "))
  }
}
