// One JSON document that is printed as it is made: long lists are never held. Indented for people,
// on one line with --json.

/// A JSON object on its way to the output.
final class JSONDocument {
  private let output: Output
  private var indenter = JSONIndenter()
  private var isEmpty = true

  private init(_ output: Output) {
    self.output = output
  }

  /// Prints the object that the body makes.
  static func print(to output: Output, _ body: (JSONDocument) throws -> Void) rethrows {
    let document = JSONDocument(output)
    document.put("{")
    try body(document)
    document.put("}")
    output.write([UInt8(ascii: "\n")])
  }

  /// Prints an object as a whole.
  static func print(_ object: JSONObject, to output: Output) {
    print(to: output) { $0.add(membersOf: object) }
  }

  /// Adds all members of an object.
  func add(membersOf object: JSONObject) {
    let members = object.bytes.dropFirst().dropLast()
    guard !members.isEmpty else { return }
    if !isEmpty { put(",") }
    isEmpty = false
    put(Array(members))
  }

  /// Adds a list; each of the items is printed at once.
  func list<Item>(_ key: String, _ items: some Sequence<Item>, _ value: (Item) -> some JSONWritable)
  {
    if !isEmpty { put(",") }
    isEmpty = false
    var name: [UInt8] = []
    key.write(to: &name)
    put(name)
    put(":[")
    var isFirst = true
    for item in items {
      var text: [UInt8] = isFirst ? [] : [UInt8(ascii: ",")]
      value(item).write(to: &text)
      put(text)
      isFirst = false
    }
    put("]")
  }

  private func put(_ text: String) { put(Array(text.utf8)) }

  private func put(_ bytes: [UInt8]) {
    output.write(output.isJSON ? bytes : indenter.indented(bytes))
  }
}
