// `igudar prune`: options and the course of the command, which `forget --prune` shares.

import Igudar
import Vault

/// Gives back the space of what no snapshot needs.
enum PruneCommand {
  static let dryRun = Option("dry-run", "n", help: "change nothing, tell what would be done")
  static let maxUnused = Option(
    "max-unused", takes: "LIMIT",
    help: "leave so much unused in packs: a size, x% of what is stored, or 'unlimited' (default 5%)"
  )
  static let maxRepackSize = Option(
    "max-repack-size", takes: "SIZE", help: "write at most so much of packs anew")
  static let maxDuration = Option(
    "max-duration", takes: "SPAN",
    help: "begin nothing more after this time, such as 30m; the next prune goes on")
  static let grace = Option(
    "grace", takes: "SPAN",
    help: "delete what is not needed after this time (default 1d); 0 for those who are alone")
  static let jobs = Option(
    "jobs", "j", takes: "COUNT",
    help: "threads that read trees and write packs anew (default: one per core)")

  /// The options that `forget --prune` has as well.
  static let shared = [maxUnused, maxRepackSize, maxDuration, grace]

  static let command = Command(
    "prune", summary: "Give back the space of what no snapshot needs",
    details: """
      Finds what no snapshot needs. Packs of which nothing is needed go; of others those with the
      least use are written anew, until no more than --max-unused is left in them; many small packs
      become few. Backups, restores, checks and other prunes may run meanwhile.

      What is taken out of use is deleted by the first prune after the grace period; until then
      `igudar unforget` can bring forgotten snapshots back, and restores that are running find what
      they read. With --grace 0 it is deleted at once: a backup that runs meanwhile may then fail,
      and has to be run again.

      Exit code 3 when some packs were found damaged and left as they are.
      """,
    options: [dryRun] + shared + [jobs]
  ) { invocation in
    var options = try options(invocation)
    let count = try invocation.options.value(jobs, as: Int.self) ?? 0
    guard (0...256).contains(count) else { throw invocation.usage("--jobs must be at most 256") }
    options.jobs = count
    return try run(
      options, isDryRun: invocation.options.has(dryRun), in: try invocation.openRepository(),
      invocation.output)
  }

  /// What the shared options say.
  static func options(_ invocation: Invocation) throws(Failure) -> PruneOptions {
    let given = invocation.options
    var options = PruneOptions()
    if let limit = try given.value(maxUnused, as: UnusedLimit.self) { options.maxUnused = limit }
    options.maxRepackBytes = try given.value(maxRepackSize, as: ByteSize.self)?.bytes
    options.maxSeconds = try given.value(maxDuration, as: TimeSpan.self)?.seconds
    if let span = try given.value(grace, as: TimeSpan.self) { options.graceSeconds = span.seconds }
    return options
  }

  /// Prunes, or tells what would be done.
  static func run(
    _ options: PruneOptions, isDryRun: Bool, in repository: Repository, _ output: Output
  ) throws -> ExitCode {
    let progress = PruneProgress()
    let messages = PruneMessages(output, options)
    let prune = Prune(repository, options: options)
    let pace = Progress(output, status: packStatus) { PruneMessages.sample(progress) }
    if isDryRun {
      messages.show(try pace.during { try prune.plan(progress: progress) })
      return .done
    }
    return messages.finish(try pace.during { try prune.run(progress: progress) })
  }
}
