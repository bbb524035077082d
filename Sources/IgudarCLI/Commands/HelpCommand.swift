// `igudar help`.

import Glibc
import Platform

extension Help {
  static let command = Command(
    "help", summary: "Explain igudar or one of its commands", operands: "[COMMAND]",
    operandCount: 0...2
  ) { invocation in
    let words = try invocation.textOperands()
    try print(about: words.isEmpty ? nil : words.joined(separator: " "), to: invocation.output)
    return .done
  }

  static func print(about topic: String?, to output: Output) throws(Failure) {
    for line in try lines(about: topic, width: columns) { output.line(line) }
  }

  // COLUMNS is what the user says, the terminal what it is.
  private static var columns: Int {
    let named = environment("COLUMNS").flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    return named ?? terminalWidth(of: STDOUT_FILENO) ?? Help.usualWidth
  }
}
