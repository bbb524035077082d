// Packs that vanish from the store: the next backup stores again what it finds at the source, and
// says so, instead of relying on what is gone.

import Testing

struct LostPackTests {
  private func repository() throws -> TestRepository {
    let test = try TestRepository()
    try test.shell(
      """
      mkdir -p src/a/b
      for i in $(seq 40); do head -c 3000 /dev/urandom > src/a/$i; done
      head -c 200000 /dev/urandom > src/a/b/large; seq 20000 > src/text
      """)
    try test.igudar("backup", "src")
    return test
  }

  private func packs(_ test: TestRepository) throws -> [String] {
    try test.shell("find repo/packs -type f | sort").lines
  }

  private func expectWhole(_ test: TestRepository) throws {
    try test.igudar("restore", "-q", "latest:src", "-t", "out")
    #expect(try test.differences("src", "out").isEmpty)
  }

  @Test(arguments: [0, 1], ["rm", "truncate -s -1"])
  func theNextBackupStoresAgainWhatIsGone(_ index: Int, _ damage: String) throws {
    let test = try repository()
    let pack = try packs(test)[index]
    try test.shell("\(damage) \(pack)")
    let outcome = try test.igudar("backup", "src")
    #expect(outcome.errorText.contains(String(pack.dropFirst("repo/".count))))
    try expectWhole(test)
    #expect(try test.snapshots().count == 2)
  }

  @Test func allPacksGoneIsAFirstBackupAgain() throws {
    let test = try repository()
    try test.shell("rm -r repo/packs/*")
    let summary = try test.backup("src")
    #expect(summary["files_new"]?.number == 42)
    try expectWhole(test)
  }

  @Test func whatIsGoneFromTheSourceTooIsStillNamed() throws {
    let test = try repository()
    let gone = try packs(test)
    try test.shell("rm -r repo/packs/*; rm src/text")
    try test.igudar("backup", "src")
    try expectWhole(test)
    let check = try test.igudar("check", code: 5)
    for pack in gone { #expect(check.errorText.contains(String(pack.dropFirst(5)))) }
  }
}
