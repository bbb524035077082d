// One computation for many values, by all processors.

import Synchronization

// What the threads came to, by where their slices begin.
private final class Parts<Value: Sendable>: Sendable {
  let byStart = Mutex<[Int: [Value]]>([:])
}

extension Array where Element: Sendable {
  /// Maps in order, neighbours together, with one slice for each processor; few elements are not worth
  /// a thread.
  package func parallelMap<Value: Sendable>(
    slices transform: @escaping @Sendable (ArraySlice<Element>) -> [Value]
  ) -> [Value] {
    let width = (count + processorCount() - 1) / processorCount()
    guard width > 32 else { return transform(self[...]) }
    let parts = Parts<Value>()
    let starts = Array<Int>(stride(from: width, to: count, by: width))
    let threads = starts.map { start in
      let slice = self[start..<Swift.min(start + width, count)]
      return Thread.start(name: "map") {
        let values = transform(slice)
        parts.byStart.withLock { $0[start] = values }
      }
    }
    let first = transform(prefix(width))
    for thread in threads { thread.join() }
    return parts.byStart.withLock { found in
      starts.reduce(into: first) { $0 += found[$1] ?? [] }
    }
  }
}
