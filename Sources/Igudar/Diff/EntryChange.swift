// How two entries of one name differ, in restic's terms.

/// What is different about an entry; nothing for one that is as it was.
public struct EntryChange: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8

  /// A set of these bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// It is something else now: a file became a link.
  public static let type = EntryChange(rawValue: 1)
  /// A file's bytes, a link's target or a device's number.
  public static let content = EntryChange(rawValue: 2)
  /// Mode, owner, times, attributes, anything but what it holds.
  public static let metadata = EntryChange(rawValue: 4)
  /// The content of a file, although nothing else says so: what hardware does, not people.
  public static let bitRot = EntryChange(rawValue: 8)

  /// Compares two entries; what is in directories is left out.
  public init(from old: Entry, to new: Entry) {
    self = []
    if old.type != new.type {
      insert(.type)
    } else if Self.differs(old.kind, new.kind) {
      insert(.content)
    }
    let isSame = Self.outside(old, as: new.kind) == Self.outside(new, as: new.kind)
    if !isSame { insert(.metadata) }
    if isSame && new.type == .file && contains(.content) && Self.size(old) == Self.size(new) {
      insert(.bitRot)
    }
  }

  private static func differs(_ old: Entry.Kind, _ new: Entry.Kind) -> Bool {
    switch (old, new) {
    case (.file(let old), .file(let new)): old.size != new.size || old.content != new.content
    case (.directory, .directory): false
    default: old != new
    }
  }

  private static func size(_ entry: Entry) -> UInt64 { entry.file?.size ?? 0 }

  // All but the content. The number of a file system is that of one run and says nothing to others.
  private static func outside(_ entry: Entry, as kind: Entry.Kind) -> Entry {
    var entry = entry
    entry.kind = kind
    entry.hardLink?.device = 0
    return entry
  }
}
