// Packs that vanish, rot or lose their index: what is lost is named, and stored again from the source.

import Testing

private func expectWhole(
  _ test: TestRepository, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try test.igudar("restore", "-q", "latest:src", "-t", "out")
  #expect(try test.differences("src", "out").isEmpty, sourceLocation: sourceLocation)
}

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

// What a check says is to be done is all that has to be done.
struct CheckAdviceTests {
  @Test(arguments: ["rm", "truncate -s 99", "shred -n 1"])
  func whoDoesWhatACheckSaysHasAWholeRepository(_ damage: String) throws {
    let test = try TestRepository()
    try test.shell("for i in 1 2 3; do head -c 300000 /dev/urandom > src/$i; done")
    try test.igudar("backup", "-q", "src")
    try test.shell("\(damage) $(find repo/packs -type f)")
    let check = try test.igudar("check", "--read-data", code: 5)
    let command = try #require(
      check.errorText.split(separator: "`").first { $0.hasPrefix("igudar repair packs ") })
    let hashes = command.split(separator: " ").dropFirst(3)
    #expect(hashes.count == 2 && hashes.allSatisfy { $0.count == 12 }, "\(command)")
    try test.run(["repair", "packs"] + hashes.map(String.init), code: 5)
    let after = try test.igudar("check", "--read-data", code: 5)
    #expect(!after.errorText.contains("repair packs"), "\(after.errorText)")
    #expect(after.errorText.contains("The next backup then stores again"))
    try test.igudar("backup", "-q", "src")
    try test.igudar("check", "--read-data", "--path", "src")
    try expectWhole(test)
  }

  @Test func whoHasNotReadAllIsToldTo() throws {
    let test = try TestRepository()
    try test.shell("head -c 300000 /dev/urandom > src/file")
    try test.igudar("backup", "-q", "src")
    try test.shell("shred -n 1 $(find repo/packs -type f)")
    let check = try test.igudar("check", code: 5)
    #expect(check.errorText.contains("`igudar check --read-data` finds all packs that are damaged"))
    #expect(!check.errorText.contains("repair index"), "\(check.errorText)")
  }
}

// Of some snapshots alone.
struct ChosenSnapshotTests {
  @Test func theTreesOfTheSnapshotsThatAreChosenAreChecked() throws {
    let test = try TestRepository()
    try test.shell("head -c 200000 /dev/urandom > src/one; mkdir other")
    try test.igudar("backup", "-q", "src", "--tag", "a", "--host", "barn")
    let before = Set(try test.shell("find repo/packs -type f").lines)
    try test.shell("head -c 200000 /dev/urandom > other/two")
    try test.igudar("backup", "-q", "other", "--tag", "b")
    for options in [["--tag", "a"], ["--host", "barn"], ["--path", "src"]] {
      for reading in [[], ["--read-data"]] {
        let whole = try test.run(["check"] + options + reading)
        #expect(whole.text.contains("looked at 1 snapshot and"))
      }
    }
    let packs = Set(try test.shell("find repo/packs -type f").lines).subtracting(before)
    try test.shell("rm \(packs.sorted().joined(separator: " "))")
    #expect(try test.igudar("check", code: 5).errorText.contains("in snapshot "))
    let chosen = try test.igudar("check", "--host", "barn", code: 4)
    #expect(chosen.errorText.contains("nothing of these snapshots is lost"))
    #expect(chosen.errorText.contains(" is missing"))
  }
}

// Damage inside of packs, and in the index: found, named, repaired, stored again.
struct RepairTests {
  private func repository() throws -> TestRepository {
    let test = try TestRepository()
    try test.shell("for i in $(seq 30); do head -c 90000 /dev/urandom > src/$i; done")
    try test.igudar("backup", "src")
    return test
  }

  private func largestPack(_ test: TestRepository) throws -> String {
    let listed = try test.shell("find repo/packs -type f -printf '%s %P\n' | sort -n | tail -1")
    return try #require(listed.lines.first?.split(separator: " ").last.map(String.init))
  }

  // A flipped byte in the middle: one frame is damaged, the others are not.
  private func damage(_ pack: String, at offset: Int, _ test: TestRepository) throws {
    try test.shell(
      """
      printf '\\377\\000\\377' | dd of=repo/packs/\(pack) bs=1 seek=\(offset) conv=notrunc 2>&1
      """)
  }

