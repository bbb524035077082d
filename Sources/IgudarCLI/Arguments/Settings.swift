// What the global options and the environment say about the repository to work with. Resolved only by
// commands that need one, so that `version` never fails over a password.

import Igudar
import Platform
import Storage

/// The resolved global options.
struct Settings: Sendable {
  enum Cache: Equatable, Sendable {
    /// `$XDG_CACHE_HOME`, or the folder of `--cache-dir`.
    case usual
    case folder(FilePath)
    case none
  }

  let location: RepositoryLocation
  let secret: SecretSource
  let cache: Cache
  let verifiesSealed: Bool
  let limits: TransferLimits

  /// Whether a path is one of the kept places or lies in one, or would if it were made.
  func keep(_ path: FilePath) -> Bool { ProtectedFolders(keptPlaces).hold(path) }

  /// What no command changes, whatever else it is told: the repository, and the files that say where
  /// it is and that open it.
  var keptPlaces: [FilePath] {
    // A folder of the repository can be a link, or be mounted.
    [location.path] + LocalStore.folders.map { location.path.appending($0) }
      + [location.file, secret.file].compactMap(\.self)
  }

  init(
    _ options: OptionValues, of command: String,
    environment: (String) -> [UInt8]? = Platform.environment
  ) throws(Failure) {
    location = try RepositoryLocation(options, of: command, environment: environment)
    secret = try SecretSource(options, of: command, environment: environment)
    cache = try Self.cache(options, of: command, environment)
    verifiesSealed = !options.has(GlobalOptions.noExtraVerify)
    limits = TransferLimits(
      upload: try Self.rate(GlobalOptions.limitUpload, options, of: command),
      download: try Self.rate(GlobalOptions.limitDownload, options, of: command))
  }

  // KiB a second as bytes a second; 0 is no limit, as restic has it.
  private static func rate(
    _ option: Option, _ options: OptionValues, of command: String
  ) throws(Failure) -> Int? {
    guard let rate = try options.value(option, as: Int.self), rate != 0 else { return nil }
    guard (1...1 << 40).contains(rate) else {
      throw Failure.usage("\(option.flag) must be a number of KiB a second", of: command)
    }
    return rate << 10
  }

  private static func cache(
    _ options: OptionValues, of command: String, _ environment: (String) -> [UInt8]?
  ) throws(Failure) -> Cache {
    let folder = options.bytes(GlobalOptions.cacheFolder)
    if options.has(GlobalOptions.noCache) {
      guard folder == nil else {
        throw Failure.usage("--cache-dir and --no-cache exclude each other", of: command)
      }
      return .none
    }
    let named = folder ?? environment("IGUDAR_CACHE_DIR")
    return named.flatMap { $0.isEmpty ? nil : .folder(FilePath($0)) } ?? .usual
  }
}
