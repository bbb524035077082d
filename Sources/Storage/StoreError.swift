// What can go wrong with a store; a case says what the caller can do about it.

package import Platform

/// An error of a store, with a text that names the store, the object and the reason.
public enum StoreError: Error, Hashable, Sendable {
  /// No such object.
  case notFound(String)
  /// There is no store at this place.
  case absent(String)
  /// There is no room.
  case full(String)
  /// The store does not permit it.
  case notPermitted(String)
  /// One object cannot be read, while the store is there: a bad sector, or something else in its
  /// place.
  case unreadable(String, reason: String)
  /// The store does not answer now; trying again may help.
  case unavailable(String)
  /// Anything else.
  case failed(String)

  /// Whether the same call may succeed later without anybody doing anything.
  public var isRetryable: Bool {
    if case .unavailable = self { true } else { false }
  }

  /// The error of a system call at an object.
  package init(_ errno: Errno, _ call: String, _ subject: String) {
    let text = "\(subject): \(errno.reason(in: call))"
    switch errno {
    case .notFound: self = .notFound(text)
    case .noSpace, .quotaExceeded: self = .full(text)
    case .accessDenied, .notPermitted, .readOnly: self = .notPermitted(text)
    case .timedOut, .again, .stale, .hostDown, .hostUnreachable: self = .unavailable(text)
    default: self = .failed(text)
    }
  }
}

extension StoreError: CustomStringConvertible {
  /// The text alone.
  public var description: String {
    switch self {
    case .notFound(let text), .absent(let text), .full(let text), .notPermitted(let text),
      .unavailable(let text), .failed(let text):
      text
    case .unreadable(let subject, let reason): "\(subject): \(reason)"
    }
  }
}
