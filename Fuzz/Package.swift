// swift-tools-version: 6.2
// libFuzzer around the targets of the main package. Build it with `Fuzz/run`: without
// `--sanitize fuzzer` there is no `main` to link.
import PackageDescription

let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "igudar", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz", dependencies: [.product(name: "FuzzTargets", package: "igudar")],
      swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)])
  ],
  swiftLanguageModes: [.v6]
)
