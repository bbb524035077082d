// The one place where libsodium is started. Everything that calls it goes through a type that
// has called `Sodium.start()` first.

internal import CSodium

/// libsodium, started once for the process.
package enum Sodium {
  private static let isReady: Bool = sodium_init() >= 0

  /// Starts libsodium if that was not done yet; cheap afterwards, from any thread.
  package static func start() {
    precondition(isReady, "libsodium does not start: the system gives no random numbers")
  }
}
