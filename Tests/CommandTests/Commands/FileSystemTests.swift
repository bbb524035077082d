// Restores onto file systems of other kinds: what they can hold comes back, what they cannot is
// named, and a patched file shares its blocks with the one before it where they can be shared.

import Platform
import Testing

@Suite struct FileSystemTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
  }

  private static let tools = String(
    decoding: FilePath(#filePath).parent.parent.parent.appending("Comparer").bytes, as: UTF8.self)

  private static let complete = [MountedImage.Kind.xfs, .btrfs].filter(\.isPermitted)

  @Test(
    .enabled(if: !complete.isEmpty, "only root mounts XFS or btrfs, where they are to be had"),
    arguments: complete)
  func everythingComesBackFromThereAndThere(_ kind: MountedImage.Kind) throws {
    let disk = try MountedImage(kind, in: repository.sandbox)
    let (source, target) = ("\(disk.path)/src", "\(disk.path)/out")
    let made = try repository.shell("python3 \(Self.tools)/make_everything.py \(source)")
    // What this file system cannot have; XFS has projects.
    for line in made.lines { print(line) }
    #expect(!made.text.contains("project") || kind == .btrfs)
    let backup = try repository.igudar("backup", source)
    #expect(backup.errors.isEmpty, "\(backup.errorText)")
    for isFirst in [true, false] {
      let restore = try repository.igudar(
        "restore", "latest:\(source)", "-t", target, "--json")
      #expect(restore.errors.isEmpty, "\(restore.errorText)")
      let summary = try #require(try JSON.lines(restore.text).last)
      // What is there needs nothing: XFS tells of access lists twice, under two names.
      if !isFirst { #expect(summary["files_restored"] == .number(0)) }
      try repository.shell("python3 \(Self.tools)/compare_trees.py \(source) \(target)")
    }
  }

  @Test(
    .enabled(if: !complete.isEmpty, "only root mounts XFS or btrfs, where they are to be had"),
    arguments: complete)
  func aPatchedFileSharesItsBlocks(_ kind: MountedImage.Kind) throws {
    let disk = try MountedImage(kind, in: repository.sandbox)
    try repository.shell("head -c 24000000 /dev/urandom > src/file")
    _ = try repository.backup("src")
    let target = "\(disk.path)/out"
    try repository.igudar("restore", "latest:src", "-t", target)
    try repository.shell(
      """
      cd \(target); ln file other
      printf X | dd of=file bs=1 seek=12000000 conv=notrunc status=none
      sync -f .; rm other
      device=$(basename $(findmnt -no SOURCE \(disk.path)))
      awk '{ print $7 }' /sys/block/$device/stat > ../before; cp --reflink=always file ../kept
      """)
    try repository.igudar("restore", "latest:src", "-t", target)
    // Sectors of 512 bytes; all of the file are 47,000, and the chunk with what is around it 300.
    try repository.shell(
      """
      sync -f \(target); cd \(target); cmp file \(repository.path("src"))/file
      device=$(basename $(findmnt -no SOURCE \(disk.path)))
      test $(($(awk '{ print $7 }' /sys/block/$device/stat) - $(cat ../before))) -lt 8000
      /usr/sbin/filefrag -v file | grep -q shared
      """)
  }

  @Test(
    .enabled(
      if: MountedImage.Kind.smallExt4.isPermitted, "only root mounts ext4, where it is to be had"))
  func timesThatCannotBeKeptAreNamed() throws {
    let disk = try MountedImage(.smallExt4, in: repository.sandbox)
    try repository.shell(
      """
      for f in a b c whole; do echo $f > src/$f; done
      touch -d @1000000000.25 src/a src/b; touch -d @1000000000 src src/whole
      touch -d @4000000000.5 src/c
      """)
    _ = try repository.backup("src")
    let outcome = try repository.igudar(
      "restore", "latest:src", "-t", "\(disk.path)/out", "-j", "1", code: 1)
    let lines = outcome.errorText.split(separator: "\n")
    #expect(lines.count == 4, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("out/a: its time is not kept as exactly"))
    #expect(outcome.errorText.contains("out/c: the file system cannot hold its modification time"))
    try repository.shell("diff -r src \(disk.path)/out")
  }

  @Test(
    .enabled(
      if: MountedImage.Kind.exfat.isPermitted, "only root mounts exFAT, where exfat-fuse is"))
  func whatFoldsIntoOneNameIsNamedAndSoIsWhatCannotBeThere() throws {
    let disk = try MountedImage(.exfat, in: repository.sandbox)
    try repository.shell(
      """
      mkdir -p src/Folder src/folder; echo 1 > src/Folder/one; echo 2 > src/folder/two
      echo upper > src/NAME; echo lower > src/name; ln src/NAME src/other; ln -s NAME src/symbolic
      mkfifo src/pipe; chown 1234:1234 src/Folder/one; find src -exec touch -h -d @1000000000 {} +
      """)
    _ = try repository.backup("src")
    let target = "\(disk.path)/out"
    for _ in 0..<2 {
      let outcome = try repository.igudar(
        "restore", "latest:src", "-t", target, code: 1)
      for trouble in [
        "out/folder: something got this name since, or one that is the same here",
        "out/name: something got this name since, or one that is the same here",
        "out/other: Operation not permitted (hard link",
        "out/symbolic: Function not implemented (making it)", "out/pipe: ",
        "out/Folder/one: Operation not permitted (chown)",
      ] { #expect(outcome.errorText.contains(trouble), "\(trouble)\n\(outcome.errorText)") }
      try repository.shell(
        """
        test "$(cd \(target); find . -type f | sort | tr '\\n' ' ')" = './Folder/one ./NAME '
        cmp src/NAME \(target)/NAME; cmp src/Folder/one \(target)/Folder/one
        """)
    }
  }

  @Test(.enabled(if: Tracer.isPermitted, "strace may not trace here"))
  func aFileSystemWithoutExclusiveRenamesWillDo() throws {
    try repository.shell("mkdir -p src/a; echo x > src/a/x; ln -s x src/a/y; mkfifo src/a/z")
    _ = try repository.backup("src")
    let outcome = try Tracer.failing("renameat2", "EINVAL").igudar(
      repository.sandbox, ["restore", "latest:src", "-t", "out"])
    #expect(outcome.code == 0, "\(outcome.errorText)")
    try repository.shell("test -z \"$(rsync -aHnic --delete src/ out/ | tee /dev/stderr)\"")
  }
}
