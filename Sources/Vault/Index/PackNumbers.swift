// Sets of packs by the numbers that an index gives them: large repositories have a hundred thousand
// packs, and most sets hold nearly all of them or are asked of each.

/// A set of pack numbers, one bit for each up to the highest.
package struct PackNumbers: Sendable {
  private var words: [UInt64] = []

  package func contains(_ number: UInt32) -> Bool {
    let word = Int(number >> 6)
    return word < words.count && words[word] & 1 << UInt64(number & 63) != 0
  }

  mutating func insert(_ number: UInt32) {
    let word = Int(number >> 6)
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    words[word] |= 1 << UInt64(number & 63)
  }
}
