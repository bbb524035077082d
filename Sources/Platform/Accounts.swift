// Names of users and groups by number, looked up once each.

import Glibc

/// Names by number and numbers by name; any thread may ask.
package final class Accounts: @unchecked Sendable {
  private let lock = Lock()
  private var users: [UInt32: [UInt8]] = [:]
  private var groups: [UInt32: [UInt8]] = [:]
  private var userNumbers: [[UInt8]: UInt32?] = [:]
  private var groupNumbers: [[UInt8]: UInt32?] = [:]

  package init() {}

  /// The name of a user, empty if there is none.
  package func user(_ uid: UInt32) -> [UInt8] {
    lock.withLock {
      if let known = users[uid] { return known }
      let name = unsafe getpwuid(uid).map { unsafe bytes($0.pointee.pw_name) } ?? []
      users[uid] = name
      return name
    }
  }

  /// The name of a group, empty if there is none.
  package func group(_ gid: UInt32) -> [UInt8] {
    lock.withLock {
      if let known = groups[gid] { return known }
      let name = unsafe getgrgid(gid).map { unsafe bytes($0.pointee.gr_name) } ?? []
      groups[gid] = name
      return name
    }
  }

  /// The number of a user, nil if there is none of this name.
  package func uid(of name: [UInt8]) -> UInt32? {
    lock.withLock {
      if let known = userNumbers[name] { return known }
      let uid = unsafe withNullTerminated(name) {
        unsafe getpwnam($0).map { unsafe $0.pointee.pw_uid }
      }
      userNumbers[name] = .some(uid)
      return uid
    }
  }

  /// The number of a group, nil if there is none of this name.
  package func gid(of name: [UInt8]) -> UInt32? {
    lock.withLock {
      if let known = groupNumbers[name] { return known }
      let gid = unsafe withNullTerminated(name) {
        unsafe getgrnam($0).map { unsafe $0.pointee.gr_gid }
      }
      groupNumbers[name] = .some(gid)
      return gid
    }
  }

  private func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
    guard let text = unsafe text else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }
}