  @Test func aDamagedPackIsTakenOutAndItsLossIsStoredAgain() throws {
    let test = try repository()
    let pack = try largestPack(test)
    try damage(pack, at: 1_300_000, test)
    let check = try test.igudar("check", "--read-data", code: 5)
    #expect(check.errorText.contains("packs/\(pack)"))
    let repair = try JSON(
      try test.igudar("repair", "packs", "--json", "packs/\(pack)", code: 5).text)
    #expect(repair["packs"]?.number == 1)
    let saved = try #require(repair["chunks_saved"]?.number)
    let lost = try #require(repair["chunks_lost"]?.number)
    #expect(saved > 0 && lost > 0)
    #expect(try !test.shell("find repo/packs -type f").text.contains(pack))
    // What was saved still comes back, what was lost is named.
    #expect(try test.igudar("check", "--read-data", code: 5).errorText.contains("/src/"))
    try test.igudar("backup", "src")
    try test.igudar("check", "--read-data")
    try expectWhole(test)
  }

  @Test func afterARepairAllButTheLossComesBack() throws {
    let test = try repository()
    let pack = try largestPack(test)
    try damage(pack, at: 1_300_000, test)
    let before = try test.igudar("restore", "latest:src", "-t", "before", code: 5)
    let left = try test.shell("ls before").lines
    #expect(!left.isEmpty && left.count < 30)
    try test.igudar("repair", "packs", pack, code: 5)
    for words in [["restore", "latest:src", "-t", "after"], ["check"], ["ls", "latest"]] {
      let code: Int32 = words[0] == "ls" ? 0 : 5
      let outcome = try test.run(words, code: code)
      #expect(!outcome.errorText.contains("Look after the store"))
    }
    #expect(try test.shell("ls after").lines == left)
    #expect(before.errorText.contains("src/") || before.errorText.contains("before/"))
    let lost = try #require(try test.shell("ls src").lines.first { !left.contains($0) })
    try test.igudar("dump", "latest", "src/\(lost)", code: 5)
  }

  @Test func aMachineThatKnewTheDamagedPackRelyOnItNoMore() throws {
    let test = try repository()
    try test.shell("cp -a cache cache-of-other; cp -a state state-of-other")
    let pack = try largestPack(test)
    try damage(pack, at: 1_300_000, test)
    try test.igudar("repair", "packs", String(pack.prefix(12).dropFirst(3)), code: 5)
    try test.shell("rm -r cache state; mv cache-of-other cache; mv state-of-other state")
    try test.igudar("backup", "src")
    try test.igudar("check", "--read-data")
  }

  @Test(arguments: [0, 200, 162])
  func aDamagedHeaderOrFrameStartLeavesTheRestReadable(_ offset: Int) throws {
    let test = try repository()
    let pack = try largestPack(test)
    try damage(pack, at: offset, test)
    try test.igudar("check", "--read-data", code: offset == 0 ? 4 : 5)
    try test.igudar("repair", "packs", pack, code: offset == 0 ? 0 : 5)
    try test.igudar("backup", "src")
    try test.igudar("check", "--read-data")
    try expectWhole(test)
  }

  @Test func aMissingSegmentLosesNothingAndIsRebuilt() throws {
    let test = try repository()
    try test.shell("rm repo/index/*; rm -r cache")
    let check = try test.igudar("check", code: 4)
    #expect(check.errorText.contains("igudar repair index"))
    try test.igudar("check", "--read-data", code: 4)
    try test.igudar("repair", "index")
    try test.igudar("check", "--read-data")
    try expectWhole(test)
  }

  @Test func withAMissingSegmentAndAMissingPackTheLossIsNamed() throws {
    let test = try repository()
    let pack = try largestPack(test)
    try test.shell("rm repo/index/* repo/packs/\(pack); rm -r cache")
    #expect(try test.igudar("check", code: 5).errorText.contains("/src/1: "))
  }

  @Test func aPackThatNobodyKnowsIsRefused() throws {
    let test = try repository()
    let unknown = String(repeating: "ab", count: 32)
    let outcome = try test.igudar("repair", "packs", unknown, code: 1)
    #expect(outcome.errorText.contains(unknown))
    try test.igudar("check", "--read-data")
  }
}

