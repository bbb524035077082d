// The entry point that libFuzzer calls. The target is the one that IGUDAR_FUZZ_TARGET names.

import FuzzTargets
import Glibc

private let target: FuzzTarget = {
  let name = unsafe getenv("IGUDAR_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    let names = FuzzTarget.all.map(\.name).joined(separator: " ")
    fatalError("IGUDAR_FUZZ_TARGET names no target; there are: \(names)")
  }
  return target
}()

/// Runs the target on one input.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> Int32 {
  // A copy of the exact size, so that the sanitizer sees a read behind its end.
  let input = unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  do throws(Finding) { _ = try target.run(input) } catch { fatalError("found: \(error)") }
  return 0
}
