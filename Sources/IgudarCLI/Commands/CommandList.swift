// Every command, in the order `igudar help` lists them.

extension Command {
  static let all: [Command] = [
    Generate.command,
    Help.command,
    Unlock.command,
    Version.command,
  ]
}
