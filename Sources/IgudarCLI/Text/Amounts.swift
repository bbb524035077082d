// Sizes, durations, shares and counts for people, in restic's style.

/// Bytes as people read them: `512 B`, `1.500 KiB`, `3.042 GiB`.
func humanSize(_ bytes: UInt64) -> String {
  let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
  guard bytes >= 1024 else { return "\(bytes) B" }
  let power = min((63 - bytes.leadingZeroBitCount) / 10, units.count)
  let value = Double(bytes) / Double(UInt64(1) << UInt64(10 * power))
  return "\(fixed(value, decimals: 3)) \(units[power - 1])"
}

/// Seconds as a clock: `0:07`, `12:34`, `1:02:03`.
func humanDuration(_ seconds: Double) -> String {
  let whole = Int(max(0, min(seconds, 1e9)))
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  return hours > 0
    ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
}

/// A part of a whole as `12.34%`; the part is never shown above the whole.
func humanShare(_ part: UInt64, of whole: UInt64) -> String {
  whole == 0 ? "100.00%" : "\(fixed(min(1, Double(part) / Double(whole)) * 100, decimals: 2))%"
}

/// A count with its noun: `1 file`, `12 files`.
func counted(_ number: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
  number == 1 ? "1 \(noun)" : "\(number) \(plural ?? noun + "s")"
}

/// A number with a fixed count of decimals, rounded to nearest.
func fixed(_ value: Double, decimals: Int) -> String {
  let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
  let scaled = Int64((value.magnitude * Double(scale)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  let whole = scaled / Int64(scale)
  guard decimals > 0 else { return "\(sign)\(whole)" }
  return "\(sign)\(whole).\(padded(Int(scaled % Int64(scale)), to: decimals))"
}
