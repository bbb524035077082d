// `--compression`: restic's words, a zstd level, or borg's `zstd,LEVEL`.

/// How frames are compressed.
enum CompressionChoice: Parsable, Equatable, Sendable {
  case off
  /// The default level; what does not shrink is stored.
  case auto
  /// A zstd level, 1 to 19.
  case level(Int)

  static let levels = 1...19

  init(parsing text: String) throws(Malformed) {
    switch text {
    case "off", "none": self = .off
    case "auto", "zstd": self = .auto
    case "fastest": self = .level(1)
    case "better": self = .level(9)
    case "max": self = .level(Self.levels.upperBound)
    default:
      let digits = text.hasPrefix("zstd,") ? text.dropFirst(5) : text[...]
      guard let level = Int(digits: digits), Self.levels.contains(level) else {
        throw Malformed("must be off, auto, fastest, better, max, or a zstd level 1 to 19")
      }
      self = .level(level)
    }
  }
}
