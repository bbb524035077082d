// Where a repository is, as `--repo` says it. Only local folders are offered yet; other stores are
// recognised so that they are refused by name instead of becoming a strange folder.

import Platform

/// The place of a repository.
struct RepositoryLocation: Equatable, Sendable {
  /// The folder, as given.
  let path: FilePath
  /// The file that says so, if one does.
  private(set) var file: FilePath?

  /// Reads `PATH` or `local:PATH`.
  init(_ text: [UInt8]) throws(Failure) {
    let scheme = text.prefix { $0 != UInt8(ascii: ":") }
    let rest = text.dropFirst(scheme.count + 1)
    guard !text.isEmpty else { throw Failure("the repository's location is empty") }
    if Array(scheme) == Array("local".utf8) && text.count > scheme.count {
      guard !rest.isEmpty else { throw Failure("the repository's location is empty") }
      path = FilePath(Array(rest))
    } else if text.count == scheme.count || Self.isPath(text) {
      path = FilePath(text)
    } else {
      throw Self.refusal(of: printable(scheme))
    }
  }

  /// The location that options or environment name.
  init(
    _ options: OptionValues, of command: String,
    environment: (String) -> [UInt8]? = Platform.environment
  ) throws(Failure) {
    let (place, file) = (
      options.bytes(GlobalOptions.repository), options.bytes(GlobalOptions.repositoryFile)
    )
    if place != nil && file != nil {
      throw Failure.usage("--repo and --repository-file exclude each other", of: command)
    }
    if place != nil || file != nil {
      try self.init(
        place: place, file: file, from: GlobalOptions.repositoryFile.flag, of: command)
      return
    }
    let variables = ["IGUDAR_REPOSITORY", "IGUDAR_REPOSITORY_FILE"].map { name in
      environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    if variables.allSatisfy({ $0 != nil }) {
      throw Failure("IGUDAR_REPOSITORY and IGUDAR_REPOSITORY_FILE are both set; unset one")
    }
    try self.init(
      place: variables[0], file: variables[1], from: "IGUDAR_REPOSITORY_FILE", of: command)
  }

  private init(
    place: [UInt8]?, file: [UInt8]?, from source: String, of command: String
  ) throws(Failure) {
    if let place {
      try self.init(place)
    } else if let file {
      self = try Failure.naming(source) { () throws(Failure) in
        try RepositoryLocation(try SmallFile.line(at: file))
      }
      self.file = FilePath(file)
    } else {
      throw Failure.usage(
        "say which repository: --repo REPOSITORY or IGUDAR_REPOSITORY", of: command)
    }
  }

  // As in restic: a colon is taken as part of a path only where the text is clearly a path.
  private static func isPath(_ text: [UInt8]) -> Bool {
    ["/", "./", "../"].contains { text.starts(with: $0.utf8) }
  }

  private static let schemes: Set = [
    "sftp", "ssh", "s3", "rest", "http", "https", "b2", "azure", "gs", "swift", "rclone", "webdav",
  ]

  private static func refusal(of scheme: String) -> Failure {
    guard schemes.contains(scheme) else {
      return Failure(
        "'\(scheme):' names no store igudar knows",
        nextStep: "For a local folder with a colon in its name write local:PATH.")
    }
    return Failure(
      "repositories at '\(scheme):' are not offered yet",
      nextStep: "Only local folders are: give a path, or local:PATH.")
  }
}
