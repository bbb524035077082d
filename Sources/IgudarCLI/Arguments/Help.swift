// The text of `igudar help`, made from the tables, as wide as there is room.

/// Help as lines of some width.
struct Help {
  private let width: Int

  /// How wide lines are where there is room: wider ones are hard to read.
  static let usualWidth = 98

  /// Help about a command or a group such as `key`; about the whole program without a topic.
  static func lines(
    about topic: String?, width: Int = usualWidth
  ) throws(Failure) -> [String] {
    let help = Help(width: max(40, min(width, usualWidth)))
    guard let topic else { return help.overview }
    if let command = Command.named(topic) { return help.lines(of: command) }
    let group = Command.group(topic)
    guard !group.isEmpty else { throw Request.unknown(topic) }
    return ["Usage: igudar \(topic) COMMAND [options]", "", "Commands:"] + help.list(group)
  }

  private var overview: [String] {
    [
      "igudar keeps encrypted, deduplicated backups in a repository.", "",
      "Usage: igudar [options] COMMAND [options] [arguments]", "", "Commands:",
    ] + list(Command.all) + ["", "Options of every command:"] + list(GlobalOptions.all) + [
      "", "`igudar help COMMAND` explains one command.", "",
    ] + TextWrap.lines(of: Self.closing, width: width)
  }

  private static let closing = """
    Environment: what the options above name, IGUDAR_PASSWORD (the password itself), \
    IGUDAR_COMPRESSION, IGUDAR_HOST, IGUDAR_PROGRESS_FPS (progress on a pipe too).

    Exit codes: 0 done, 1 failed, 3 some source could not be read as it should (snapshot saved), or a \
    restore that lacks only what takes more rights, 4 damage that can be repaired, 5 damage that \
    cannot, 6 refused by policy, 10 no repository, 12 wrong key, 13 not permitted, 14 store full, \
    15 rollback or fork, 20 repository too new, 130 interrupted.
    """

  private func lines(of command: Command) -> [String] {
    var lines = ["Usage: \(command.synopsis)", "", command.summary + "."]
    if !command.details.isEmpty {
      lines += [""] + TextWrap.lines(of: command.details, width: width)
    }
    if command.options.contains(where: { !$0.isHidden }) {
      lines += ["", "Options:"] + list(command.options)
    }
    return lines + ["", "Options of every command:"] + list(GlobalOptions.all)
  }

  private func list(_ commands: [Command]) -> [String] {
    aligned(commands.filter { !$0.isHidden }.map { ($0.name, $0.summary) })
  }

  private func list(_ options: [Option]) -> [String] {
    aligned(options.filter { !$0.isHidden }.map { ($0.synopsis, $0.help) })
  }

  /// Two columns; the right one is broken at spaces and continues below itself.
  private func aligned(_ rows: [(left: String, right: String)]) -> [String] {
    let column = min(30, rows.map(\.left.count).max() ?? 0)
    return rows.flatMap { row in
      let wrapped = TextWrap.lines(row.right.split(separator: " "), to: width - 4 - column)
      let isLong = row.left.count > column
      let gap = String(repeating: " ", count: isLong ? 0 : column - row.left.count)
      let indent = String(repeating: " ", count: column + 4)
      let first = isLong ? ["  \(row.left)"] : ["  \(row.left)\(gap)  \(wrapped.first ?? "")"]
      return first + (isLong ? wrapped : Array(wrapped.dropFirst())).map { indent + $0 }
    }
  }
}
