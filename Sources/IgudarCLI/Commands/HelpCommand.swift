// `igudar help`.

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
    for line in try lines(about: topic) { output.line(line) }
  }
}
