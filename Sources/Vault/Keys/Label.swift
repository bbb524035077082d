// The labels of FORMAT.md section 4, and of what section 18 says of the local cache. A label is used for one purpose only, so that no two
// derivations from one key can meet.

/// Up to 16 ASCII characters that personalise a hash.
package struct Label: Hashable, Sendable, ExpressibleByStringLiteral {
  /// The 16 bytes as they lie in memory.
  let words: (UInt64, UInt64)

  package init(stringLiteral text: StaticString) {
    precondition(text.utf8CodeUnitCount <= 16 && text.isASCII, "a label is 16 ASCII characters")
    var words: (UInt64, UInt64) = (0, 0)
    unsafe withUnsafeMutableBytes(of: &words) { target in
      unsafe target.copyMemory(
        from: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
    self.words = words
  }

  package static func == (left: Label, right: Label) -> Bool { left.words == right.words }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// No personalisation.
  package static let none: Label = ""

  package static let keyFile: Label = "igudar keyfile"
  package static let slotKEK: Label = "igudar slot kek"
  package static let slotCommitment: Label = "igudar slot cmt"
  package static let slotInformation: Label = "igudar slot info"
  package static let sealKey: Label = "igudar seal key"
  package static let sealCommitment: Label = "igudar seal cmt"
  package static let runKey: Label = "igudar run key"
  package static let packKey: Label = "igudar pack key"
  package static let packDirectory: Label = "igudar pack dir"
  package static let packFiller: Label = "igudar pack fill"
  package static let packCommitment: Label = "igudar pack cmt"
  package static let frameTag: Label = "igudar frame tag"
  package static let noteKey: Label = "igudar note key"
  package static let noteCommitment: Label = "igudar note cmt"
  package static let dataChunk: Label = "igudar chunk dat"
  package static let treeChunk: Label = "igudar chunk tre"
  package static let gear: Label = "igudar gear"
  package static let sipHash: Label = "igudar siphash"
  package static let treeCut: Label = "igudar tree cut"
  package static let noteCache: Label = "igudar notecache"
  package static let setSum: Label = "igudar set sum"
}

extension ChunkKind {
  /// The label under which chunks of this kind are hashed.
  package var label: Label { self == .data ? .dataChunk : .treeChunk }
}
