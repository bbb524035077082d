// What a guess of a passphrase costs. A slot says its own cost, and a slot can come from an enemy:
// limits are checked before anything is paid.

internal import CSodium

/// The cost of Argon2id with one lane.
public struct Argon2Cost: Hashable, Sendable {
  /// Memory in KiB.
  public let memory: UInt32
  /// Passes over the memory.
  public let passes: UInt32

  /// A cost; whether it is sensible is for the limits to say.
  public init(memory: UInt32, passes: UInt32) {
    self.memory = memory
    self.passes = passes
  }

  /// 64 MiB and 3 passes, the second recommendation of RFC 9106.
  public static let standard = Argon2Cost(memory: 64 << 10, passes: 3)
  /// 1 GiB and 4 passes.
  public static let sensitive = Argon2Cost(memory: 1 << 20, passes: 4)

  /// Costs that are paid for a slot.
  public struct Limits: Hashable, Sendable {
    /// Memory in KiB.
    public let memory: ClosedRange<UInt32>
    /// Passes over the memory.
    public let passes: ClosedRange<UInt32>

    /// What the format allows: 8 KiB to 4 GiB, 1 to 32 passes.
    public static let format = Limits(memory: 8...(4 << 20), passes: 1...32)
    /// What `igudar` accepts: 8 MiB to 4 GiB, 1 to 32 passes.
    public static let standard = Limits(memory: (8 << 10)...(4 << 20), passes: 1...32)

    func allow(_ cost: Argon2Cost) -> Bool {
      memory.contains(cost.memory) && passes.contains(cost.passes)
    }
  }

  /// The key that a passphrase and a 16-byte salt give.
  ///
  /// Throws `.notSupported` where the machine does not give the memory.
  func key(from passphrase: SecretBytes, salt: [UInt8]) throws(VaultError) -> SecretKey {
    Sodium.start()
    precondition(salt.count == 16, "Argon2id takes a salt of 16 bytes")
    var status: Int32 = -1
    let key = unsafe SecretKey { output in
      guard let output = output.baseAddress else { return }
      unsafe passphrase.withBytes { passphrase in
        guard let text = passphrase.baseAddress else { return }
        status = unsafe crypto_pwhash(
          output.assumingMemoryBound(to: UInt8.self), 32,
          text.assumingMemoryBound(to: CChar.self), UInt64(passphrase.count), salt,
          UInt64(passes), Int(memory) << 10, crypto_pwhash_ALG_ARGON2ID13)
      }
    }
    guard status == 0 else {
      throw .notSupported(
        "the passphrase needs \(memory >> 10) MiB of memory, which the system does not give")
    }
    return key
  }
}
