// The one place where errors of the floors below become what the user reads, and an exit code.

import Platform

extension Failure {
  /// Turns any error that reaches a command's end into what the user reads.
  static func explaining(_ error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case let error as SystemError: .system(error)
    default: Failure("\(error)")
    }
  }
}
