// Runs benchmarks by name: all whose name begins with one of the arguments, or all.

import BenchmarkTargets
import Glibc

private let usage = """
  usage: benchmarks [NAME…] [--json] [--list] [--seconds N] [--rounds N]
         benchmarks fill REPOSITORY KEYFILE CHUNKS

  Runs the benchmarks whose names begin with NAME (all but the large ones without one): a round to warm up, then
  rounds for N seconds (1), at least as many as --rounds says (5). Times are those of the median
  round. Of a machine that others use only the counts mean something.

  """

private struct Arguments {
  var names: [String] = []
  var isJSON = false
  var isList = false
  var seconds = 1.0
  var roundCount = 5

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": isJSON = true
      case "--list": isList = true
      case "--seconds": seconds = Double(rest.popFirst() ?? "") ?? seconds
      case "--rounds": roundCount = max(1, Int(rest.popFirst() ?? "") ?? roundCount)
      case _ where argument.hasPrefix("-"): fail(usage)
      default: names.append(argument)
      }
    }
  }

  var benchmarks: [Benchmark] {
    Benchmark.all.filter { benchmark in
      names.isEmpty ? !benchmark.isLarge : names.contains { benchmark.name.hasPrefix($0) }
    }
  }
}

private func fail(_ text: String) -> Never {
  unsafe _ = write(2, text, text.utf8.count)
  exit(2)
}

private let fillUsage = """
  usage: benchmarks fill REPOSITORY KEYFILE CHUNKS

  Makes a local repository know of so many more chunks than it has, for measurements.

  """

/// `fill`: makes a repository large.
private func fill(_ words: ArraySlice<String>) {
  let words = Array(words)
  guard words.count == 3, let count = Int(words[2]), count > 0, count <= 1 << 31 else {
    fail(fillUsage)
  }
  do { try LargeIndex(chunkCount: count).fill(repository: words[0], keyFile: words[1]) } catch {
    fail("\(words[0]): \(error)\n")
  }
}

if CommandLine.arguments.dropFirst().first == "fill" {
  fill(CommandLine.arguments.dropFirst(2))
  exit(0)
}
private let arguments = Arguments(Array(CommandLine.arguments.dropFirst()))
private let benchmarks = arguments.benchmarks
if benchmarks.isEmpty { fail("no benchmark has such a name\n\n" + usage) }
if arguments.isList {
  for benchmark in benchmarks { print(benchmark.name) }
  exit(0)
}
#if DEBUG
  unsafe _ = write(2, "a debug build measures nothing: use -c release\n", 47)
#endif
if !arguments.isJSON { print(Measurement.header) }
private var isFirst = true
for benchmark in benchmarks {
  do {
    let measurement = try Measurement(
      of: benchmark, seconds: arguments.seconds, roundCount: arguments.roundCount)
    if arguments.isJSON {
      print(isFirst ? "[" : ",", measurement.json)
    } else {
      print(measurement.line)
    }
    fflush(nil)
    isFirst = false
  } catch { fail("\(benchmark.name): \(error)\n") }
}
if arguments.isJSON { print("]") }
