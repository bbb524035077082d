// The options about the snapshot itself that all commands share which save one: what it says, and
// how it is stored.

import Igudar
import Platform
import Vault

/// What a new snapshot says about itself.
enum SnapshotDescription {
  static let tag = Option(
    "tag", takes: "TAG[,TAG]", repeatable: true, help: "tags for the snapshot")
  static let host = Option("host", "H", takes: "NAME", help: "host to record (IGUDAR_HOST)")
  static let time = Option(
    "time", takes: "TIME", help: "time to record: 2006-01-02 15:04:05 or RFC 3339 (default now)")
  static let comment = Option("comment", takes: "TEXT", help: "a text to keep with the snapshot")
  static let description = Option(
    "description", takes: "TEXT", hidden: true, help: "the same as --comment")
  static let dryRun = Option("dry-run", "n", help: "write nothing, tell what would be added")
  static let compression = Option(
    "compression", takes: "LEVEL",
    help: "off, auto, fastest, better, max, or 1 to 19 (IGUDAR_COMPRESSION)")

  static let options = [tag, host, time, comment, description, dryRun, compression]

  /// Options of a backup with what the command line says of the snapshot.
  static func options(_ invocation: Invocation) throws(Failure) -> BackupOptions {
    try invocation.refuseTogether(comment, description)
    let given = invocation.options
    var options = BackupOptions()
    let compression: CompressionChoice? = try invocation.value(
      compression, or: "IGUDAR_COMPRESSION")
    options.compression = compression?.compression ?? .auto
    options.verifiesFrames = !given.has(GlobalOptions.noExtraVerify)
    options.isDryRun = given.has(dryRun)
    options.tellsItems = invocation.output.verbosity > 2
    options.tags = try given.values(tag, as: TagList.self).flatMap { list in
      list.tags.map { Array($0.utf8) }
    }
    let host = given.bytes(host) ?? environment("IGUDAR_HOST")
    options.host = host.flatMap { $0.isEmpty ? nil : $0 } ?? Machine.hostName
    options.user = Machine.userName
    options.program = Array("igudar \(Version.number)".utf8)
    options.comment = given.bytes(comment) ?? given.bytes(description) ?? []
    options.time = try given.value(time, as: PointInTime.self)?.timestamp
    options.zone = Machine.zone(at: options.time ?? .now())
    return options
  }
}
