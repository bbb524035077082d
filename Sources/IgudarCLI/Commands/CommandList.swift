// Every command, in the order `igudar help` lists them.

extension Command {
  static let all: [Command] = [
    BackupCommand.command,
    CatCommand.command,
    CheckCommand.command,
    DiffCommand.command,
    DumpCommand.command,
    FindCommand.command,
    Generate.command,
    Help.command,
    HistoryCommand.command,
    ImportTarCommand.command,
    Init.command,
    KeyCommands.add,
    KeyCommands.list,
    KeyCommands.change,
    KeyCommands.remove,
    ListCommand.command,
    RepairIndexCommand.command,
    RepairPacksCommand.command,
    RestoreCommand.command,
    SnapshotsCommand.command,
    StatsCommand.command,
    TagCommand.command,
    Unlock.command,
    Version.command,
  ]
}
