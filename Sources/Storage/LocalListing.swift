// The objects of a local store in byte order of their names. The folders that a repository has are
// known, so nothing else is ever looked into.
//
// Invariant: a listing that broke off is an error, never the end of the list.

import Glibc
import Platform

/// One listing of a local store.
struct LocalListing {
  private let store: LocalStore
  private let prefix: String
  private let after: String?

  init(of store: LocalStore, prefix: String, after: String?) {
    self.store = store
    self.prefix = prefix
    self.after = after
  }

  typealias Body = (ObjectName, Int) throws(StoreError) -> Bool

  /// Hands out the objects until the closure answers false.
  func run(_ body: Body) throws(StoreError) {
    guard try offer("format", body) else { return }
    for folder in ["index", "journal", "keyring"] where isWanted(folder) {
      guard try files(of: folder, body) else { return }
    }
    if isWanted("packs") {
      guard try packs(body) else { return }
    }
    guard try offer("reserve", body) else { return }
    if isWanted("slots") { _ = try files(of: "slots", body) }
  }

  // Whether a folder can hold names with the prefix and behind `after`.
  private func isWanted(_ folder: String) -> Bool {
    let start = folder + "/"
    guard start.hasPrefix(prefix) || prefix.hasPrefix(start) else { return false }
    guard let after else { return true }
    return after < start || after.hasPrefix(start)
  }

  private func packs(_ body: Body) throws(StoreError) -> Bool {
    guard let names = try listing(of: "packs") else { return true }
    for index in 0..<names.count {
      let name = names.name(index).bytes
      guard name.count == 2, name.allSatisfy(isHexDigit) else { continue }
      let folder = "packs/" + String(decoding: name, as: UTF8.self)
      guard isWanted(folder) else { continue }
      guard try files(of: folder, body) else { return false }
    }
    return true
  }

  private func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  private func files(of folder: String, _ body: Body) throws(StoreError) -> Bool {
    guard let names = try listing(of: folder) else { return true }
    defer { withExtendedLifetime(names) {} }
    let start = folder + "/"
    for index in 0..<names.count {
      // Objects have ASCII names; others are nobody's and decode to something that is no name.
      let name = unsafe String(cString: names.cName(index))
      guard try offer(start + name, body) else { return false }
    }
    return true
  }

  // Passes over what is no object, or no longer there.
  private func offer(_ path: String, _ body: Body) throws(StoreError) -> Bool {
    guard path.hasPrefix(prefix), after.map({ $0 < path }) ?? true, let name = ObjectName(path)
    else { return true }
    let status: FileStatus
    do throws(Errno) {
      status = try unsafe FileStatus.of(path, at: store.root.raw, flags: AT_SYMLINK_NOFOLLOW)
    } catch {
      if error == .notFound { return true }
      throw StoreError(error, "stat", store.subject(path))
    }
    return try body(name, status.type == .regular ? Int(clamping: status.size) : 0)
  }

  // Nil where there is no such folder.
  private func listing(of folder: String) throws(StoreError) -> DirectoryListing? {
    let raw = retrying {
      unsafe openat(store.root.raw, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard raw >= 0 else {
      let errno = Errno.current
      if errno == .notFound { return nil }
      // A file where packs should be is the loss of these packs, not of the store.
      if errno == .notDirectory, folder.hasPrefix("packs/") { return nil }
      throw StoreError(errno, "open", store.subject(folder))
    }
    do throws(Errno) { return try DirectoryListing(of: Descriptor(owning: raw)) } catch {
      throw StoreError(error, "getdents", store.subject(folder))
    }
  }
}
