// `igudar import tar`: an archive of any tool becomes a snapshot.

import Glibc
import Igudar
import Platform

/// Saves an archive as a snapshot of the files in it.
enum ImportTarCommand {
  static let command = Command(
    "import tar", summary: "Save the files in a tar archive as a new snapshot",
    operands: "FILE", operandCount: 1...1,
    details: """
      FILE is an archive in any dialect of tar, compressed with gzip, bzip2, xz, zstd or lz4 or not
      at all; - is standard input: borg export-tar REPOSITORY::ARCHIVE - | igudar import tar -

      Owners, modes, times, attributes, access control lists, hard links, holes and devices are
      taken over. When the archive is damaged or cut off, no snapshot is saved.
      """,
    options: SnapshotDescription.options
  ) { invocation in
    let options = try SnapshotDescription.options(invocation)
    return try run(invocation.operands[0], options, invocation)
  }

  private static func run(
    _ name: [UInt8], _ options: BackupOptions, _ invocation: Invocation
  ) throws -> ExitCode {
    guard name != Array("-".utf8) else {
      return try run(STDIN_FILENO, options, invocation)
    }
    let file: Descriptor
    do throws(SystemError) { file = try Descriptor.open(FilePath(name), O_RDONLY) } catch {
      throw Failure.system(error)
    }
    if try FileStatus.of(file.raw).type == .directory {
      throw Failure(
        "\(printable(name)) is a folder, not an archive",
        nextStep: "`igudar backup` saves folders.")
    }
    return try run(file.raw, options, invocation)
  }

  private static func run(
    _ descriptor: Int32, _ options: BackupOptions, _ invocation: Invocation
  ) throws -> ExitCode {
    let repository = try invocation.openRepository()
    let progress = BackupProgress()
    let report = BackupReport(invocation.output, isDryRun: options.isDryRun)
    let summary = try Progress(invocation.output, sample: { BackupReport.sample(progress) })
      .during {
        try TarImport(of: descriptor, to: repository, options: options).run(
          progress: progress, report: report.take)
      }
    return try report.finish(summary)
  }
}
