// The text of `igudar help`, made from the tables.

/// Help as lines.
enum Help {
  /// Help about a command or a group such as `key`; about the whole program without a topic.
  static func lines(about topic: String?) throws(Failure) -> [String] {
    guard let topic else { return overview }
    if let command = Command.named(topic) { return lines(of: command) }
    let group = Command.group(topic)
    guard !group.isEmpty else { throw Request.unknown(topic) }
    return ["Usage: igudar \(topic) COMMAND [options]", "", "Commands:"] + list(group)
  }

  private static var overview: [String] {
    [
      "igudar keeps encrypted, deduplicated backups in a repository.", "",
      "Usage: igudar [options] COMMAND [options] [arguments]", "", "Commands:",
    ] + list(Command.all) + ["", "Options of every command:"] + list(GlobalOptions.all) + [
      "", "`igudar help COMMAND` explains one command.", "",
      "Environment: what the options above name, IGUDAR_PASSWORD (the password itself),",
      "IGUDAR_COMPRESSION, IGUDAR_HOST, IGUDAR_PROGRESS_FPS (progress on a pipe too).", "",
      "Exit codes: 0 done, 1 failed, 3 some source unreadable (snapshot saved), or a restore that",
      "lacks only what takes more rights, 4 damage that can be repaired, 5 damage that cannot, 6 refused by policy, 10 no repository, 12 wrong key,",
      "13 not permitted, 14 store full, 15 rollback or fork, 20 repository too new,",
      "130 interrupted.",
    ]
  }

  private static func lines(of command: Command) -> [String] {
    var lines = ["Usage: \(command.synopsis)", "", command.summary + "."]
    if !command.details.isEmpty {
      lines.append("")
      lines += command.details.split(separator: "\n", omittingEmptySubsequences: false)
        .map(String.init)
    }
    if command.options.contains(where: { !$0.isHidden }) {
      lines += ["", "Options:"] + list(command.options)
    }
    return lines + ["", "Options of every command:"] + list(GlobalOptions.all)
  }

  private static func list(_ commands: [Command]) -> [String] {
    aligned(commands.filter { !$0.isHidden }.map { ($0.name, $0.summary) })
  }

  private static func list(_ options: [Option]) -> [String] {
    aligned(options.filter { !$0.isHidden }.map { ($0.synopsis, $0.help) })
  }

  /// Two columns; the right one is broken at spaces and continues below itself.
  private static func aligned(_ rows: [(left: String, right: String)]) -> [String] {
    let width = min(30, rows.map(\.left.count).max() ?? 0)
    return rows.flatMap { row in
      let wrapped = wrap(row.right, to: 94 - width)
      let isLong = row.left.count > width
      let gap = String(repeating: " ", count: isLong ? 0 : width - row.left.count)
      let indent = String(repeating: " ", count: width + 4)
      let first = isLong ? ["  \(row.left)"] : ["  \(row.left)\(gap)  \(wrapped.first ?? "")"]
      return first + (isLong ? wrapped : Array(wrapped.dropFirst())).map { indent + $0 }
    }
  }

  private static func wrap(_ text: String, to width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
