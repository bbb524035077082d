// What can go wrong in the vault. A case says what the caller can do about it; damage names the
// object and how it differs from what FORMAT.md demands.

public import Storage

/// How bytes differ from what the format demands.
public enum Damage: Error, Hashable, Sendable {
  /// The magic is another: these bytes are not such an object.
  case badMagic
  /// The structure has a version that this program does not know.
  case badVersion(UInt64)
  /// The length is not what it must be.
  case badLength
  /// Padding or reserved bytes are not zero, or filler is not the filler.
  case badPadding
  /// The key commitment does not match: another key, or changed bytes.
  case badCommitment
  /// The signature is not the writer's.
  case badSignature
  /// Decryption failed: the bytes were changed, or belong elsewhere.
  case notAuthentic
  /// The journal's chain is broken here.
  case badChain
  /// The bytes do not hash to the name they are stored under.
  case badName
  /// A chunk does not hash to its ID.
  case badChunk
  /// Compressed data that does not decompress to what was declared.
  case badCompression
  /// A structure breaks a rule of the format.
  case malformed(String)
  /// A critical field that this program does not know.
  case unknownCritical(UInt64)
  /// A writer that no policy admits.
  case unknownWriter
  /// The store cannot read it; the text says why.
  case unreadable(String)
}

extension Damage: CustomStringConvertible {
  /// The damage in a few words, to stand behind the name of an object.
  public var description: String {
    switch self {
    case .badMagic: "does not begin as it must"
    case .badVersion(let version): "has the unknown version \(version)"
    case .badLength: "has the wrong length"
    case .badPadding: "has changed padding"
    case .badCommitment: "does not fit the key"
    case .badSignature: "has a wrong signature"
    case .notAuthentic: "was changed or belongs elsewhere (authentication failed)"
    case .badChain: "does not continue the journal's chain"
    case .badName: "does not hash to its name"
    case .badChunk: "holds a chunk that does not hash to its ID"
    case .badCompression: "holds data that does not decompress"
    case .malformed(let rule): "is malformed: \(rule)"
    case .unknownCritical(let number): "has the field \(number), which this program does not know"
    case .unknownWriter: "is signed by a writer that was never admitted"
    case .unreadable(let reason): "cannot be read (\(reason))"
    }
  }
}

/// An error of the vault.
public enum VaultError: Error, Sendable {
  /// No slot opens with this secret.
  case wrongKey
  /// There is no repository at this location.
  case noRepository(String)
  /// There is something already where a repository was to be made.
  case alreadyExists(String)
  /// The repository needs a newer program; the text says for what.
  case newer(String)
  /// This machine cannot do what the repository needs; the text says why.
  case notSupported(String)
  /// An object is damaged.
  case damaged(object: String, Damage)
  /// An object that something names is not there.
  case missing(object: String)
  /// The index knows no place for a chunk.
  case missingChunk(ChunkID)
  /// A prune deleted a chunk that a snapshot needed which was forgotten meanwhile.
  case swept(ChunkID)
  /// The store failed.
  case store(StoreError)
  /// The journal ends before the newest entry that this machine has seen.
  case rollback(seen: UInt64, tail: UInt64)
  /// The journal's entry is not the one that this machine has seen.
  case fork(entry: UInt64)
  /// The local cache failed; the text says where and how.
  case cache(String)
  /// A file of this process alone failed; the text says how.
  case temporaryFile(String)
  /// The local trust store failed; the text says where and how.
  case trust(String)
  /// A limit of FORMAT.md section 15 was passed.
  case limit(String)
  /// The last slot cannot be removed.
  case lastSlot
  /// No such slot.
  case noSlot(String)
  /// What was to be written came out different when it was opened again: memory is failing.
  case verificationFailed(String)
  /// Packs that a snapshot relies on were deleted meanwhile.
  case relianceLost(packCount: Int)
  /// The run was stopped.
  case interrupted
}

extension VaultError {
  /// What a store answered that was asked for one object.
  init(_ error: StoreError, reading object: String) {
    switch error {
    case .notFound: self = .missing(object: object)
    case .unreadable(_, let reason): self = .damaged(object: object, .unreadable(reason))
    case .absent, .full, .notPermitted, .unavailable, .failed: self = .store(error)
    }
  }

  /// Whether something of the repository is lost, so that it has to be had from elsewhere.
  package var isLoss: Bool {
    switch self {
    case .damaged, .missing, .missingChunk, .swept: true
    default: false
    }
  }

  /// Whether something is not there, which a prune may be the reason of.
  var isAbsence: Bool {
    switch self {
    case .missing, .missingChunk: true
    default: false
    }
  }

  /// Whether it is not damage but the end of a snapshot that was forgotten.
  package var isSwept: Bool {
    if case .swept = self { true } else { false }
  }
}
