// `dump --archive` and `import tar`: what GNU tar unpacks is what `restore` brings, and what tar
// packed comes back as if it had been backed up.

import Glibc
import Testing

@Suite struct ArchiveTests {
  private let repository: TestRepository
  private static let isRoot = getuid() == 0

  init() throws {
    repository = try TestRepository()
  }

  /// Everything that tar can hold and this user can make.
  private func makeSource() throws {
    try repository.shell(
      #"""
      cd src; mkdir -p deep/er empty; printf one > one; ln one deep/linked; ln -s one soft
      ln -s ../one deep/soft; ln deep/soft deep/er/softer; mkfifo pipe; ln pipe deep/pipe
      head -c 5000000 /dev/urandom > large; truncate -s 3M hole; printf end >> hole
      truncate -s 40M hollow; printf start > late; truncate -s 300k late; : > none
      chmod 4751 one; chmod 1777 deep; chmod 600 large; touch "$(printf 'bad-\377')"
      touch "$(printf 'nfd-e\314\201')" "$(printf 'nfc-\303\251')" 'a.b' 'a b'; mkdir a
      printf x > a/below; n=$(head -c 200 /dev/zero | tr '\0' n); mkdir -p $n/$n; printf l > $n/$n/$n
      setfattr -n user.small -v grain one; setfattr -n user.large -v "$(head -c 3000 /dev/zero | tr '\0' v)" large
      setfattr -n user.folder -v 0x00ff00 deep
      setfacl -m u:1234:rw,g:77:r large; setfacl -d -m u:1234:rwx deep
      """#)
    if Self.isRoot {
      try repository.shell(
        """
        cd src; mknod chr c 1 3; mknod blk b 7 200; chown 3000000:4 large; chown -h 12:34 soft
        setfattr -n trusted.t -v secret one; chown 5:6 deep/er
        setfattr -n security.capability -v 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= a.b
        """)
    }
    try repository.shell(
      """
      cd src; touch -h -d '1969-12-31T23:59:54.876543211Z' soft; touch -d 2262-04-11T00:00:00.5Z none
      touch -d '2020-02-03T04:05:06.123456789Z' one deep/er empty .
      """)
  }

  private static let unpack =
    "LC_ALL=C tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf"

  @Test func whatTarUnpacksIsWhatRestoreBrings() throws {
    try makeSource()
    _ = try repository.backup("src")
    try repository.igudar("restore", "-q", "latest:src", "-t", "restored")
    let outcome = try repository.shell(
      "mkdir unpacked; \(Program.path) dump latest:src / | \(Self.unpack) - -C unpacked")
    let noise = ["hdrcharset", "time stamp"]
    #expect(
      outcome.errorText.split(separator: "\n").filter { line in
        !noise.contains { line.contains($0) }
      }.isEmpty)
    #expect(try repository.differences("restored", "unpacked") == [])
    #expect(try repository.differences("src", "unpacked") == [])
    let inodes = try repository.shell(
      """
      cd unpacked; stat -c %i one deep/linked deep/soft deep/er/softer pipe deep/pipe
      stat -c %b hollow hole late
      """
    ).lines.compactMap { Int($0) }
    #expect(inodes.count == 9)
    #expect(inodes[0] == inodes[1] && inodes[2] == inodes[3] && inodes[4] == inodes[5])
    #expect(inodes[6] == 0 && inodes[7] <= 16 && inodes[8] <= 16)
  }

  @Test(arguments: ["pax", "gnu"])
  func whatTarPackedIsAsIfBackedUp(_ format: String) throws {
    try makeSource()
    // tar keeps no other names of fifos.
    try repository.shell("rm src/deep/pipe; touch -r src/one src/deep")
    let options = format == "pax" ? "--xattrs --xattrs-include='*' --acls" : ""
    try repository.shell(
      "tar --format=\(format) \(options) --numeric-owner -S -cf a.tar -C src . 2> /dev/null")
    let summary = try repository.run(["import", "tar", "--json", "-q", "a.tar", "--tag", "tar"])
    #expect(try JSON(summary.text)["files_new"].map { $0.number ?? 0 > 15 } == true)
    try repository.igudar("restore", "-q", "latest", "-t", "imported")
    try repository.shell("mkdir unpacked; \(Self.unpack) a.tar -C unpacked 2> /dev/null")
    #expect(try repository.differences("unpacked", "imported") == [])
    if format == "pax" { #expect(try repository.differences("src", "imported") == []) }
    let blocks = try repository.shell("cd imported; stat -c %b hollow hole").lines
    #expect(blocks.compactMap { Int($0) }.reduce(0, +) <= 16)
    let snapshot = try #require(try repository.snapshots().last)
    #expect(snapshot["tags"] == .list([.text("tar")]))
    // The content is what a backup has stored already, and the other way round.
    let again = try repository.backup("src")
    #expect(again["data_blobs"].map { $0.number ?? 9 <= 1 } == true)
  }

  @Test func namesOfAttributesComeBackFromArchives() throws {
    try repository.shell(
      """
      echo x > src/x
      for name in a=b %41 '%' 'sp ace' %3D; do setfattr -n "user.$name" -v v src/x; done
      """)
    try repository.igudar("backup", "src")
    try repository.igudar("dump", "latest", "src", "-t", "ours.tar")
    try repository.shell("tar --xattrs --xattrs-include='*' -cf theirs.tar src")
    for archive in ["ours.tar", "theirs.tar"] {
      try repository.igudar("import", "tar", "-q", archive)
      try repository.igudar("restore", "-q", "latest:src", "-t", "from-\(archive)")
      #expect(try repository.differences("src", "from-\(archive)") == [])
    }
  }

  @Test func compressedArchivesComeFromPipes() throws {
    try repository.shell(
      "cd src; mkdir d; seq 100000 > d/numbers; tar cf ../a.tar .; gzip -k ../a.tar")
    try repository.shell("\(Program.path) import tar -q - < a.tar.gz")
    try repository.shell("xz -0 < a.tar | \(Program.path) import tar -q -")
    let trees = try repository.snapshots().map { $0["tree"] }
    #expect(trees.count == 2 && trees[0] == trees[1])
    let dry = try repository.igudar("import", "tar", "--dry-run", "a.tar")
    #expect(dry.text.contains("Would add to the repository: 0 B"))
    #expect(try repository.snapshots().count == 2)
  }

  @Test func membersComeInAnyOrderAndTheLastOfANameCounts() throws {
    try repository.shell(
      """
      mkdir -p t/z/y; cd t; printf 1 > z/y/file; printf b > b; chmod 700 z
      tar cf ../a.tar z/y/file b; tar rf ../a.tar --no-recursion z; ln b c; tar rf ../a.tar b c
      rm b; printf second > b; tar rf ../a.tar b; printf x > a; tar rf ../a.tar ./a
      tar rf ../a.tar --transform 's,a,../up,' a; ln -s b link; tar rf ../a.tar link
      tar rf ../a.tar --transform 's,a,link/in,' a
      """)
    let outcome = try repository.igudar("import", "tar", "a.tar", "--time", "2020-01-01", code: 3)
    #expect(outcome.errorText.contains("../up: left out: no snapshot can hold this path"))
    #expect(outcome.errorText.contains("link/in: left out: “link” is not a folder"))
    let paths = try repository.igudar("ls", "-q", "-l", "latest").lines
    #expect(
      paths.map { String($0.split(separator: "/", maxSplits: 1)[1]) } == [
        "a", "b", "c", "link -> b", "z", "z/y", "z/y/file",
      ])
    #expect(paths[4].hasPrefix("drwx------"))
    // What no member describes has the time of the snapshot.
    #expect(paths[5].contains("2020-01-01 00:00:00"))
    #expect(try repository.igudar("dump", "latest", "b").text == "second")
    #expect(try repository.igudar("dump", "latest", "c").text == "b")
  }

  @Test func aDeviceThatLinuxCannotHaveIsNamed() throws {
    let script = """
      import tarfile
      with tarfile.open('a.tar', 'w') as archive:
          for name, major, minor in [
              ('last', 4095, 1048575), ('major', 4096, 1), ('minor', 1, 1048576)]:
              member = tarfile.TarInfo(name)
              member.type, member.devmajor, member.devminor = tarfile.CHRTYPE, major, minor
              archive.addfile(member)
      """
    let made = try repository.sandbox.run(
      "/usr/bin/env", ["python3", "-c", script].map { Array($0.utf8) })
    #expect(made.code == 0, "\(made.errorText)")
    let outcome = try repository.igudar("import", "tar", "a.tar", code: 3)
    #expect(outcome.errorText.contains("major: its device number 4096:1 is none that Linux has"))
    #expect(outcome.errorText.contains("minor: its device number 1:1048576 is none that Linux has"))
    #expect(!outcome.errorText.contains("last: "))
  }

  @Test func damageLeavesNoSnapshot() throws {
    try repository.shell(
      """
      cd src; seq 200000 > a; seq 100000 > b; tar -b1 -cf ../a.tar a b; cd ..; gzip -k a.tar
      head -c 1000000 a.tar > cut.tar; head -c 200000 a.tar.gz > cut.tar.gz
      head -c $(( $(stat -c %s a.tar) - 1024 )) a.tar > ends.tar
      cp a.tar bad.tar; printf XXXXXXXX | dd of=bad.tar bs=1 seek=$((512 + 1289216 + 100)) conv=notrunc status=none
      : > empty.tar; tar cf none.tar -T /dev/null; head -c 20000 /dev/urandom > noise
      """)
    for (name, text) in [
      ("cut.tar", "in “a”: Truncated"), ("cut.tar.gz", "in “a”: truncated"),
      ("ends.tar", "no end mark"),
      ("bad.tar", "behind “a”"), ("empty.tar", ""), ("none.tar", "has no members"),
      ("noise", "Unrecognized archive format"), ("src", "src is a folder"),
      ("gone", "No such file"),
    ] {
      let outcome = try repository.igudar("import", "tar", name, code: 1)
      #expect(outcome.errorText.contains(text), "\(name): \(outcome.errorText)")
    }
    #expect(try repository.snapshots().isEmpty)
    try repository.igudar("import", "tar", "-q", "a.tar")
  }

  @Test func zipHoldsFilesFoldersAndLinks() throws {
    try repository.shell(
      """
      cd src; mkdir d; head -c 3000000 /dev/urandom > d/large; printf x > x; ln x d/y; ln -s x soft
      chmod 750 d; mkfifo pipe; touch -d 2020-02-03T04:05:06Z x d/large
      """)
    _ = try repository.backup("src")
    let outcome = try repository.igudar(
      "dump", "-a", "zip", "latest", "src", "-t", "out.zip", code: 3)
    #expect(outcome.errorText.contains("src/pipe: left out: zip has no place for a fifo"))
    let script = """
      import zipfile, sys, os
      z = zipfile.ZipFile('out.zip'); assert z.testzip() is None
      for i in z.infolist(): print(i.filename, oct(i.external_attr >> 16))
      assert z.read('src/d/large') == open('src/d/large', 'rb').read()
      assert z.read('src/d/y') == b'x' and z.read('src/soft') == b'x'
      """
    let listed = try repository.sandbox.run(
      "/usr/bin/env", ["python3", "-c", script].map { Array($0.utf8) })
    #expect(listed.code == 0, "\(listed.errorText)")
    #expect(
      listed.lines == [
        "src/ 0o40700", "src/d/ 0o40750", "src/d/large 0o100644", "src/d/y 0o100644",
        "src/soft 0o120777", "src/x 0o100644",
      ])
  }

  @Test func zipMarksThoseNamesAsUTF8ThatAre() throws {
    try repository.shell(
      "cd src; mkdir \"$(printf 'bad-\\377')\"; touch \"$(printf 'bad-\\377/in-\\303\\251')\" plain 'gr\u{e9}n'"
    )
    _ = try repository.backup("src")
    try repository.igudar("dump", "-a", "zip", "latest:src", "/", "-t", "out.zip")
    let script = """
      import zipfile
      for i in zipfile.ZipFile('out.zip').infolist():
        marked = bool(i.flag_bits & 0x800)
        print(i.filename.encode('utf-8' if marked else 'cp437').hex(), marked)
      """
    let listed = try repository.sandbox.run(
      "/usr/bin/env", ["python3", "-c", script].map { Array($0.utf8) })
    #expect(listed.code == 0, "\(listed.errorText)")
    #expect(
      listed.lines == [
        "2e2f False", "6261642dff2f False", "6261642dff2f696e2dc3a9 False", "6772c3a96e True",
        "706c61696e False",
      ])
  }

  @Test func aLostFileEndsTheArchiveWithAnError() throws {
    try repository.shell("cd src; head -c 6000000 /dev/urandom > b; printf z > c")
    _ = try repository.backup("src")
    try repository.shell(
      """
      for pack in repo/packs/*/*; do chmod u+w $pack; size=$(stat -c %s $pack)
        [ $size -gt 1000000 ] || continue
        printf XXXXXXXX | dd of=$pack bs=1 seek=$((size / 2)) conv=notrunc status=none
      done
      """)
    let outcome = try repository.igudar("dump", "latest", "src", "-t", "out.tar", code: 5)
    #expect(outcome.errorText.contains("“src/b”"))
    #expect(outcome.errorText.contains("out.tar: is not whole"))
    let tar = try repository.shell("tar tf out.tar > /dev/null 2>&1 && echo whole || echo broken")
    #expect(tar.lines == ["broken"])
  }

  @Test func aReaderThatLeavesEndsIt() throws {
    try repository.shell("cd src; head -c 6000000 /dev/urandom > b")
    _ = try repository.backup("src")
    let outcome = try repository.shell("\(Program.path) dump latest src | head -c 100 | wc -c")
    #expect(outcome.lines == ["100"])
    #expect(outcome.errors.isEmpty)
  }
}
