// The number by which Linux says what went wrong, and the call that it answered.

import CLinux
import Glibc

/// An error number of Linux.
public struct Errno: Error, Hashable, Sendable {
  /// The number, as in `errno.h`.
  public let code: Int32

  /// The error with this number.
  public init(_ code: Int32) { self.code = code }

  /// What `errno` says now.
  package static var current: Errno { Errno(errno) }

  /// The error in words, in English.
  public var text: String {
    guard let text = unsafe clinux_strerrordesc(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }

  /// The error in words with the system call that answered it.
  public func reason(in call: String) -> String { "\(text) (\(call))" }

  package static let notFound = Errno(ENOENT)
  package static let exists = Errno(EEXIST)
  package static let notDirectory = Errno(ENOTDIR)
  package static let interrupted = Errno(EINTR)
  package static let notPermitted = Errno(EPERM)
  package static let accessDenied = Errno(EACCES)
  package static let readOnly = Errno(EROFS)
  package static let noSpace = Errno(ENOSPC)
  package static let tooLarge = Errno(EFBIG)
  package static let quotaExceeded = Errno(EDQUOT)
  package static let loop = Errno(ELOOP)
  package static let invalid = Errno(EINVAL)
  package static let notSupported = Errno(EOPNOTSUPP)
  package static let noData = Errno(ENODATA)
  package static let crossDevice = Errno(EXDEV)
  package static let noSystemCall = Errno(ENOSYS)
  package static let notEmpty = Errno(ENOTEMPTY)
  package static let range = Errno(ERANGE)
  package static let timedOut = Errno(ETIMEDOUT)
  package static let again = Errno(EAGAIN)
  package static let stale = Errno(ESTALE)
  package static let hostDown = Errno(EHOSTDOWN)
  package static let hostUnreachable = Errno(EHOSTUNREACH)
  package static let noSuchDevice = Errno(ENXIO)
  package static let busy = Errno(EBUSY)
  package static let noMemory = Errno(ENOMEM)
  package static let textBusy = Errno(ETXTBSY)
  package static let isDirectory = Errno(EISDIR)
  package static let inputOutput = Errno(EIO)
  package static let illegalSeek = Errno(ESPIPE)
  package static let remoteInputOutput = Errno(EREMOTEIO)
  package static let illegalSequence = Errno(EILSEQ)
  package static let badMessage = Errno(EBADMSG)
  package static let needsCleaning = Errno(EUCLEAN)
  package static let notBlockDevice = Errno(ENOTBLK)
}

/// A system call that failed, with what it was about.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the call.
  public let call: String
  /// What it answered.
  public let errno: Errno
  /// The file that it was about, if it was about one.
  public let path: FilePath?

  package init(_ call: String, _ errno: Errno = .current, _ path: FilePath? = nil) {
    self.call = call
    self.errno = errno
    self.path = path
  }

  /// Path, reason and call.
  public var description: String {
    let subject = path.map { $0.bytes.isEmpty ? "“”: " : "\(printable($0.bytes)): " } ?? ""
    return subject + errno.reason(in: call)
  }
}
