// `igudar tag`. Tags are amended in the journal: the snapshot and its ID stay as they are.

import Igudar
import Platform
import Vault

/// Changes the tags of snapshots.
enum TagCommand {
  static let add = Option(
    "add", takes: "TAG[,TAG]", repeatable: true, help: "tags to add")
  static let remove = Option(
    "remove", takes: "TAG[,TAG]", repeatable: true, help: "tags to take away")
  static let set = Option(
    "set", takes: "TAG[,TAG]", repeatable: true, help: "the new tags instead of all others")

  static let command = Command(
    "tag", summary: "Change the tags of snapshots", operands: "[SNAPSHOT …]",
    operandCount: 0...Int.max,
    details: "Without SNAPSHOT all snapshots are changed that the options choose.",
    options: [add, remove, set] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let change = try TagChange(invocation)
    let (selectors, filter) = (try invocation.selectors(), try invocation.filter())
    let repository = try invocation.openRepository()
    let snapshots =
      selectors.isEmpty
      ? try repository.snapshots().filter(filter.matches)
      : Set(try selectors.map { try repository.snapshot($0, filter: filter) }).sortedByTime()
    var count = 0
    for info in snapshots {
      if change.applied(to: info.tags) == info.tags { continue }
      let isChanged = try repository.amend(info.id) { current in
        let tags = change.applied(to: current.tags)
        guard tags != current.tags else { return nil }
        var amendment = Amendment()
        amendment.tags = tags
        return amendment
      }
      if !isChanged { continue }
      count += 1
      tell(info, invocation.output)
    }
    finish(count, invocation.output)
    return .done
  }

  private static func tell(_ info: SnapshotInfo, _ output: Output) {
    guard output.isJSON else { return output.detail("changed \(info.id.shortHex)") }
    var line = JSONObject(message: "changed")
    line.add("old_snapshot_id", info.id.hex)
    line.add("new_snapshot_id", info.id.hex)
    output.json(line)
  }

  private static func finish(_ count: Int, _ output: Output) {
    guard output.isJSON else {
      return output.note("changed the tags of \(counted(count, "snapshot"))")
    }
    var line = JSONObject(message: "summary")
    line.add("changed_snapshots", count)
    output.json(line)
  }
}

/// What is to happen to tags.
private struct TagChange {
  private let added: [[UInt8]]
  private let removed: [[UInt8]]
  private let replacement: [[UInt8]]?

  init(_ invocation: Invocation) throws(Failure) {
    let given = invocation.options
    guard [TagCommand.add, TagCommand.remove, TagCommand.set].contains(where: given.has) else {
      throw invocation.usage("say what to change: --add, --remove or --set")
    }
    try invocation.refuseTogether(TagCommand.set, TagCommand.add)
    try invocation.refuseTogether(TagCommand.set, TagCommand.remove)
    added = try Self.tags(TagCommand.add, given)
    removed = try Self.tags(TagCommand.remove, given)
    replacement = given.has(TagCommand.set) ? try Self.tags(TagCommand.set, given) : nil
  }

  private static func tags(_ option: Option, _ given: OptionValues) throws(Failure) -> [[UInt8]] {
    try given.values(option, as: TagList.self).flatMap { $0.tags.map { Array($0.utf8) } }
  }

  func applied(to tags: [[UInt8]]) -> [[UInt8]] {
    var seen: Set<[UInt8]> = []
    let all = replacement ?? (tags.filter { !removed.contains($0) } + added)
    return all.filter { seen.insert($0).inserted }
  }
}
