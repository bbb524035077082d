// The one place that reads with libarchive: tar in all its dialects, compressed or not, from a
// descriptor, member by member. What follows an end mark is read on, so that archives put behind
// each other are all there.

internal import CArchive
import Glibc
import Platform
package import Vault

/// An archive that is being read; not shared.
@safe
package final class ArchiveReader {
  private let raw: OpaquePointer
  private let feed: ArchiveFeed
  private let accounts = Accounts()
  private var entry: OpaquePointer?
  /// What libarchive said of the last header although it could be read; nil if nothing.
  private(set) var warning: String?

  /// Reads what a descriptor gives, which stays the caller's.
  package init(_ descriptor: Int32) throws(ArchiveError) {
    guard let raw = unsafe archive_read_new() else { throw .archive("out of memory") }
    unsafe self.raw = unsafe raw
    feed = ArchiveFeed(descriptor)
    try unsafe check(archive_read_support_filter_gzip(raw))
    try unsafe check(archive_read_support_filter_bzip2(raw))
    try unsafe check(archive_read_support_filter_xz(raw))
    try unsafe check(archive_read_support_filter_lzma(raw))
    try unsafe check(archive_read_support_filter_zstd(raw))
    try unsafe check(archive_read_support_filter_lz4(raw))
    try unsafe check(archive_read_support_filter_compress(raw))
    try unsafe check(archive_read_support_format_tar(raw))
    try unsafe check(archive_read_set_options(raw, "tar:read_concatenated_archives=1"))
    let context = unsafe Unmanaged.passUnretained(feed).toOpaque()
    try unsafe check(
      archive_read_open2(
        raw, context, nil,
        { archive, context, place in
          guard let context = unsafe context, let place = unsafe place else { return -1 }
          let feed = unsafe Unmanaged<ArchiveFeed>.fromOpaque(context).takeUnretainedValue()
          return unsafe feed.read(place)
        }, nil, nil))
  }

  deinit { _ = unsafe archive_read_free(raw) }

  /// Bytes read so far, before decompression.
  var byteCount: UInt64 { feed.byteCount }

  /// Goes to the next member; nil at the end.
  package func next() throws(ArchiveError) -> ArchiveMember? {
    let status = unsafe archive_read_next_header(raw, &entry)
    switch status {
    case ARCHIVE_EOF:
      try requireEnd()
      return nil
    case ARCHIVE_OK: warning = nil
    // Names that are not ASCII come as they are.
    case ARCHIVE_WARN: warning = message.contains("can't be converted from UTF-8") ? nil : message
    default: throw .archive(feed.failure ?? message)
    }
    guard let entry = unsafe entry else { throw .archive("a member without header") }
    return unsafe ArchiveMember(entry, accounts)
  }

  /// Hands out the data of the member, stretch by stretch with its offset.
  package func data(
    _ body: (RawSpan, UInt64) throws(VaultError) -> Void
  ) throws(ImportProblem) {
    while true {
      var start: UnsafeRawPointer?
      var count = 0
      var offset: Int64 = 0
      let status = unsafe archive_read_data_block(raw, &start, &count, &offset)
      switch status {
      case ARCHIVE_OK, ARCHIVE_WARN: break
      case ARCHIVE_EOF: return
      default: throw .archive(feed.failure ?? message)
      }
      guard count > 0 else { continue }
      guard let offset = UInt64(exactly: offset) else { throw .archive("data before a member") }
      do throws(VaultError) {
        try body(unsafe UnsafeRawBufferPointer(start: start, count: count).bytes, offset)
      } catch { throw .vault(error) }
    }
  }

  // An archive that is not compressed can be cut off between two members: only its end mark tells.
  private func requireEnd() throws(ArchiveError) {
    guard unsafe archive_filter_count(raw) == 1 else { return }
    while unsafe feed.read(nil) > 0 {}
    if let failure = feed.failure { throw .archive(failure) }
    guard feed.zeroCount >= 512 else {
      throw .archive("it has no end mark, so that more of it may be missing")
    }
  }

  private var message: String {
    guard let text = unsafe archive_error_string(raw) else { return "libarchive failed" }
    return unsafe String(cString: text)
  }

  private func check(_ status: Int32) throws(ArchiveError) {
    guard status == ARCHIVE_OK else { throw .archive(feed.failure ?? message) }
  }
}

/// Why an import ends.
package enum ImportProblem: Error {
  /// The archive cannot be read on, in words.
  case archive(String)
  case vault(VaultError)
}

/// The bytes of an archive on their way from a descriptor into libarchive.
private final class ArchiveFeed {
  private let descriptor: Int32
  private let buffer = OwnedBuffer(capacity: 256 << 10)
  private(set) var byteCount: UInt64 = 0
  /// How many zeros the bytes so far end with.
  private(set) var zeroCount: UInt64 = 0
  /// Why reading failed, in words.
  private(set) var failure: String?

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Reads the next bytes and says where they are; 0 at the end, -1 for an error.
  @unsafe
  func read(_ place: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
    unsafe place?.pointee = unsafe UnsafeRawPointer(buffer.pointer)
    while true {
      guard waitUntilReadable() else {
        failure = "interrupted"
        return -1
      }
      let count = unsafe Glibc.read(descriptor, buffer.pointer, buffer.capacity)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        failure = Errno.current.reason(in: "read")
        return -1
      }
      note(count)
      return count
    }
  }

  private func note(_ count: Int) {
    byteCount += UInt64(count)
    let bytes = unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: count)
    let last = unsafe bytes.lastIndex { $0 != 0 }
    zeroCount = last.map { UInt64(count - 1 - $0) } ?? zeroCount + UInt64(count)
  }

  // False when the program is asked to stop. A signal that comes right before the wait is noticed a
  // second later.
  private func waitUntilReadable() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while Interrupt.requested == 0 {
      if unsafe poll(&entry, 1, 1000) > 0 { return true }
    }
    return false
  }
}