/// Objects that the store has and cannot read.
struct UnreadableObjectTests {
  // A link to itself cannot be opened, whoever tries.
  private func spoil(_ object: String, _ test: TestRepository) throws {
    try test.shell(
      "mv repo/\(object) kept; ln -s loop repo/\(object); cd repo/$(dirname \(object)); ln -s loop loop"
    )
  }

  private func repository() throws -> (TestRepository, pack: String) {
    let test = try TestRepository()
    try test.shell("seq 100 > src/first; head -c 300000 /dev/urandom > src/second")
    try test.igudar("backup", "src/first")
    let first = try test.shell("cd repo; find packs -type f -size -90k").lines
    try test.igudar("backup", "src")
    let large = try test.shell("cd repo; find packs -type f -size +250k").lines
    #expect(!first.isEmpty && large.count == 1)
    return (test, large.first ?? "")
  }

  @Test func aPackThatCannotBeReadCostsWhatIsInIt() throws {
    let (test, pack) = try repository()
    try spoil(pack, test)
    let outcome = try test.igudar("restore", "latest:src", "-t", "out", code: 5)
    #expect(outcome.errorText.contains("out/second: "))
    #expect(outcome.errorText.contains(pack))
    try test.shell("cmp src/first out/first; test ! -e out/second")
    #expect(try test.igudar("check", "--read-data", code: 5).errorText.contains("second"))
    // Nobody deletes what may be read again.
    try test.igudar("prune", "--max-unused", "0", "--grace", "0", code: 5)
    try test.shell("rm repo/\(pack); mv kept repo/\(pack)")
    try test.igudar("check", "--read-data")
    try expectWhole(test)
  }

  @Test func aSegmentThatCannotBeReadIsPassedOver() throws {
    let (test, _) = try repository()
    let segment = try test.shell("cd repo; find index -type f | head -n 1").lines[0]
    try spoil(segment, test)
    try test.shell("rm -r cache")
    let outcome = try test.igudar("check", code: 4)
    #expect(outcome.errorText.contains("\(segment) cannot be read"))
    try test.igudar("repair", "index")
    try expectWhole(test)
  }

  @Test(arguments: ["mkdir", "mkfifo", "ln -s nothing"])
  func whatStandsInAPacksPlaceIsTakenOut(_ kind: String) throws {
    let (test, pack) = try repository()
    try test.shell("rm repo/\(pack); \(kind) repo/\(pack)")
    let check = try test.igudar("check", code: 5)
    #expect(check.errorText.contains("\(pack) cannot be read (is no regular file)"))
    try test.igudar("repair", "packs", pack, code: 5)
    try test.igudar("backup", "src")
    try test.igudar("check", "--read-data")
    try expectWhole(test)
  }

  @Test func aFileInThePlaceOfAFolderOfPacksCostsThesePacks() throws {
    let (test, pack) = try repository()
    try test.shell("cd repo; rm -r $(dirname \(pack)); touch $(dirname \(pack))")
    #expect(try test.igudar("check", code: 5).errorText.contains("\(pack) is missing"))
    try test.igudar("restore", "-q", "latest:src", "-t", "out", code: 5)
    try test.shell("cmp src/first out/first; rm repo/$(dirname \(pack))")
    try test.igudar("backup", "src")
    try expectWhole(test)
  }

  @Test func aRepositoryWithoutItsFormatIsDamagedAndNotAbsent() throws {
    let (test, _) = try repository()
    try test.shell("mv repo/format kept")
    let outcome = try test.igudar("snapshots", code: 5)
    #expect(outcome.errorText.contains("format is missing from the repository at "))
    #expect(outcome.errorText.contains("put it back from a copy"))
    try test.shell("mv kept repo/format")
    try test.igudar("check")
  }

  @Test func aStoreThatIsGoneIsNoDamage() throws {
    let (test, pack) = try repository()
    try spoil(pack, test)
    try spoil("format", test)
    let outcome = try test.igudar("restore", "latest:src", "-t", "out", code: 1)
    #expect(!outcome.errorText.contains("second"))
  }
}
