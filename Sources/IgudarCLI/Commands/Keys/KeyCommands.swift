// `igudar key list`, `key add`, `key remove`, `key passwd`: the ways to unlock a repository.

import Igudar
import Platform
import Vault

/// Keys of a repository.
enum KeyCommands {
  static let list = Command(
    "key list", summary: "List the keys: passwords and key files that unlock the repository",
    details: "The one that unlocked it now is marked with *."
  ) { invocation in
    let repository = try invocation.openRepository()
    let (keys, damages) = try repository.keys()
    for damage in damages { invocation.output.warning(damage) }
    for key in keys where key.information == nil {
      invocation.output.warning("slots/\(key.id) was tampered with: it does not say who made it")
    }
    if invocation.output.isJSON {
      invocation.output.json(keys.map(\.object))
    } else {
      print(keys, invocation.output)
    }
    return .done
  }

  private static func print(_ keys: [KeyDescription], _ output: Output) {
    var table = Table(" ID", "User", "Host", "Created", "Type")
    for key in keys {
      table.add(
        (key.isCurrent ? "*" : " ") + key.shortID, key.user, key.host, key.created,
        key.kind.rawValue)
    }
    for line in table.lines() { output.line(line) }
  }

  static let add = Command(
    "key add", summary: "Add a password or key file that unlocks the repository",
    details: """
      Whoever has any of the keys can read and change everything. The new password is asked for
      twice unless --new-password-file gives it. A key file that does not exist yet is made.
      """,
    options: NewKey.options
  ) { invocation in
    let repository = try invocation.openRepository()
    let key = try NewKey(invocation)
    let id = try repository.addKey(try key.secret(), information: key.information)
    tell("added", id, "added key \(id.prefix(8))", invocation.output)
    return .done
  }

  static let remove = Command(
    "key remove", summary: "Remove a key", operands: "ID", operandCount: 1...1,
    details: """
      ID is the ID of a key or the unique beginning of one. The key that unlocked the repository
      just now cannot be removed. Whoever has copied the repository can still open that copy with
      a key that was removed.
      """
  ) { invocation in
    let text = try invocation.textOperands()[0]
    let repository = try invocation.openRepository()
    let key = try key(text, of: repository)
    guard !key.isCurrent else {
      throw Failure(
        .refused, "key \(key.shortID) is the one that unlocked the repository just now",
        nextStep: "Unlock it with another key, or replace this one: `igudar key passwd`.")
    }
    try repository.removeKey(key)
    tell("removed", key.id, "removed key \(key.shortID)", invocation.output)
    return .done
  }

  private static func key(
    _ text: String, of repository: Repository
  ) throws -> KeyDescription {
    do throws(RepositoryError) {
      return try repository.key(text)
    } catch .selector(let what) {
      throw Failure(what, nextStep: "`igudar key list` lists the keys.")
    }
  }

  static let change = Command(
    "key passwd", summary: "Change the password",
    details: """
      Puts a new password or key file in the place of the one that unlocks the repository now. The
      old one goes only after the new one was written, read back and has opened the repository.
      """,
    options: NewKey.options
  ) { invocation in
    let repository = try invocation.openRepository()
    let key = try NewKey(invocation)
    let id = try repository.replaceKey(with: try key.secret(), information: key.information)
    tell("changed", id, "the new key is \(id.prefix(8))", invocation.output)
    return .done
  }

  private static func tell(_ type: String, _ id: String, _ note: String, _ output: Output) {
    guard output.isJSON else { return output.note(note) }
    var line = JSONObject(message: type)
    line.add("id", id)
    output.json(line)
  }
}

extension KeyDescription {
  fileprivate var user: String { printable(information?.user ?? []) }
  fileprivate var host: String { printable(information?.host ?? []) }
  fileprivate var created: String {
    information.map { "\(CivilTime(local: $0.created))" } ?? ""
  }

  /// restic's keys, and what restic has no other kinds of.
  fileprivate var object: JSONObject {
    var object = JSONObject()
    object.add("current", isCurrent)
    object.add("id", id)
    object.add("userName", path: information?.user ?? [])
    object.add("hostName", path: information?.host ?? [])
    object.add("created", created)
    object.add("type", kind.rawValue)
    return object
  }
}
