// Archives of anybody, read member by member, and access control lists. What libarchive takes apart
// has its own fuzzers; here it is what is made of it.

import Glibc
import Igudar
import Platform
import Vault

extension FuzzTarget {
  static let archives = [
    FuzzTarget("posix-acl", seeds: listSeeds, run: runList),
    FuzzTarget("archive", seeds: archiveSeeds, run: runArchive),
  ]

  // MARK: posix-acl: the value of the attribute

  private static func listSeeds() -> [[UInt8]] {
    let entries = [
      PosixACL.Entry(tag: .owner, permissions: 6, id: 0),
      PosixACL.Entry(tag: .user, permissions: 7, id: 1234),
      PosixACL.Entry(tag: .mask, permissions: 4, id: 0),
    ]
    return [PosixACL(entries).bytes, PosixACL(Array(entries.prefix(1))).bytes]
  }

  private static func runList(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let list = PosixACL(input) else { return false }
    try promise(PosixACL(list.bytes) == list, "a list is written as it was read")
    return true
  }

  // MARK: archive: tar as it comes from a pipe

  private static func archiveSeeds() -> [[UInt8]] {
    let end = [UInt8](repeating: 0, count: 1024)
    let file = header("a", "0", size: 3) + padded(Array("one".utf8))
    let records = pax("path", "long") + pax("mtime", "-4.5") + pax("SCHILY.xattr.user.a", "v")
    let list = pax("SCHILY.acl.access", "user::rw-,user:7:r--,group::r--,mask::r--,other::---")
    let extended =
      header("x", "x", size: records.count + list.count) + padded(records + list)
      + header("b", "0", size: 0)
    return [file + end, header("d/", "5", size: 0) + end, extended + end]
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }

  private static func pax(_ key: String, _ value: String) -> [UInt8] {
    // Length, space, key, =, value, newline; the length counts itself.
    var size = key.utf8.count + value.utf8.count + 3
    size += "\(size + 2)".utf8.count
    return Array("\(size) \(key)=\(value)\n".utf8)
  }

  // A header of POSIX ustar; numbers are octal.
  private static func header(_ name: String, _ type: Character, size: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: width - digits.utf8.count) + digits
    }
    put(name, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(1000, 7), at: 108)
    put(octal(100, 7), at: 116)
    put(octal(size, 11), at: 124)
    put(octal(1_700_000_000, 11), at: 136)
    put("        ", at: 148)
    put(String(type), at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6), at: 148)
    return block
  }

  private static func runArchive(_ input: [UInt8]) throws(Finding) -> Bool {
    // A pipe holds 64 KiB, more than the fuzzer gives.
    guard input.count <= 32768, let descriptor = pipe(holding: input) else { return false }
    defer { close(descriptor) }
    var memberCount = 0
    do {
      let archive = try ArchiveReader(descriptor)
      while let member = try archive.next() {
        memberCount += 1
        try check(member)
        try archive.data { (_, _) throws(VaultError) in }
      }
      return memberCount > 0
    } catch let finding as Finding {
      throw finding
    } catch {
      return false
    }
  }

  private static func check(_ member: ArchiveMember) throws(Finding) {
    var entry = member.entry
    entry.name = FileName(unchecked: [0x78])
    if case .symbolicLink(let target) = entry.kind, target.isEmpty || target.count > 4095 { return }
    if entry.type == .file { entry.kind = .file(.init(size: 0, content: .empty)) }
    let encoded = entry.encoded
    let decoded = try? Entry(decoding: encoded.rawSpan)
    try promise(decoded == entry, "what a header says can be an entry")
    let names = member.attributes.map(\.name)
    try promise(
      zip(names, names.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) },
      "attributes ascend by name")
  }

  private static func pipe(holding bytes: [UInt8]) -> Int32? {
    var pair: [Int32] = [-1, -1]
    guard unsafe Glibc.pipe(&pair) == 0 else { return nil }
    let count = unsafe write(pair[1], bytes, bytes.count)
    close(pair[1])
    guard count == bytes.count else {
      close(pair[0])
      return nil
    }
    return pair[0]
  }
}
