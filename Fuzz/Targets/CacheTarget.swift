// The files of the index cache, which anything can happen to: LMDB trusts every byte of them, so
// they are checked before it sees them. Whatever they hold, nothing crashes: opening works or says
// why not, a look-up answers or throws. That an answer is right is not promised here, as a row's
// checksum is short; the chunk's ID is recomputed wherever it matters.

import Glibc
import Igudar
import Platform
import Vault

extension FuzzTarget {
  // The seed changes nothing.
  static let cache = FuzzTarget("cache", seeds: { [[]] }, run: runCache)

  /// A cache's files, and what the cache should know.
  private struct Template {
    let files: [(name: String, bytes: [UInt8])]
    let segment: Segment
  }

  private static let template = try? makeTemplate()

  private static func makeTemplate() throws -> Template {
    var builder = SegmentBuilder()
    for pack in UInt8(0)..<4 {
      let place = builder.addPack(Fixed.id(pack), size: 1 << 20)
      for frame in UInt32(0)..<8 {
        let frame = builder.addFrame(
          pack: place, offset: 160 + frame * 1000, storedLength: 1000, plainLength: 1 << 16,
          kind: .data)
        for chunk in UInt32(0)..<16 {
          // Every chunk is in two packs; ten levels of keys make a tree of several pages.
          let number = UInt64(pack / 2) << 32 | UInt64(frame % 8) << 16 | UInt64(chunk)
          let id = ChunkID(words: (number &* 0x9e37_79b9_7f4a_7c15, number, 0, 0))
          builder.addRow(id, frame: frame, offset: chunk << 12, length: 1 << 12)
        }
      }
    }
    let payload = builder.finish(Fixed.keyring.currentEpoch.indexKey)
    let segment = try Segment(payload: payload)
    let folder = try Folder()
    do {
      let cache = try open(folder)
      try cache.importSegment(Hash.name(of: payload), segment)
      // Leaves free pages behind.
      try cache.setPackState(.condemned, of: [Fixed.id(0)])
      try cache.setPackState(.live, of: [Fixed.id(0)])
    }
    let files = ["data.mdb", "lock.mdb", "guard"].map { ($0, folder.read($0)) }
    return Template(files: files, segment: segment)
  }

  private static func open(_ folder: borrowing Folder) throws -> IndexCache {
    try IndexCache.open(
      below: folder.path, repository: Fixed.repository, mapSize: 1 << 20, warn: { _ in })
  }

  /// A folder with the files of a cache, gone at the end.
  private struct Folder: ~Copyable {
    let path: FilePath
    private var directory: FilePath {
      path.appending("igudar").appending(Fixed.repository.hex)
    }

    init() throws(Finding) {
      let base = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
      var name = Array("\(base)/igudar-fuzz-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&name) != nil else { throw Finding("no folder in \(base)") }
      path = FilePath(name.dropLast().map { UInt8(bitPattern: $0) })
      unsafe mkdir(path.appending("igudar").description, 0o700)
      unsafe mkdir(directory.description, 0o700)
    }

    deinit {
      for name in ["data.mdb", "lock.mdb", "guard"] {
        unsafe unlink(directory.appending(name).description)
      }
      unsafe rmdir(directory.description)
      unsafe rmdir(path.appending("igudar").description)
      unsafe rmdir(path.description)
    }

    func read(_ name: String) -> [UInt8] {
      guard let file = unsafe fopen(directory.appending(name).description, "r") else { return [] }
      defer { _ = unsafe fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 2 << 20)
      let count = unsafe fread(&bytes, 1, bytes.count, file)
      return Array(bytes[..<count])
    }

    func write(_ bytes: [UInt8], to name: String) {
      guard let file = unsafe fopen(directory.appending(name).description, "w") else { return }
      _ = unsafe fwrite(bytes, 1, bytes.count, file)
      unsafe fclose(file)
    }
  }

  // The input is a list of changes: page, place in it, count, bytes. A page above 32,767 cuts the
  // file off there.
  private static func changed(_ data: [UInt8], by input: [UInt8]) -> [UInt8] {
    var data = data
    var parts = InputReader(input)
    while !parts.isAtEnd && !data.isEmpty {
      let page = parts.number16()
      let place = ((page & 0x7fff) << 12 | parts.number16() & 0xfff) % data.count
      if page > 0x7fff {
        data.removeSubrange(place...)
        continue
      }
      for (index, byte) in parts.bytes(1 + Int(parts.byte() & 15)).enumerated()
      where place + index < data.count { data[place + index] = byte }
    }
    return data
  }

  private static func runCache(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let template else { throw Finding("no cache can be made") }
    let folder = try Folder()
    for (name, bytes) in template.files {
      folder.write(name == "data.mdb" ? changed(bytes, by: input) : bytes, to: name)
    }
    guard let cache = try? open(folder), let reader = try? cache.reader() else { return false }
    var isWhole = true
    for index in 0..<template.segment.rowCount {
      let row = template.segment.row(index)
      let frame = template.segment.frame(Int(row.frame))
      guard let places = try? reader.places(row.id), !places.isEmpty else {
        isWhole = false
        continue
      }
      var isFound = false
      for place in places where place.offset == row.offset && place.frameOffset == frame.offset {
        let pack = (try? reader.pack(place.pack)) ?? nil
        isFound = isFound || pack?.hash == template.segment.pack(Int(frame.pack)).name
      }
      isWhole = isWhole && isFound
    }
    _ = try? cache.counts()
    _ = try? cache.importedSegments()
    return isWhole
  }
}
