// What to do about damage, by what is damaged: each kind of object has its own remedy.

/// The next step after damage.
struct DamageAdvice {
  private var sentences: [String] = []

  /// Advice about objects, each named at the beginning of a text; `isRepairable` if nothing is lost.
  init(_ objects: [String], isRepairable: Bool) {
    for object in objects {
      let sentence = Self.sentence(object, isRepairable)
      if !sentences.contains(sentence) { sentences.append(sentence) }
    }
  }

  /// The sentences, one behind the other.
  var text: String { sentences.joined(separator: " ") }

  private static func sentence(_ object: String, _ isRepairable: Bool) -> String {
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
    return isRepairable
      ? "`igudar repair packs` takes out packs that `igudar check --read-data` names."
      : """
      `igudar check --read-data` names what it touches and what repairs it: `igudar repair index`, or \
      `igudar repair packs`, which takes damaged packs out; the next backup then stores again what is \
      still at its source. A snapshot that stays damaged can be forgotten.
      """
  }
}
