// Snapshots and journal entries.

import Igudar
import Platform
import Vault

extension CatPrinter {
  func printSnapshot(_ text: String) throws {
    let selector = try SnapshotSelector(parsing: Array(text.utf8))
    guard selector.path == nil else { throw Failure("cat takes whole snapshots, not '\(text)'") }
    let snapshot = try repository.snapshot(selector)
    var object = snapshot.object
    object.add("journal_entry", snapshot.number)
    JSONDocument.print(object, to: output)
  }

  func printEntry(_ text: String) throws {
    let state = inspection.journal
    let number = text == "latest" ? state.tail?.number : UInt64(text, radix: 10)
    guard let number else {
      throw Failure("'\(printable(text.utf8))' is not the number of a journal entry")
    }
    guard number < state.nextNumber else {
      throw Failure("the journal ends with entry \(state.nextNumber - 1)")
    }
    let entry = try inspection.entry(number)
    try JSONDocument.print(to: output) { document in
      var object = JSONObject()
      object.add("number", entry.number)
      object.add("hash", entry.hash.hex)
      object.add("previous", entry.previous.hex)
      object.add("writer", entry.writer.hex)
      object.add("time", moment(entry.time).rfc3339)
      object.add("newest_summary", entry.newestSummary)
      object.add("type", entry.body.word)
      document.add(membersOf: object)
      try add(entry, to: document)
    }
  }

  private func moment(_ nanoseconds: Int64) -> Timestamp {
    Timestamp(totalNanoseconds: nanoseconds)
  }

  private func add(
    _ entry: JournalEntry, to document: JSONDocument
  ) throws(RepositoryError) {
    switch entry.body {
    case .commit(let commit): try add(commit, of: entry, to: document)
    case .tombstone(let tombstone):
      document.list("snapshots", tombstone.snapshots) { $0.hex }
      if !tombstone.reason.isEmpty { document.add("reason", path: tombstone.reason) }
    case .revive(let revive): document.list("snapshots", revive.snapshots) { $0.hex }
    case .amend(let amend): try add(amend, of: entry, to: document)
    case .condemn(let condemn):
      document.list("packs", condemn.packs) { $0.hex }
      document.list("segments", condemn.segments) { $0.hex }
      document.list("new_segments", condemn.newSegments) { $0.hex }
      document.list("rescued_packs", condemn.rescuedPacks) { $0.hex }
    case .sweep(let sweep):
      document.list("packs", sweep.packs) { $0.hex }
      document.list("segments", sweep.segments) { $0.hex }
    case .policy(let policy):
      document.list("admitted", policy.admitted) { $0.hex }
      document.list("revoked", policy.revoked) { $0.hex }
    case .summary(let summary): add(summary, to: document)
    case .access(let access): document.add("action", access.action)
    }
  }

  private func add(
    _ commit: JournalBody.Commit, of entry: JournalEntry, to document: JSONDocument
  ) throws(RepositoryError) {
    document.list("segments", commit.segments) { $0.hex }
    document.list("rescued_packs", commit.rescuedPacks) { $0.hex }
    document.add("partial", commit.isPartial)
    document.add("run", commit.run.hex)
    document.add("snapshot", try inspection.snapshot(commit, in: entry).object)
  }

  private func add(
    _ amend: JournalBody.Amend, of entry: JournalEntry, to document: JSONDocument
  ) throws(RepositoryError) {
    document.add("snapshot", amend.snapshot.hex)
    let amendment = try inspection.amendment(amend, in: entry)
    if let tags = amendment.tags { document.list("tags", tags) { text($0) } }
    if let description = amendment.description { document.add("description", path: description) }
    switch amendment.pin {
    case nil: break
    case .unpin: document.add("pinned", false)
    case .pin(let pin):
      document.add("pinned", true)
      document.add("pin_reason", path: pin.reason)
      if let until = pin.until { document.add("pinned_until", until.rfc3339) }
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func add(_ summary: JournalSummary, to document: JSONDocument) {
    document.list("commits", summary.commits) { row in
      var object = JSONObject()
      object.add("number", row.number)
      object.add("id", row.hash.hex)
      object.add("time", moment(row.time).rfc3339)
      object.add("writer", row.writer.hex)
      object.add("standing", ["live", "forgotten", "superseded"][Int(min(row.standing, 2))])
      object.addUnlessZero("ended_by", row.endedBy)
      return object
    }
    document.list("amendments", summary.amendments) { $0.number }
    let standings = ["named", "condemned", "swept", "condemned unnamed"]
    func row(_ row: JournalSummary.ObjectRow) -> JSONObject {
      var object = JSONObject()
      object.add("name", row.name.hex)
      object.add("standing", standings[Int(min(row.standing, 3))])
      object.addUnlessZero("by", row.by)
      return object
    }
    document.list("segments", summary.segments, row)
    document.list("packs", summary.packs, row)
    document.list("writers", summary.writers) { $0.hex }
  }
}

extension JSONDocument {
  fileprivate func add(_ key: String, _ value: some JSONWritable) {
    var object = JSONObject()
    object.add(key, value)
    add(membersOf: object)
  }

  fileprivate func add(_ key: String, path: [UInt8]) {
    var object = JSONObject()
    object.add(key, path: path)
    add(membersOf: object)
  }
}

extension JournalBody {
  fileprivate var word: String {
    switch self {
    case .commit: "commit"
    case .tombstone: "tombstone"
    case .revive: "revive"
    case .amend: "amend"
    case .condemn: "condemn"
    case .sweep: "sweep"
    case .policy: "policy"
    case .summary: "summary"
    case .access: "access"
    }
  }
}
