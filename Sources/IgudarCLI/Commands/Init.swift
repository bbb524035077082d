// `igudar init`.

import Igudar
import Platform
import Vault

/// Makes a repository.
enum Init {
  static let cipher = Option(
    "cipher", takes: "NAME", help: "xchacha20-poly1305 (the default) or aes256-gcm")
  static let kdf = Option(
    "kdf", takes: "COST",
    help: "what a guess of the password costs: standard (64 MiB) or sensitive (1 GiB)")
  static let packSize = Option(
    "pack-size", takes: "MIB", help: "size of a full pack: 4, 8, 16 (the default), … 128 MiB")

  static let command = Command(
    "init", summary: "Create a repository",
    details: """
      Creates an empty repository at the place of --repo, which must be empty or not exist. The
      password is asked for twice unless a file, a command or a key file gives it. Cipher, cost and
      pack size cannot be changed later.
      """,
    options: [cipher, kdf, packSize]
  ) { invocation in
    let repository = try invocation.createRepository(try plan(invocation))
    report(repository, invocation.output)
    return .done
  }

  private static func plan(_ invocation: Invocation) throws(Failure) -> RepositoryPlan {
    let given = invocation.options
    var plan = RepositoryPlan(
      information: SlotInformation(
        label: [], host: Machine.hostName, user: Machine.userName, created: .now()))
    if let suite = try given.value(cipher, as: CipherChoice.self) { plan.suite = suite.suite }
    if let cost = try given.value(kdf, as: CostChoice.self) { plan.cost = cost.cost }
    let size: PackSize? = try invocation.value(packSize, or: "IGUDAR_PACK_SIZE")
    if let size { plan.packSize = size.bytes }
    return plan
  }

  private static func report(_ repository: Repository, _ output: Output) {
    if output.isJSON {
      var line = JSONObject(message: "initialized")
      line.add("id", repository.id)
      line.add("repository", repository.location)
      output.json(line)
      return
    }
    output.note("created repository \(repository.id.prefix(10)) at \(repository.location)")
    output.note()
    output.note("Whoever loses the password or key file loses all that is in the repository:")
    output.note("nobody can read it without.")
  }
}

private struct CipherChoice: Parsable {
  let suite: Suite

  init(parsing text: String) throws(Malformed) {
    switch text {
    case "xchacha20-poly1305": suite = .xchacha20Poly1305
    case "aes256-gcm": suite = .aes256GCM
    default: throw Malformed("must be xchacha20-poly1305 or aes256-gcm")
    }
  }
}

private struct CostChoice: Parsable {
  let cost: Argon2Cost

  init(parsing text: String) throws(Malformed) {
    switch text {
    case "standard": cost = .standard
    case "sensitive": cost = .sensitive
    default: throw Malformed("must be standard or sensitive")
    }
  }
}
