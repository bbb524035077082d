// Writes a directory of a snapshot as an archive, in the order of the tree, with all that the format
// can hold. Files with several names are written once and linked afterwards; which names came first
// is kept in a map that leaves memory when it grows. In memory is one stretch of a file beside what
// a walk needs.
//
// A stream cannot take back what it said: where the content of a file cannot be had the archive
// ends, and ends with an error.

public import Platform
import Vault

/// What an archive lacks.
public enum ArchiveOmission: Sendable {
  /// The format has no place for it: a socket, or anything but files, folders and links in zip.
  case notInFormat(FilePath, EntryType)
  /// The file is larger than 2^63 bytes, which no archive can say.
  case tooLarge(FilePath)
  /// The folder cannot be read in the repository.
  case unreadable(FilePath, RepositoryError)
}

/// A tree that is written as an archive.
public struct ArchiveDump {
  private let repository: Repository
  private let format: ArchiveFormat
  private let omitted: (ArchiveOmission) -> Void

  /// A dump in a format; `omitted` is told what the archive lacks.
  public init(
    _ repository: Repository, as format: ArchiveFormat,
    omitted: @escaping (ArchiveOmission) -> Void
  ) {
    self.repository = repository
    self.format = format
    self.omitted = omitted
  }

  /// Hands the archive of an entry and all below it on, piece by piece; true if it is complete.
  ///
  /// `handOn` answers whether to go on. The entry's path, without a slash before it, begins the
  /// paths in the archive; that of the root is empty.
  /// - Throws: `damaged` at the first content that cannot be had, `interrupted`, and what the store
  ///   and local places can throw.
  public func run(
    _ entry: Entry, at path: FilePath, handOn: (RawSpan) -> Bool
  ) throws(RepositoryError) -> Bool {
    try ArchiveLocale.writing.during { () throws(RepositoryError) in
      try vaultErrors { () throws(VaultError) in
        let run = try ArchiveRun(repository, format, omitted)
        return try run.write(entry, at: path, handOn)
      }
    }
  }
}

/// A dump that is running; not shared.
private final class ArchiveRun {
  private let repository: Repository
  private let source: any NodeSource
  private let chunks: ChunkReader
  private let writer: ArchiveWriter
  private let format: ArchiveFormat
  private let header = ArchiveHeader()
  private let firstNames = TemporaryMap()
  private let omitted: (ArchiveOmission) -> Void

  // Files below this are read by this thread; workers would not pay.
  private static let smallSize: UInt64 = 2 << 20
  // More stretches than this would take memory in libarchive and in whoever reads the archive.
  private static let mostStretches = 100_000

  init(
    _ repository: Repository, _ format: ArchiveFormat,
    _ omitted: @escaping (ArchiveOmission) -> Void
  ) throws(VaultError) {
    self.repository = repository
    self.format = format
    self.omitted = omitted
    source = try repository.nodeSource()
    chunks = try ChunkReader(vault: repository.vault)
    writer = try archiveErrors { () throws(ArchiveError) in try ArchiveWriter(format) }
  }

  func write(
    _ entry: Entry, at path: FilePath, _ handOn: (RawSpan) -> Bool
  ) throws(VaultError) -> Bool {
    guard try add(entry, at: path, handOn) else { return false }
    var isWhole = true
    if let children = entry.children {
      try TreeWalk(from: source).views(
        of: children, at: path,
        unreadable: { (folder, error) throws(VaultError) in
          omitted(.unreadable(folder.path, RepositoryError(error)))
        }
      ) { (view, folder) throws(VaultError) in
        let entry = view.entry
        isWhole = try add(entry, at: folder.appending(entry.name), handOn)
        return isWhole ? .onward : .stop
      }
    }
    guard isWhole else { return false }
    try archiveErrors { () throws(ArchiveError) in try writer.finish() }
    return writer.drain(handOn)
  }

  private func add(
    _ entry: Entry, at path: FilePath, _ handOn: (RawSpan) -> Bool
  ) throws(VaultError) -> Bool {
    guard format.holds(entry.type) else {
      omitted(.notInFormat(path, entry.type))
      return true
    }
    guard Int64(exactly: entry.file?.size ?? 0) != nil else {
      omitted(.tooLarge(path))
      return true
    }
    let name = path.bytes.isEmpty ? [0x2e] : path.bytes
    header.set(entry, at: name, size: entry.file?.size ?? 0)
    if format == .tar {
      if let first = try firstName(of: entry, at: name) {
        header.setHardLink(to: first)
        try begin(name)
        return writer.drain(handOn)
      }
      for attribute in entry.attributes {
        header.add(attribute: attribute.name, try value(of: attribute))
      }
      if let file = entry.file, let stretches = try stretches(of: file) {
        header.setStretches(stretches)
      }
    }
    try begin(name)
    guard let file = entry.file, file.size > 0 else { return writer.drain(handOn) }
    return try write(file, at: path, handOn)
  }

