// Every command, in the order `igudar help` lists them.

extension Command {
  static let all: [Command] = [
    BackupCommand.command,
    CheckCommand.command,
    Generate.command,
    Help.command,
    Init.command,
    RepairIndexCommand.command,
    RestoreCommand.command,
    SnapshotsCommand.command,
    TagCommand.command,
    Unlock.command,
    Version.command,
  ]
}
