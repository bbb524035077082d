// File systems whose files the kernel makes up while they are read.

import CLinux

/// Whether an open file lies on a file system without a store behind it, as /proc and /sys are.
///
/// What is read there need not have an end, waits for events, or takes them from who should have them.
package func isMadeByKernel(_ descriptor: Int32) -> Bool {
  var magic: UInt32 = 0
  return unsafe clinux_file_system(descriptor, &magic) == 0 && kernelFileSystems.contains(magic)
}

// Numbers of linux/magic.h: proc, sysfs, debugfs, tracefs, cgroup, cgroup2, securityfs, configfs,
// selinuxfs, pstore, bpf, binfmt_misc.
private let kernelFileSystems: Set<UInt32> = [
  0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x0027_e0eb, 0x6367_7270, 0x7363_6673, 0x6265_6570,
  0xf97c_ff8c, 0x6165_676c, 0xcafe_4a11, 0x4249_4e4d,
]
