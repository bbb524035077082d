// BLAKE2b over bytes that come in pieces. The state holds the key in the beginning, so it is wiped
// when it is finished.

internal import CSodium

/// A BLAKE2b state in somebody's memory, who wipes it.
@safe
struct HashState: ~Copyable {
  static let size = 384
  static let alignment = 64

  // The type is aligned to 64 bytes, which Swift does not import.
  private let state: OpaquePointer

  /// Starts in `size` bytes at an address that is a multiple of `alignment`.
  @unsafe
  init(at memory: UnsafeMutableRawPointer, key: SecretKey?, label: Label, outputSize: Int) {
    precondition(crypto_generichash_blake2b_statebytes() <= Self.size, "another libsodium")
    Sodium.start()
    unsafe state = OpaquePointer(memory)
    var words = label.words
    let status = unsafe withUnsafeBytes(of: &words) { personal in
      unsafe crypto_generichash_blake2b_init_salt_personal(
        state, key.map { unsafe $0.pointer.assumingMemoryBound(to: UInt8.self) },
        key == nil ? 0 : SecretKey.size, outputSize, nil,
        personal.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    withExtendedLifetime(key) {}
    precondition(status == 0, "BLAKE2b refuses its parameters")
  }

  mutating func update(_ piece: UnsafeRawBufferPointer) {
    guard let base = piece.baseAddress, piece.count > 0 else { return }
    _ = unsafe crypto_generichash_blake2b_update(
      state, base.assumingMemoryBound(to: UInt8.self), UInt64(piece.count))
  }

  mutating func finish(into output: UnsafeMutableRawPointer, size: Int) {
    let status = unsafe crypto_generichash_blake2b_final(
      state, output.assumingMemoryBound(to: UInt8.self), size)
    precondition(status == 0, "a hash is finished once")
  }

  /// To be called before the memory goes.
  func wipe() {
    unsafe sodium_memzero(UnsafeMutableRawPointer(state), Self.size)
  }
}

/// H or name() of bytes that come in pieces.
@safe
package struct HashStream: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  private var state: HashState

  /// H under a key and a label; without both, name().
  package init(key: SecretKey? = nil, label: Label = .none) {
    unsafe memory = .allocate(byteCount: HashState.size, alignment: HashState.alignment)
    state = unsafe HashState(at: memory, key: key, label: label, outputSize: 32)
  }

  package mutating func update(_ piece: UnsafeRawBufferPointer) {
    unsafe state.update(piece)
  }

  package mutating func update(_ piece: [UInt8]) {
    unsafe piece.withUnsafeBytes { unsafe state.update($0) }
  }

  package mutating func update(_ piece: RawSpan) {
    unsafe piece.withUnsafeBytes { unsafe state.update($0) }
  }

  /// The 32 bytes; nothing can be added afterwards.
  package mutating func finish<Kind>(as _: Identifier32<Kind>.Type) -> Identifier32<Kind> {
    unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { output in
      guard let output = output.baseAddress else { return .zero }
      unsafe state.finish(into: output, size: 32)
      return unsafe Identifier32(loading: output)
    }
  }

  deinit {
    state.wipe()
    unsafe memory.deallocate()
  }
}
