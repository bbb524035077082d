// What to do about damage, by what is damaged: each kind of object has its own remedy.

/// The next step after damage.
struct DamageAdvice {
  private var sentences: [String] = []

  /// Advice about objects, each named at the beginning of a text; `isRepairable` if nothing is lost.
  init(_ objects: [String], isRepairable: Bool) {
    for object in objects { add(Self.sentence(object, isRepairable)) }
  }

  /// Advice about all that a check found: objects, and whether there are paths that cannot be restored.
  ///
  /// `hasReadAll` if it read every pack whole.
  init(afterCheck objects: [String], hasPaths: Bool, hasReadAll: Bool) {
    let (packs, others) = Self.packs(among: objects)
    for object in others { if let remedy = Self.remedy(object) { add(remedy) } }
    if !packs.isEmpty { add(Self.repair(of: packs)) }
    guard hasPaths else {
      if sentences.isEmpty { for object in others { add(Self.sentence(object, true)) } }
      return
    }
    if !hasReadAll {
      add("`igudar check --read-data` finds all packs that are damaged.")
    } else if sentences.isEmpty {
      add("`igudar repair index` finds packs that the index does not know.")
    }
    add(
      """
      The next backup then stores again what is still at its source. A snapshot that stays damaged can be \
      forgotten.
      """)
  }

  private mutating func add(_ sentence: String) {
    if !sentences.contains(sentence) { sentences.append(sentence) }
  }

  // Packs that a sentence names; more are named by their findings alone.
  private static let namedPacks = 16

  // Beginnings of the hashes of packs, each once, and what is no pack.
  private static func packs(among objects: [String]) -> (packs: [Substring], others: [String]) {
    var packs: [Substring] = []
    var known: Set<Substring> = []
    var others: [String] = []
    for object in objects {
      let parts = object.split(separator: "/")
      guard parts.count == 3, parts[0] == "packs" else {
        others.append(object)
        continue
      }
      let hash = parts[2].prefix(12)
      if known.insert(hash).inserted { packs.append(hash) }
    }
    return (packs, others)
  }

  private static func repair(of packs: [Substring]) -> String {
    let names = packs.prefix(namedPacks).joined(separator: " ")
    let more = packs.count - namedPacks
    return "`igudar repair packs \(names)` takes out what is damaged and keeps what it still gives."
      + (more > 0 ? " The findings name \(counted(UInt64(more), "more pack"))." : "")
  }

  /// The sentences, one behind the other.
  var text: String { sentences.joined(separator: " ") }

  private static func sentence(_ object: String, _ isRepairable: Bool) -> String {
    remedy(object)
      ?? (isRepairable
        ? "`igudar repair packs` takes out packs that `igudar check --read-data` names."
        : """
        `igudar check --read-data` names what it touches and what repairs it: `igudar repair index`, or \
        `igudar repair packs`, which takes damaged packs out; the next backup then stores again what is \
        still at its source. A snapshot that stays damaged can be forgotten.
        """)
  }

  // What helps where an object of this kind is damaged, if it has a kind of its own.
  private static func remedy(_ object: String) -> String? {
    if object.hasPrefix("journal/") {
      return """
        `igudar repair journal` writes a lost entry back from what a machine remembers that has used \
        the repository; so does a copy of the object, put in its place.
        """
    }
    if object.hasPrefix("format ") || object == "format" || object.hasPrefix("keyring/") {
      return """
        It has not changed since `igudar init`: put it back from a copy of the repository. Nothing \
        opens without it.
        """
    }
    if object == "slots/" || object.hasPrefix("slots/ ") {
      return """
        No password or key file opens it any more: put the folder back from a copy of the \
        repository.
        """
    }
    if object.hasPrefix("slots/") {
      return """
        If there is another password or key file, it opens the repository as before: with it, remove \
        the damaged key with `igudar key remove` and add a new one with `igudar key add`. Otherwise put \
        the object back from a copy of the repository.
        """
    }
    if object.hasPrefix("index/") {
      return "`igudar repair index` rebuilds the index from the packs."
    }
    if object.hasPrefix("the record of snapshot") {
      return "`igudar forget` takes the snapshot out of the list; nothing else is known of it."
    }
    return nil
  }
}
