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
      let name =
        unsafe lookUp(passwd()) { (entry, text, size, found) in
          unsafe getpwuid_r(uid, &entry, text, size, &found)
        } reading: {
          unsafe bytes($0.pw_name)
        } ?? []
      users[uid] = name
      return name
    }
  }

  /// The name of a group, empty if there is none.
  package func group(_ gid: UInt32) -> [UInt8] {
    lock.withLock {
      if let known = groups[gid] { return known }
      let name =
        unsafe lookUp(Glibc.group()) { (entry, text, size, found) in
          unsafe getgrgid_r(gid, &entry, text, size, &found)
        } reading: {
          unsafe bytes($0.gr_name)
        } ?? []
      groups[gid] = name
      return name
    }
  }

  /// The number of a user, nil if there is none of this name.
  package func uid(of name: [UInt8]) -> UInt32? {
    lock.withLock {
      if let known = userNumbers[name] { return known }
      let uid = unsafe withNullTerminated(name) { name in
        unsafe lookUp(passwd()) { (entry, text, size, found) in
          unsafe getpwnam_r(name, &entry, text, size, &found)
        } reading: {
          unsafe $0.pw_uid
        }
      }
      userNumbers[name] = .some(uid)
      return uid
    }
  }

  /// The number of a group, nil if there is none of this name.
  package func gid(of name: [UInt8]) -> UInt32? {
    lock.withLock {
      if let known = groupNumbers[name] { return known }
      let gid = unsafe withNullTerminated(name) { name in
        unsafe lookUp(Glibc.group()) { (entry, text, size, found) in
          unsafe getgrnam_r(name, &entry, text, size, &found)
        } reading: {
          unsafe $0.gr_gid
        }
      }
      groupNumbers[name] = .some(gid)
      return gid
    }
  }

  // Asks with more and more room; groups of thousands of members need much of it.
  private func lookUp<Entry, Value>(
    _ empty: Entry,
    _ ask: (
      inout Entry, UnsafeMutablePointer<CChar>, Int, inout UnsafeMutablePointer<Entry>?
    ) -> Int32,
    reading: (Entry) -> Value
  ) -> Value? {
    var size = 4096
    while size <= 16 << 20 {
      var entry = empty
      var found: UnsafeMutablePointer<Entry>?
      let text = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { unsafe text.deallocate() }
      let code = retryingCode { unsafe ask(&entry, text, size, &found) }
      if code != ERANGE { return unsafe found == nil ? nil : reading(entry) }
      size *= 4
    }
    return nil
  }

  // These calls answer the error instead of setting it.
  private func retryingCode(_ call: () -> Int32) -> Int32 {
    while true {
      let code = call()
      if code != EINTR { return code }
    }
  }

  private func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
    guard let text = unsafe text else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }
}
