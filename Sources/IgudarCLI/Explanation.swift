// The one place where errors of the floors below become what the user reads, and an exit code.

import Igudar
import Platform
import Storage

extension Failure {
  /// Turns any error that reaches a command's end into what the user reads.
  static func explaining(_ error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case let error as RepositoryError: explaining(error)
    case let error as StoreError: explaining(RepositoryError(error))
    case let error as SelectorError: .selector("\(error)")
    case let error as PatternError: Failure("\(error)", nextStep: "See `igudar help backup`.")
    case let error as SystemError: .system(error)
    default: Failure("\(error)")
    }
  }

  private static func explaining(_ error: RepositoryError) -> Failure {
    switch error {
    case .noRepository(let place): .noRepository(at: place)
    case .alreadyExists(let place): .alreadyExists(at: place)
    case .wrongKey: Failure(.wrongKey, "wrong password or key file")
    case .newer(let what): .newer(what)
    case .notSupported(let why): Failure(why)
    case .damaged(let what): .damaged(what, repairable: false)
    case .notPermitted(let what): .notPermitted(what)
    case .full(let what): .storeFull(what)
    case .store(let what): .store(what)
    case .rollback(let what): .rollback(what)
    case .local(let what): .localState(what)
    case .temporaryFile(let what): .temporaryFile(what)
    case .selector(let what): .selector(what)
    case .refused(let what): .refused(what)
    case .target(let path, let why): .target(path, why)
    case .noSource(let what): .noSource(what)
    case .interrupted: .interrupted
    case .verificationFailed(let what): .failingMemory(what)
    }
  }
}
