// Why a command ends early: the exit code, a message that names the flag, path or object, and the
// next step. `Explanation.swift` turns every error of the floors below into one of these.

import Glibc
import Platform

/// An error as the user reads it.
struct Failure: Error, Equatable, Sendable {
  let code: ExitCode
  let message: String
  /// What to do about it, as a sentence of its own; empty when there is nothing to say.
  let nextStep: String

  init(_ code: ExitCode, _ message: String, nextStep: String = "") {
    self.code = code
    self.message = message
    self.nextStep = nextStep
  }

  /// An ordinary failure, exit code 1.
  init(_ message: String, nextStep: String = "") {
    self.init(.failed, message, nextStep: nextStep)
  }
}

extension Failure {
  /// The command line is wrong.
  static func usage(_ message: String, of command: String? = nil) -> Failure {
    let topic = command.map { "igudar help \($0)" } ?? "igudar help"
    return Failure(message, nextStep: "`\(topic)` lists what is understood.")
  }

  static func noRepository(at location: String) -> Failure {
    Failure(
      .noRepository, "there is no repository at \(location)",
      nextStep: "Check --repo, or create the repository with `igudar init`.")
  }

  static func wrongKey(at location: String) -> Failure {
    Failure(.wrongKey, "wrong password or key file for the repository at \(location)")
  }

  static func notPermitted(_ what: String) -> Failure {
    Failure(
      .notPermitted, what, nextStep: "Run as a user who may, or change the permissions.")
  }

  static func storeFull(_ what: String) -> Failure {
    Failure(
      .storeFull, what,
      nextStep: "Nothing saved before is harmed. Make room, then retry.")
  }

  /// Damage of the objects that are named, or of the one that the text begins with.
  static func damaged(_ what: String, repairable: Bool, objects: [String] = []) -> Failure {
    let advice = DamageAdvice(objects.isEmpty ? [what] : objects, isRepairable: repairable)
    return damaged(what, repairable: repairable, advice)
  }

  /// Damage with what is to be done about it.
  static func damaged(_ what: String, repairable: Bool, _ advice: DamageAdvice) -> Failure {
    Failure(repairable ? .repairable : .damaged, what, nextStep: advice.text)
  }

  static func rollback(_ what: String) -> Failure {
    Failure(
      .rollback, what,
      nextStep: """
        An old copy was put back, or somebody tampers with the store. Where it lost nothing but entries \
        of its journal, `igudar repair journal` writes those back that this machine has seen. If you \
        put an old copy back yourself, remove this repository's folder in ~/.local/state/igudar \
        ($XDG_STATE_HOME/igudar): this machine then meets it as a new one.
        """)
  }

  static func newer(_ what: String) -> Failure {
    Failure(
      .newer, "the repository needs a newer igudar: \(what)", nextStep: "Upgrade this program.")
  }

  static func alreadyExists(at location: String) -> Failure {
    Failure("there is a repository at \(location) already", nextStep: "Choose another place.")
  }

  /// The store failed in a way that may pass.
  static func store(_ what: String) -> Failure {
    Failure(what, nextStep: "Nothing saved before is harmed. Look after the store, then retry.")
  }

  /// The name of a snapshot, or of a path in one, that names nothing or too much.
  static func selector(_ what: String) -> Failure {
    Failure(
      what,
      nextStep: "`igudar snapshots` lists snapshots, `igudar ls SNAPSHOT` the paths in one.")
  }

  /// A place to restore into that cannot be used.
  static func target(_ path: String, _ why: String) -> Failure {
    Failure("cannot restore into \(path): \(why)", nextStep: "Choose another --target.")
  }

  /// None of the sources of a backup can be read.
  static func noSource(_ what: String) -> Failure {
    Failure("\(what); no snapshot was made", nextStep: "Check what is to be backed up.")
  }

  /// An object that something names is not in the store.
  static func missing(_ what: String, repairable: Bool) -> Failure {
    damaged("\(what) is missing from the store", repairable: repairable)
  }

  /// The local cache or trust store failed.
  static func localState(_ what: String) -> Failure {
    Failure(what, nextStep: "See --cache-dir, --no-cache and XDG_STATE_HOME.")
  }

  /// A file of this process alone failed.
  static func temporaryFile(_ what: String) -> Failure {
    Failure(
      what,
      nextStep: """
        It takes room there, or in the folder that TMPDIR names, and a gibibyte of address space \
        (ulimit -v).
        """)
  }

  /// What was sealed did not come out as it went in.
  static func failingMemory(_ what: String) -> Failure {
    Failure(
      "what was just written reads back differently: \(what)",
      nextStep: "The memory or processor of this machine is failing; nothing wrong was stored.")
  }

  static func refused(_ what: String) -> Failure {
    Failure(.refused, what)
  }

  /// A system call that failed.
  static func system(_ error: SystemError) -> Failure {
    switch error.errno.code {
    case EACCES, EPERM, EROFS: notPermitted("\(error)")
    default: Failure("\(error)")
    }
  }

  static let interrupted = Failure(.interrupted, "interrupted")

  /// Does something with a file that `source`, an option or a variable, names; an error says that too.
  static func naming<Result: ~Copyable>(
    _ source: String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    do throws(Failure) { return try body() } catch {
      throw Failure(error.code, "\(source): \(error.message)", nextStep: error.nextStep)
    }
  }
}
