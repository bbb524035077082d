// `backup --read-special`: what is on block devices is saved; nothing else special is opened.

import Platform
import Testing

@Suite(.enabled(if: LoopDevice.isPermitted, "takes root and loop devices"))
struct DeviceContentTests {
  private let repository: TestRepository
  private let device: LoopDevice

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      head -c 700000 /dev/urandom > disk; truncate -s 1M disk; head -c 512 /dev/urandom >> disk
      """)
    device = try LoopDevice(repository.sandbox, over: "disk")
    try repository.shell(
      """
      cd src; echo barley > grain; ln -s \(device.path) volume; ln -s volume again; ln -s none none
      mkfifo fifo; mknod null c 1 3; mknod zero c 1 5; ln -s fifo pipe; ln -s zero zeros
      mknod node b $(stat -c '0x%t 0x%T' \(device.path))
      """)
  }

  @Test func whatIsOnADeviceIsSavedAsAFile() throws {
    _ = try repository.backup("--read-special", "src")
    try repository.igudar("restore", "latest:src", "-t", "out")
    for name in ["node", "volume", "again"] {
      try repository.shell("test -f out/\(name) -a ! -L out/\(name); cmp disk out/\(name)")
    }
    try repository.shell(
      """
      cd out; test -p fifo; test -c null; test -c zero; test -L pipe; test -L zeros; test -L none
      cmp ../src/grain grain
      """)
    let dumped = try repository.igudar("dump", "latest", "src/volume")
    #expect(dumped.output == (try repository.sandbox.read("disk")))
  }

  @Test func aLinkThatIsNamedIsFollowedToItsDevice() throws {
    _ = try repository.backup("--read-special", "src/volume")
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("cmp disk out/volume")
  }

  @Test func eachTimeItIsReadAnew() throws {
    _ = try repository.backup("src")
    _ = try repository.backup("--read-special", "src")
    // The loop device shows what its file holds, and no time of the device tells.
    try repository.shell(
      """
      printf changed | dd of=disk bs=1 seek=300000 conv=notrunc 2>/dev/null
      /usr/sbin/blockdev --flushbufs \(device.path)
      """)
    _ = try repository.backup("--read-special", "src")
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("cmp disk out/node")
    // Without the flag the node is a node again.
    _ = try repository.backup("src")
    try repository.igudar("restore", "latest:src", "-t", "nodes")
    try repository.shell("test -b nodes/node; test -L nodes/volume")
  }
}