  private func begin(_ name: [UInt8]) throws(VaultError) {
    try archiveErrors { () throws(ArchiveError) in try writer.begin(header, named: name) }
  }

  // The name under which a file was written that has several; remembers this one if it is the first.
  private func firstName(of entry: Entry, at name: [UInt8]) throws(VaultError) -> [UInt8]? {
    guard let id = entry.linkKey(repository.vault.hasher) else { return nil }
    var key = ByteWriter()
    key.id(id)
    if let first = try firstNames.get(key.bytes) { return first }
    try firstNames.set(key.bytes, to: name)
    return nil
  }

  private func value(of attribute: ExtendedAttribute) throws(VaultError) -> [UInt8] {
    switch attribute.value {
    case .inline(let bytes): bytes
    case .chunk(let id, _): try chunks.read(id, kind: .data)
    }
  }

  // MARK: Content

  // Where a file with holes has data; nil for a file without holes or with too many.
  private func stretches(of file: Entry.File) throws(VaultError) -> [Range<UInt64>]? {
    var extents = ContentReader(file, from: source)
    var stretches: [Range<UInt64>] = []
    var hasHole = false
    var offset: UInt64 = 0
    while let extent = try extents.next() {
      let end = offset + extent.length
      if extent.isHole {
        hasHole = true
      } else if let last = stretches.last, last.upperBound == offset {
        stretches[stretches.count - 1] = last.lowerBound..<end
      } else {
        stretches.append(offset..<end)
      }
      guard stretches.count <= Self.mostStretches else { return nil }
      offset = end
    }
    return hasHole ? stretches : nil
  }

  private func write(
    _ file: Entry.File, at path: FilePath, _ handOn: (RawSpan) -> Bool
  ) throws(VaultError) -> Bool {
    do throws(VaultError) {
      if file.size >= Self.smallSize { return try writeLarge(file, handOn) }
      var extents = ContentReader(file, from: source)
      while let extent = try extents.next() {
        guard Interrupt.requested == 0 else { throw .interrupted }
        switch extent {
        case .hole(let length):
          try archiveErrors { () throws(ArchiveError) in
            try writer.writeZeros(length)
          }
        case .chunk(let id, let length): try writeChunk(id, length)
        }
      }
      return writer.drain(handOn)
    } catch {
      guard error.isLoss else { throw error }
      throw .damaged(object: "“\(path)”:", .malformed("\(RepositoryError(error))"))
    }
  }

  private func writeChunk(_ id: ChunkID, _ length: UInt32) throws(VaultError) {
    let outcome = try unsafe chunks.withChunk(id, kind: .data) { bytes in
      guard bytes.count == Int(length) else {
        return Result<Void, ArchiveError>.failure(
          .archive("a chunk is not as long as its file says"))
      }
      let span = unsafe bytes.bytes
      return Result { () throws(ArchiveError) in try writer.write(span) }
    }
    try archiveErrors { () throws(ArchiveError) in try outcome.get() }
  }

  private func writeLarge(
    _ file: Entry.File, _ handOn: (RawSpan) -> Bool
  ) throws(VaultError) -> Bool {
    let dump = FileDump(file, of: repository)
    return try withoutActuallyEscaping(handOn) { (handOn) throws(VaultError) in
      var member = MemberTarget(writer: writer, handOn: handOn)
      let isWhole = try dump.run(&member)
      if let failure = member.failure {
        try archiveErrors { () throws(ArchiveError) in throw failure }
      }
      return isWhole
    }
  }
}

/// A file that goes into the archive as it is fetched.
private struct MemberTarget: DumpTarget {
  let writer: ArchiveWriter
  let handOn: (RawSpan) -> Bool
  private(set) var failure: ArchiveError?

  init(writer: ArchiveWriter, handOn: @escaping (RawSpan) -> Bool) {
    self.writer = writer
    self.handOn = handOn
  }

  mutating func write(_ bytes: RawSpan) -> Bool {
    do throws(ArchiveError) { try writer.write(bytes) } catch {
      failure = error
      return false
    }
    return writer.drain(handOn)
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    do throws(ArchiveError) {
      var left = length
      while left > 0 {
        guard Interrupt.requested == 0 else { return false }
        let part = min(left, 1 << 20)
        try writer.writeZeros(part)
        guard writer.drain(handOn) else { return false }
        left -= part
      }
      return true
    } catch {
      failure = error
      return false
    }
  }
}

extension ArchiveFormat {
  func holds(_ type: EntryType) -> Bool {
    switch self {
    case .tar: type != .socket
    case .zip: [.file, .directory, .symbolicLink].contains(type)
    }
  }
}

/// Runs what throws errors of archives and throws them as those of the vault.
func archiveErrors<Result>(
  _ body: () throws(ArchiveError) -> Result
) throws(VaultError) -> Result {
  do throws(ArchiveError) { return try body() } catch {
    switch error {
    case .entry(let message), .archive(let message):
      throw .notSupported("writing the archive: \(message)")
    }
  }
}
