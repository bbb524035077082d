// The one place that writes with libarchive: headers, data, an end. What it makes is gathered in
// memory and handed on after every call, so that no callback of C reaches beyond this file; a call
// takes at most a few mebibytes of data.

internal import CArchive
import Glibc
import Vault

/// The formats that are written.
public enum ArchiveFormat: String, CaseIterable, Sendable {
  /// POSIX pax, with attributes and access control lists as GNU tar and star write them.
  case tar
  /// PKZIP with the common Unix fields; 64 bit where needed.
  case zip
}

/// Why something cannot be put into an archive, in words.
package enum ArchiveError: Error {
  /// This entry cannot; others can.
  case entry(String)
  /// The archive is lost.
  case archive(String)
}

/// An archive that is being written; not shared.
@safe
final class ArchiveWriter {
  private let raw: OpaquePointer
  private let gathered: Gathered
  private let format: ArchiveFormat

  /// What libarchive wrote and was not handed on.
  final class Gathered {
    var bytes: [UInt8] = []
  }

  init(_ format: ArchiveFormat) throws(ArchiveError) {
    guard let raw = unsafe archive_write_new() else { throw .archive("out of memory") }
    unsafe self.raw = unsafe raw
    gathered = Gathered()
    self.format = format
    switch format {
    case .tar:
      try unsafe check(archive_write_set_format_pax(raw))
      // Else every attribute would be written twice, once in a form that only libarchive reads.
      try unsafe check(archive_write_set_options(raw, "xattrheader=SCHILY"))
      try unsafe check(archive_write_set_bytes_in_last_block(raw, 10240))
    case .zip:
      try unsafe check(archive_write_set_format_zip(raw))
      try unsafe check(archive_write_set_bytes_in_last_block(raw, 1))
    }
    try unsafe check(archive_write_set_bytes_per_block(raw, 10240 * 25))
    let context = unsafe Unmanaged.passUnretained(gathered).toOpaque()
    try unsafe check(
      archive_write_open2(
        raw, context, nil,
        { _, context, bytes, count in
          guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
          let gathered = unsafe Unmanaged<Gathered>.fromOpaque(context).takeUnretainedValue()
          unsafe gathered.bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
          return count
        }, nil, nil))
  }

  deinit {
    // Else what is missing of an entry, all of a disk perhaps, would be written as zeros now.
    _ = unsafe archive_write_fail(raw)
    _ = unsafe archive_write_free(raw)
  }

  /// Writes the header of an entry of that name, whose data follows.
  ///
  /// Of zip the character set says whether the name is marked as UTF-8: one that is not must not be.
  func begin(_ header: borrowing ArchiveHeader, named name: [UInt8]) throws(ArchiveError) {
    guard format == .zip, String(validating: name, as: UTF8.self) == nil else {
      return try check(unsafe archive_write_header(raw, header.raw))
    }
    let status = ArchiveLocale.reading.during { unsafe archive_write_header(raw, header.raw) }
    try check(status)
  }

  /// Writes data of the entry begun last.
  func write(_ bytes: RawSpan) throws(ArchiveError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { bytes in
        unsafe archive_write_data(raw, bytes.baseAddress, bytes.count)
      }
      guard count > 0 else { throw .archive(message) }
      rest = rest.extracting(count..<rest.byteCount)
    }
  }

  /// Writes a stretch of a file that is a hole: zeros, or nothing where the header says so.
  func writeZeros(_ length: UInt64) throws(ArchiveError) {
    var left = length
    while left > 0 {
      let count = min(left, UInt64(Self.zeros.count))
      try write(Self.zeros.rawSpan.extracting(0..<Int(count)))
      left -= count
    }
  }

  private static let zeros = [UInt8](repeating: 0, count: 1 << 18)

  /// Ends the archive.
  func finish() throws(ArchiveError) { try check(unsafe archive_write_close(raw)) }

  /// Hands on what was made since the last time, if there is any, and answers whether to go on.
  func drain(_ handOn: (RawSpan) -> Bool) -> Bool {
    guard !gathered.bytes.isEmpty else { return true }
    var bytes: [UInt8] = []
    swap(&bytes, &gathered.bytes)
    let goesOn = handOn(bytes.rawSpan)
    bytes.removeAll(keepingCapacity: true)
    swap(&bytes, &gathered.bytes)
    return goesOn
  }

  private var message: String {
    guard let text = unsafe archive_error_string(raw) else { return "libarchive failed" }
    return unsafe String(cString: text)
  }

  private func check(_ status: Int32) throws(ArchiveError) {
    switch status {
    case ARCHIVE_OK, ARCHIVE_WARN: return
    case ARCHIVE_FAILED: throw .entry(message)
    default: throw .archive(message)
    }
  }
}
