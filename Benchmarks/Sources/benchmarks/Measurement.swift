// What one benchmark took: time by the wall and of all processors, memory, calls to read and write.

import BenchmarkTargets
import Glibc

/// What a benchmark took, of the median round where nothing else is said.
struct Measurement {
  let name: String
  let amount: Int
  let unit: Round.Unit
  let roundCount: Int
  let wall: Double
  let slowestWall: Double
  let cpu: Double
  /// What was prepared included, in bytes; nil where the kernel does not tell.
  let peakMemory: Int?
  /// Calls to read and write and their kin, in the last round.
  let readCalls: Int
  let writeCalls: Int
  let counts: [String: Int]

  init(of benchmark: Benchmark, seconds: Double, roundCount leastRounds: Int) throws {
    let round = try benchmark.prepare()
    Self.resetPeakMemory()
    try round.before()
    _ = try round.run()
    var rounds: [(wall: Double, cpu: Double)] = []
    var total = 0.0
    var counts: [String: Int] = [:]
    var calls = (read: 0, write: 0)
    while rounds.count < leastRounds || total < seconds {
      try round.before()
      let callsBefore = Self.calls()
      let cpuBefore = Self.cpuSeconds()
      let start = ContinuousClock.now
      counts = try round.run()
      let wall = Self.seconds(start.duration(to: .now))
      rounds.append((wall, Self.cpuSeconds() - cpuBefore))
      let callsAfter = Self.calls()
      calls = (callsAfter.read - callsBefore.read, callsAfter.write - callsBefore.write)
      total += wall
    }
    rounds.sort { $0.wall < $1.wall }
    let median = rounds[rounds.count / 2]
    name = benchmark.name
    amount = round.amount
    unit = round.unit
    roundCount = rounds.count
    wall = median.wall
    cpu = median.cpu
    slowestWall = rounds[rounds.count - 1].wall
    peakMemory = Self.statusBytes("VmHWM:")
    readCalls = calls.read
    writeCalls = calls.write
    self.counts = counts
  }

  // MARK: What the system tells

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  private static func cpuSeconds() -> Double {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }

  // ru_maxrss never sinks; the kernel's other counter can be set back.
  private static func resetPeakMemory() {
    guard let file = unsafe fopen("/proc/self/clear_refs", "w") else { return }
    unsafe fputs("5", file)
    unsafe fclose(file)
  }

  private static func statusBytes(_ label: String) -> Int? {
    number(behind: label, in: "/proc/self/status").map { $0 << 10 }
  }

  private static func calls() -> (read: Int, write: Int) {
    let path = "/proc/self/io"
    return (number(behind: "syscr:", in: path) ?? 0, number(behind: "syscw:", in: path) ?? 0)
  }

  private static func number(behind label: String, in path: String) -> Int? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { _ = unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, file) != nil {
      let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let words = String(decoding: bytes, as: UTF8.self).split { $0.isWhitespace }
      if words.count > 1, words[0] == label { return Int(words[1]) }
    }
    return nil
  }

  // MARK: What people and programs read

  /// Millions of bytes or thousands of items, in a second.
  private var rate: String {
    let perSecond = Double(amount) / wall
    return switch unit {
    case .bytes: "\(Self.decimal(perSecond / 1e6, 0)) MB/s"
    case .items: "\(Self.decimal(perSecond / 1e3, 0)) k/s"
    }
  }

  static let header = row(
    "benchmark", ["rate", "wall ms", "slowest", "cpu ms", "peak MB", "reads", "writes"], "counts")

  var line: String {
    let told = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return Self.row(
      name,
      [
        rate, Self.decimal(wall * 1e3, 1), Self.decimal(slowestWall * 1e3, 1),
        Self.decimal(cpu * 1e3, 1), peakMemory.map { Self.decimal(Double($0) / 1e6, 0) } ?? "–",
        String(readCalls), String(writeCalls),
      ], told.joined(separator: ", "))
  }

  private static func row(_ name: String, _ columns: [String], _ rest: String) -> String {
    let padded = columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }
    let room = String(repeating: " ", count: max(1, 30 - name.count))
    return name + room + padded.joined() + (rest.isEmpty ? "" : "  " + rest)
  }

  var json: String {
    var fields = [
      "\"name\":\"\(name)\"", "\"amount\":\(amount)", "\"unit\":\"\(unit.rawValue)\"",
      "\"rounds\":\(roundCount)", "\"wall_seconds\":\(wall)",
      "\"slowest_wall_seconds\":\(slowestWall)", "\"cpu_seconds\":\(cpu)",
      "\"read_calls\":\(readCalls)", "\"write_calls\":\(writeCalls)",
    ]
    if let peakMemory { fields.append("\"peak_memory_bytes\":\(peakMemory)") }
    let told = counts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
    fields.append("\"counts\":{\(told.joined(separator: ","))}")
    return "{" + fields.joined(separator: ",") + "}"
  }

  private static func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = digits == 0 ? 1.0 : 10.0
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? String(Int(rounded)) : "\(rounded)"
  }
}
