// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

// What is used of libraries is linked into the released program: loading sixteen of them (libarchive brings
// libxml2 and ICU) took a third of the time of a command that does nothing.
func floor(
  _ name: String, on dependencies: [Target.Dependency], linking libraries: [String] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, swiftSettings: strict,
    linkerSettings: libraries.flatMap { library -> [LinkerSetting] in
      [
        .linkedLibrary(":lib\(library).a", .when(configuration: .release)),
        .linkedLibrary(library, .when(configuration: .debug)),
      ]
    })
}

func tests(of name: String, with dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "igudar",
  products: [
    .library(name: "Igudar", targets: ["Igudar"]),
    .library(name: "Vault", targets: ["Vault"]),
    .executable(name: "igudar", targets: ["IgudarCLI"]),
    // For the nested packages `Fuzz` and `Benchmarks` alone: what they call is `package`, which
    // they cannot see.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    .library(name: "BenchmarkTargets", targets: ["BenchmarkTargets"]),
  ],
  targets: [
    .systemLibrary(name: "CZstd"),
    .systemLibrary(name: "CSodium"),
    .systemLibrary(name: "CCrypto"),
    .systemLibrary(name: "CLMDB"),
    .systemLibrary(name: "CArchive"),
    .target(name: "CLinux"),
    .target(name: "CBlake2b"),
    .target(name: "CGear"),
    floor("Platform", on: ["CLinux"]),
    floor("Storage", on: ["Platform"]),
    floor(
      "Vault",
      on: ["Platform", "Storage", "CBlake2b", "CGear", "CZstd", "CSodium", "CCrypto", "CLMDB"],
      linking: ["zstd", "sodium", "crypto", "lmdb"]),
    floor(
      "Igudar", on: ["Platform", "Storage", "Vault", "CArchive"],
      linking: ["archive", "lzma", "bz2", "z", "lz4", "nettle"]),
    .executableTarget(
      name: "IgudarCLI", dependencies: ["CLinux", "Platform", "Storage", "Vault", "Igudar"],
      swiftSettings: strict,
      // A program that people start by hand many times a day is not to load seven libraries first, that of
      // C++ among them, which takes a fifth of the time of a command that does nothing.
      // Its libsodium gets large pages (Sources/CLinux/pages.c).
      linkerSettings: [
        .unsafeFlags(
          [
            "-static-stdlib", "-L\(Context.packageDirectory)/Linking",
            "-Xclang-linker", "-static-libgcc",
            "-Xlinker", "--wrap=mmap", "-Xlinker", "--wrap=munmap",
          ],
          .when(configuration: .release))
      ]),
    .target(
      name: "FuzzTargets", dependencies: ["Platform", "Storage", "Vault", "Igudar"],
      path: "Fuzz/Targets", swiftSettings: strict),
    .target(
      name: "BenchmarkTargets", dependencies: ["Platform", "Storage", "Vault", "Igudar"],
      path: "Benchmarks/Targets", swiftSettings: strict),
    tests(of: "FuzzTests", with: ["FuzzTargets"]),
    tests(of: "PlatformTests", with: ["Platform", "CLinux"]),
    tests(of: "StorageTests", with: ["Storage", "Platform"]),
    tests(of: "VaultTests", with: ["Vault", "Storage", "Platform", "CSodium", "CGear"]),
    tests(of: "IgudarTests", with: ["Igudar", "Vault", "Storage", "Platform"]),
    tests(of: "CommandTests", with: ["IgudarCLI", "Igudar", "Storage", "Platform"]),
  ],
  swiftLanguageModes: [.v6]
)
