// A time zone as a value: which offset from UTC clocks have at any moment. Read from the compiled
// files of the zoneinfo database (RFC 9636) and not through the C library, which knows one zone for
// the whole process and takes a name it does not know for UTC without a word.

import Glibc

/// Why a time zone cannot be had; completes a sentence that begins with its name.
public struct TimeZoneError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is the matter.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A time zone.
public struct TimeZone: Hashable, Sendable {
  /// What people call it: `Europe/Berlin`, `UTC`, `+02:00`.
  public let name: String
  // Moments, ascending, from which the offset beside them holds.
  private var transitions: [Int64] = []
  private var offsets: [Int] = []
  private var firstOffset = 0
  // What holds after the last transition.
  private var rule: TimeZoneRule?

  /// Coordinated universal time.
  public static let utc = TimeZone(name: "UTC", offset: 0)

  /// A zone whose clocks are always so many seconds ahead of UTC.
  init(name: String, offset: Int) {
    self.name = name
    firstOffset = offset
  }

  /// The zone of a name in the zoneinfo database, or of an offset such as `+02:00`.
  public init(named name: String) throws(TimeZoneError) {
    if name == "UTC" || name == "Z" {
      self = .utc
    } else if let offset = Self.fixedOffset(name) {
      self.init(name: name, offset: offset)
    } else {
      guard Self.isPlainName(name) else { throw Self.unknown }
      try self.init(name: name, file: Self.database.appending(name))
    }
  }

  /// The zone of this process: what `TZ` says, else `/etc/localtime`, else UTC.
  public static func system() throws(TimeZoneError) -> TimeZone {
    guard let variable = environment("TZ") else { return try local() }
    let path = variable.first == 0x3a ? variable.dropFirst() : variable[...]
    let text = String(decoding: path, as: UTF8.self)
    if text.isEmpty { return .utc }
    if text.hasPrefix("/") { return try TimeZone(name: text, file: FilePath(text)) }
    if let zone = try? TimeZone(named: text) { return zone }
    guard let rule = TimeZoneRule(parsing: text) else {
      throw TimeZoneError("“\(text)” in TZ names no time zone")
    }
    var zone = TimeZone(name: text, offset: rule.standardOffset)
    zone.rule = rule
    return zone
  }

  private static func local() throws(TimeZoneError) -> TimeZone {
    let file: FilePath = "/etc/localtime"
    guard (try? FileStatus.of(file)) != nil else { return .utc }
    return try TimeZone(name: linkedName(of: file) ?? "local", file: file)
  }

  // `/etc/localtime` is by custom a link into the database.
  private static func linkedName(of path: FilePath) -> String? {
    guard let real = unsafe path.withCString({ unsafe realpath($0, nil) }) else { return nil }
    defer { unsafe free(real) }
    let parts = unsafe String(cString: real).split(separator: "/")
    guard let place = parts.lastIndex(of: "zoneinfo") else { return nil }
    let name = parts[(place + 1)...].joined(separator: "/")
    return name == "Etc/UTC" ? "UTC" : name
  }

  private static let unknown = TimeZoneError(
    "is no time zone; name one as Europe/Berlin, UTC or +02:00")

  private static var database: FilePath {
    environment("TZDIR").map { FilePath($0) } ?? "/usr/share/zoneinfo"
  }

  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty
      && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
        !part.isEmpty && !part.hasPrefix(".") && !part.utf8.contains(0)
      }
  }

  // `+02:00`, `-0330` and `+2` in seconds.
  private static func fixedOffset(_ text: String) -> Int? {
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    let digits = text.dropFirst().filter { $0 != ":" }
    guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(digits) else {
      return nil
    }
    let (hours, minutes) = digits.count <= 2 ? (number, 0) : (number / 100, number % 100)
    guard digits.count <= 4, hours < 24, minutes < 60 else { return nil }
    return (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
  }

  // MARK: Offsets

  /// Seconds by which clocks are ahead of UTC at a moment in seconds since 1970.
  public func offset(at seconds: Int64) -> Int {
    guard let last = transitions.last else { return rule?.offset(at: seconds) ?? firstOffset }
    if let rule, seconds >= last { return rule.offset(at: seconds) }
    var (low, high) = (0, transitions.count)
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? firstOffset : offsets[low - 1]
  }

  /// A moment as clocks in the zone show it.
  package func civilTime(_ moment: Timestamp) -> CivilTime {
    CivilTime(moment, offset: offset(at: moment.seconds))
  }

  /// The moment when clocks in the zone show these fields; where they show them twice or never, one
  /// that is right before or after the change, as Go's `time.Date` has it.
  package func moment(_ fields: CivilTime) -> Timestamp {
    var fields = fields
    fields.offset = 0
    let local = fields.moment
    let guess = local.seconds - Int64(offset(at: local.seconds))
    return Timestamp(
      seconds: local.seconds - Int64(offset(at: guess)), nanoseconds: local.nanoseconds)
  }

  // MARK: Files

  private init(name: String, file: FilePath) throws(TimeZoneError) {
    self.name = name
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Self.read(file)
    } catch {
      throw error.errno == .notFound || error.errno == Errno(EISDIR)
        ? Self.unknown : TimeZoneError("cannot be read: \(error)")
    }
    guard let parsed = ZoneInformation(bytes) else {
      throw TimeZoneError("is damaged in the zoneinfo database: \(file)")
    }
    transitions = parsed.transitions
    offsets = parsed.offsets
    firstOffset = parsed.firstOffset
    rule = parsed.rule
  }

  /// Longer files are no time zones.
  private static let fileLimit = 1 << 18

  private static func read(_ path: FilePath) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    let buffer = OwnedBuffer(capacity: fileLimit)
    let space = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: fileLimit)
    do throws(Errno) {
      let count = unsafe try file.read(at: 0, into: space)
      return unsafe Array(space[..<count])
    } catch { throw SystemError("read", error, path) }
  }
}
