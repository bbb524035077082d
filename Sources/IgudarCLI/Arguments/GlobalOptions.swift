// The options every command understands, before and behind its name.

/// Options of all commands.
enum GlobalOptions {
  static let repository = Option(
    "repo", "r", takes: "REPOSITORY", help: "where the repository is (IGUDAR_REPOSITORY)")
  static let repositoryFile = Option(
    "repository-file", takes: "FILE", help: "file that says where it is (IGUDAR_REPOSITORY_FILE)")
  static let passwordFile = Option(
    "password-file", "p", takes: "FILE", help: "file with the password (IGUDAR_PASSWORD_FILE)")
  static let passwordCommand = Option(
    "password-command", takes: "COMMAND",
    help: "command that prints the password, run without a shell (IGUDAR_PASSWORD_COMMAND)")
  static let keyFile = Option(
    "key-file", takes: "FILE", help: "key file that opens the repository (IGUDAR_KEY_FILE)")
  static let cacheFolder = Option(
    "cache-dir", takes: "DIR", help: "folder of the local cache (IGUDAR_CACHE_DIR)")
  static let noCache = Option("no-cache", help: "use no local cache beyond this run")
  static let quiet = Option("quiet", "q", help: "print results and errors only")
  static let verbose = Option(
    "verbose", "v", .optional("N"), repeatable: true, help: "say more; twice for still more")
  static let json = Option("json", help: "print JSON for programs")
  static let noExtraVerify = Option(
    "no-extra-verify", help: "do not decrypt and compare what was just sealed before it is stored")
  static let limitUpload = Option(
    "limit-upload", takes: "RATE", help: "send at most RATE KiB a second to the repository")
  static let limitDownload = Option(
    "limit-download", takes: "RATE", help: "read at most RATE KiB a second from the repository")
  static let nice = Option("nice", help: "let other programs go first, at processors and disks")
  static let retryLock = Option(
    "retry-lock", takes: "DURATION", hidden: true, help: "accepted for restic's scripts: no locks")
  static let noLock = Option(
    "no-lock", hidden: true, help: "accepted for restic's scripts: no locks")
  static let cleanupCache = Option(
    "cleanup-cache", hidden: true, help: "accepted for restic's scripts: the cache needs none")
  static let help = Option("help", "h", help: "explain the command")
  static let version = Option("version", hidden: true, help: "print the version")

  static let all = [
    repository, repositoryFile, passwordFile, passwordCommand, keyFile, cacheFolder, noCache, quiet,
    verbose, json, noExtraVerify, limitUpload, limitDownload, nice, retryLock, noLock, cleanupCache,
    help,
  ]
}
