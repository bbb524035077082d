// What a repository is, and which keys it has.

import Igudar
import Vault

extension CatPrinter {
  func printConfiguration() {
    let format = inspection.format
    var object = JSONObject()
    object.add("version", 1)
    object.add("id", repository.id)
    object.add("pack_size", format.packSize)
    object.add("owner", format.owner.hex)
    object.add("cipher", inspection.keyring.currentEpoch.suite.word)
    object.add("chunker", chunker(inspection.keyring.currentDomain.chunker))
    object.add("features", features(format.features))
    JSONDocument.print(object, to: output)
  }

  private func features(_ sets: FeatureSets) -> JSONObject {
    var object = JSONObject()
    object.add("incompat", sets.incompatible)
    object.add("ro_compat", sets.readOnly)
    object.add("prune_compat", sets.pruneOnly)
    object.add("compat", sets.compatible)
    return object
  }

  private func chunker(_ parameters: ChunkerParameters) -> JSONObject {
    var object = JSONObject()
    object.add("name", "gear-prf")
    object.add("minimum", parameters.minimum)
    object.add("target", parameters.target)
    object.add("maximum", parameters.maximum)
    return object
  }

  func printKeyring() {
    let keyring = inspection.keyring
    JSONDocument.print(to: output) { document in
      var object = JSONObject()
      object.add("owner", keyring.ownerPublicKey.hex)
      object.add("current_epoch", keyring.currentEpoch.number)
      object.add("current_domain", keyring.currentDomain.number)
      document.add(membersOf: object)
      document.list("epochs", keyring.epochs) { epoch in
        var object = JSONObject()
        object.add("number", epoch.number)
        object.add("cipher", epoch.suite.word)
        object.add("reader", epoch.readerPublic.hex)
        object.add("can_read", epoch.readerSecret != nil)
        return object
      }
      document.list("domains", keyring.domains) { domain in
        var object = JSONObject()
        object.add("number", domain.number)
        object.add("chunker", chunker(domain.chunker))
        return object
      }
    }
  }
}

extension Suite {
  var word: String {
    switch self {
    case .xchacha20Poly1305: "xchacha20-poly1305"
    case .aes256GCM: "aes256-gcm"
    }
  }
}
