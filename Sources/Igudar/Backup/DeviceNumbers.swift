// File systems by number, in the order in which a run meets them: the kernel's own numbers change
// from mount to mount, and trees should not.

/// Numbers file systems from 0.
struct DeviceNumbers {
  private var numbers: [UInt64: UInt64] = [:]

  /// The number of a device.
  mutating func number(of device: UInt64) -> UInt64 {
    if let known = numbers[device] { return known }
    let fresh = UInt64(numbers.count)
    numbers[device] = fresh
    return fresh
  }
}
