// Tree nodes and their entries with everything that they say.

import Igudar
import Platform
import Vault

extension TreeNode {
  /// Prints the node as one JSON object.
  func print(_ id: ChunkID, to output: Output) {
    JSONDocument.print(to: output) { document in
      func begin(_ type: String, _ level: UInt8) {
        var object = JSONObject()
        object.add("id", id.hex)
        object.add("type", type)
        object.add("level", UInt32(level))
        document.add(membersOf: object)
      }
      switch self {
      case .entries(let entries):
        begin("directory", 0)
        document.list("entries", entries) { $0.object }
      case .names(let level, let names):
        begin("directory", level)
        document.list("nodes", names) { item in
          var object = JSONObject()
          object.add("last_name", path: item.last.bytes)
          object.add("id", item.id.hex)
          return object
        }
      case .extents(let extents):
        begin("content", 0)
        document.list("extents", extents) { $0.object }
      case .branches(let level, let branches):
        begin("content", level)
        document.list("nodes", branches) { item in
          var object = JSONObject()
          object.add("bytes", item.bytes)
          object.add("id", item.id.hex)
          return object
        }
      }
    }
  }
}

extension Entry {
  fileprivate var object: JSONObject {
    var object = JSONObject()
    object.add("name", path: name.bytes)
    object.add("type", type.word)
    object.add("mode", "0" + String(mode, radix: 8))
    object.add("uid", uid)
    object.add("gid", gid)
    if !user.isEmpty { object.add("user", path: user) }
    if !group.isEmpty { object.add("group", path: group) }
    object.add("mtime", mtime.rfc3339)
    object.add("ctime", ctime?.rfc3339)
    object.add("atime", atime?.rfc3339)
    object.add("birth_time", birthTime?.rfc3339)
    object.addUnlessZero("inode", inode)
    if let hardLink {
      object.add("device_number", hardLink.device)
      object.add("links", hardLink.count)
    }
    object.addUnlessZero("inode_flags", inodeFlags)
    object.addUnlessZero("project", projectID)
    object.addUnlessEmpty("attributes", attributes.map(\.object))
    object.addUnlessZero("flags", flags)
    add(kind, to: &object)
    return object
  }

  private func add(_ kind: Kind, to object: inout JSONObject) {
    switch kind {
    case .file(let file):
      object.add("size", file.size)
      switch file.content {
      case .inline(let extents): object.addUnlessEmpty("extents", extents.map(\.object))
      case .nodes(let reference): object.add("content", reference.object)
      }
    case .directory(.nodes(let reference)): object.add("children", reference.object)
    case .directory(.inline(let list)): object.add("children", inline(list))
    case .symbolicLink(let target): object.add("target", path: target)
    case .characterDevice(let number), .blockDevice(let number):
      object.add("major", number.major)
      object.add("minor", number.minor)
    case .fifo, .socket: break
    }
  }

  // As deep as the list's 4,096 bytes allow.
  private func inline(_ list: EntryList) -> [JSONObject] {
    var reader = DirectoryReader(.inline(list), from: NoNodes())
    var objects: [JSONObject] = []
    while let entry = try? reader.next() { objects.append(entry.object) }
    return objects
  }
}

/// An inline list never asks for nodes.
private struct NoNodes: NodeSource {
  func node(_ id: ChunkID) throws(VaultError) -> [UInt8] { throw .missingChunk(id) }
}

extension TreeReference {
  fileprivate var object: JSONObject {
    var object = JSONObject()
    object.add("id", id.hex)
    object.add("level", UInt32(level))
    return object
  }
}

extension Extent {
  fileprivate var object: JSONObject {
    var object = JSONObject()
    switch self {
    case .chunk(let id, let length):
      object.add("chunk", id.hex)
      object.add("length", length)
    case .hole(let length): object.add("hole", length)
    }
    return object
  }
}

extension ExtendedAttribute {
  fileprivate var object: JSONObject {
    var object = JSONObject()
    object.add("name", path: name)
    switch value {
    case .inline(let bytes): object.add("value_base64", base64(bytes))
    case .chunk(let id, let length):
      object.add("chunk", id.hex)
      object.add("length", length)
    }
    return object
  }
}
