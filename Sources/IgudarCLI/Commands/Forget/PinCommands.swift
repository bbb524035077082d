// `igudar pin`, `unpin`, `unforget` and `annotate`: what is said about single snapshots.

import Igudar
import Platform
import Vault

/// Protects snapshots from being forgotten, and ends that.
enum PinCommands {
  static let reason = Option("reason", takes: "TEXT", help: "why, for people")
  static let until = Option(
    "until", takes: "TIME", help: "when the protection ends: 2006-01-02 15:04:05 or RFC 3339")

  static let pin = Command(
    "pin", summary: "Protect snapshots from being forgotten", operands: "SNAPSHOT …",
    operandCount: 1...Int.max,
    details: "A new pin takes the place of the one before it. `igudar unpin` ends the protection.",
    options: [reason, until]
  ) { invocation in
    let end = try invocation.options.value(until, as: PointInTime.self)?.timestamp
    if let end, end <= .now() { throw invocation.usage("\(until.flag) lies in the past") }
    let pin = Pin(reason: invocation.options.bytes(reason) ?? [], until: end)
    return try change(invocation, "pinned") { snapshot, repository in
      try repository.pin(snapshot.id, pin)
      return true
    }
  }

  static let unpin = Command(
    "unpin", summary: "Let pinned snapshots be forgotten again", operands: "SNAPSHOT …",
    operandCount: 1...Int.max
  ) { invocation in
    try change(invocation, "unpinned") { snapshot, repository in
      guard snapshot.pin != nil else {
        invocation.output.note("snapshot \(snapshot.id.shortHex) was not pinned")
        return false
      }
      try repository.unpin(snapshot.id)
      return true
    }
  }

  static let annotate = Command(
    "annotate", summary: "Give a snapshot a description", operands: "SNAPSHOT TEXT",
    operandCount: 2...2, details: "An empty TEXT takes the description away."
  ) { invocation in
    let selector = try SnapshotSelector(parsing: invocation.operands[0])
    var amendment = Amendment()
    amendment.description = invocation.operands[1]
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector)
    try repository.amend(snapshot.id, amendment)
    tell(snapshot, "annotated", invocation.output)
    return .done
  }

  static let unforget = Command(
    "unforget", summary: "Bring forgotten snapshots back", operands: "SNAPSHOT …",
    operandCount: 1...Int.max,
    details: """
      Possible until prune has taken their data; `igudar snapshots --forgotten` lists what can be
      brought back.
      """
  ) { invocation in
    let selectors = try invocation.selectors()
    let repository = try invocation.openRepository()
    let snapshots = Set(try selectors.map(repository.forgottenSnapshot)).sortedByTime()
    try repository.unforget(snapshots.map(\.id))
    for snapshot in snapshots { tell(snapshot, "brought back", invocation.output) }
    return .done
  }

  // MARK: Changing

  // Names are looked up before anything is changed.
  private static func change(
    _ invocation: Invocation, _ verb: String,
    _ body: (SnapshotInfo, Repository) throws -> Bool
  ) throws -> ExitCode {
    let selectors = try invocation.selectors()
    let repository = try invocation.openRepository()
    let snapshots = Set(try selectors.map { try repository.snapshot($0) }).sortedByTime()
    for snapshot in snapshots where try body(snapshot, repository) {
      tell(snapshot, verb, invocation.output)
    }
    return .done
  }

  private static func tell(_ snapshot: SnapshotInfo, _ verb: String, _ output: Output) {
    guard output.isJSON else { return output.note("\(verb) snapshot \(snapshot.id.shortHex)") }
    var line = JSONObject(message: "changed")
    line.add("action", verb)
    line.add("snapshot_id", snapshot.id.hex)
    output.json(line)
  }
}
