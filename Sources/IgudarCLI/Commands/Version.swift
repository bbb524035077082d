// `igudar version`.

/// The version of this program and what it was made with.
enum Version {
  static let number = "0.1.0"

  static let command = Command(
    "version", summary: "Print the version of igudar",
    details: "With --json one object as restic prints it, naming Swift instead of Go."
  ) { invocation in
    print(to: invocation.output)
    return .done
  }

  static func print(to output: Output) {
    guard output.isJSON else {
      return output.line("igudar \(number) compiled with Swift \(swift) on \(system)/\(machine)")
    }
    var object = JSONObject(message: "version")
    object.add("version", number)
    object.add("swift_version", swift)
    object.add("swift_os", system)
    object.add("swift_arch", machine)
    output.json(object)
  }

  private static let system = "linux"

  private static var swift: String {
    #if compiler(>=6.4)
      "6.4 or newer"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }

  private static var machine: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      "unknown"
    #endif
  }
}
