// Which repository, secret and cache a command works with, from flags and environment.

import Platform
import Storage
import Testing

@testable import IgudarCLI

@Suite struct SettingsTests {
  private func options(_ given: (Option, String?)...) -> OptionValues {
    var values = OptionValues()
    for (option, argument) in given { values.add(option, argument.map { Array($0.utf8) }) }
    return values
  }

  private func settings(
    _ given: OptionValues, _ environment: [String: String] = [:]
  ) throws -> Settings {
    try Settings(given, of: "backup") { environment[$0].map { Array($0.utf8) } }
  }

  private func message(_ given: OptionValues, _ environment: [String: String] = [:]) -> String {
    do {
      _ = try settings(given, environment)
      return "no error"
    } catch {
      return (error as? Failure)?.message ?? "\(error)"
    }
  }

  private let repository = (GlobalOptions.repository, "/srv/repo" as String?)

  @Test(arguments: ["/srv/repo", "local:/srv/repo"])
  func aFolderIsALocation(_ text: String) throws {
    let settings = try settings(options((GlobalOptions.repository, text)))
    #expect(settings.location.path == FilePath("/srv/repo"))
    #expect(settings.secret == .prompt)
    #expect(settings.cache == .usual)
    #expect(settings.verifiesSealed)
  }

  @Test(arguments: [
    ("relative", "relative"), ("./with:colon", "./with:colon"), ("local:a:b", "a:b"),
    ("/a:b", "/a:b"),
    ("local", "local"),
  ])
  func pathsAreTakenAsTheyAre(_ text: String, _ path: String) throws {
    #expect(try RepositoryLocation(Array(text.utf8)).path == FilePath(path))
  }

  @Test(arguments: [
    ("sftp:host:/repo", "'sftp:' are not offered yet"), ("s3:bucket", "'s3:' are not offered yet"),
    ("https://host/", "'https:' are not offered yet"), ("odd:thing", "'odd:' names no store"),
    ("", "is empty"), ("local:", "is empty"),
  ])
  func otherStoresAreRefusedByName(_ text: String, _ expected: String) {
    #expect(message(options((GlobalOptions.repository, text))).contains(expected))
  }

  @Test func ratesAreKibibytesASecond() throws {
    let given = options(repository, (GlobalOptions.limitUpload, "1500"))
    #expect(try settings(given).limits == TransferLimits(upload: 1500 << 10))
    let none = options(
      repository, (GlobalOptions.limitDownload, "0"), (GlobalOptions.limitUpload, "0"))
    #expect(try settings(none).limits == TransferLimits())
  }

  @Test(arguments: ["-1", "fast", "1.5", "", "9999999999999"])
  func otherRatesAreRefused(_ text: String) {
    let message = message(options(repository, (GlobalOptions.limitDownload, text)))
    #expect(message.contains("--limit-download"), "\(message)")
  }

  @Test func theRepositoryMayComeFromAFileOrTheEnvironment() throws {
    let sandbox = try Sandbox()
    let file = try sandbox.write("where", "  /srv/repo \n")
    let byFile = try settings(options((GlobalOptions.repositoryFile, file)))
    #expect(byFile.location.path == FilePath("/srv/repo"))
    let byVariable = try settings(options(), ["IGUDAR_REPOSITORY": "/srv/other"])
    #expect(byVariable.location.path == FilePath("/srv/other"))
    let byFlag = try settings(options(repository), ["IGUDAR_REPOSITORY": "/srv/other"])
    #expect(byFlag.location.path == FilePath("/srv/repo"))
    let byVariableFile = try settings(options(), ["IGUDAR_REPOSITORY_FILE": file])
    #expect(byVariableFile.location.path == FilePath("/srv/repo"))
  }

  @Test func noRepositoryIsSaid() {
    #expect(message(options()).contains("--repo"))
    #expect(message(options(), ["IGUDAR_REPOSITORY": ""]).contains("--repo"))
  }

  @Test func secretsComeFromFlagsThenEnvironmentThenTerminal() throws {
    let file = try settings(
      options(repository, (GlobalOptions.passwordFile, "/pw")), ["IGUDAR_PASSWORD": "secret"])
    #expect(file.secret == .file(Array("/pw".utf8)))
    let command = try settings(options(repository, (GlobalOptions.passwordCommand, "pass 'a b'")))
    #expect(command.secret == .command(["pass", "a b"]))
    let key = try settings(options(repository), ["IGUDAR_KEY_FILE": "/key"])
    #expect(key.secret == .keyFile(Array("/key".utf8), from: "IGUDAR_KEY_FILE"))
    #expect(try settings(options(repository), ["IGUDAR_PASSWORD": "x"]).secret == .environment)
  }

  @Test func contradictionsAreErrors() {
    let two = options(
      repository, (GlobalOptions.passwordFile, "/pw"), (GlobalOptions.keyFile, "/key"))
    #expect(message(two) == "--password-file and --key-file exclude each other")
    let both = ["IGUDAR_PASSWORD": "x", "IGUDAR_PASSWORD_FILE": "/pw"]
    #expect(message(options(repository), both).contains("are both set"))
    let places = options(repository, (GlobalOptions.repositoryFile, "/where"))
    #expect(message(places) == "--repo and --repository-file exclude each other")
    let cache = options(repository, (GlobalOptions.cacheFolder, "/c"), (GlobalOptions.noCache, nil))
    #expect(message(cache) == "--cache-dir and --no-cache exclude each other")
  }

  @Test func aBadPasswordCommandNamesItsFlag() {
    let bad = options(repository, (GlobalOptions.passwordCommand, "'open"))
    #expect(message(bad) == "--password-command ''open': has an unclosed '")
    #expect(
      message(options(repository), ["IGUDAR_PASSWORD_COMMAND": " "])
        == "IGUDAR_PASSWORD_COMMAND ' ': is an empty command")
  }

  @Test func theLastOfRepeatedOptionsWins() throws {
    let twice = options(repository, (GlobalOptions.repository, "/srv/second"))
    #expect(try settings(twice).location.path == FilePath("/srv/second"))
    #expect(twice.count(GlobalOptions.repository) == 2)
  }

  @Test func theMoreAlarmingExitCodeWins() {
    #expect(ExitCode.done.worse(of: .incomplete) == .incomplete)
    #expect(ExitCode.rollback.worse(of: .incomplete) == .rollback)
    #expect(ExitCode.damaged.worse(of: .repairable) == .damaged)
  }
}
