// `igudar unlock`: kept for fingers and scripts that know restic.

/// There is nothing to unlock, and the command says so.
enum Unlock {
  static let removeAll = Option("remove-all", hidden: true, help: "accepted for restic's scripts")

  static let command = Command(
    "unlock", summary: "Do nothing: an igudar repository has no locks",
    details: """
      Backups, restores, checks and prunes run at the same time, from any number of hosts, and a
      process that dies leaves nothing behind that another one has to wait for.
      """,
    options: [removeAll]
  ) { invocation in
    invocation.output.note("there are no locks in an igudar repository; nothing to do")
    return .done
  }
}
