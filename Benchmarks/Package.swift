// swift-tools-version: 6.2
// Measures the parts of Igudar and the whole:
//   swift run --package-path Benchmarks -c release benchmarks [NAME…] [--json]
import PackageDescription

let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "igudar", path: "..")],
  targets: [
    .executableTarget(
      name: "benchmarks", dependencies: [.product(name: "BenchmarkTargets", package: "igudar")],
      swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)])
  ],
  swiftLanguageModes: [.v6]
)
