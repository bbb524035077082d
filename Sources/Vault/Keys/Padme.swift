// Padmé (Nikitin et al., PETS 2019): a length says no more than its few leading bits, for at most
// 12 % more bytes.

/// The padded length of FORMAT.md section 1 for a length, 0 and 1 being themselves.
package func padme(_ length: Int) -> Int {
  precondition(length >= 0, "a length is not negative")
  guard length >= 2 else { return length }
  let exponent = Int.bitWidth - 1 - length.leadingZeroBitCount
  let kept = Int.bitWidth - exponent.leadingZeroBitCount
  let mask = (1 << max(0, exponent - kept)) - 1
  return (length + mask) & ~mask
}
