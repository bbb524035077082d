// A repository in memory, for tests of what runs write.

import Platform
import Storage

@testable import Vault

/// A new repository that a key file locks, without cache or memory of its own.
func freshVault(packSize: Int = FormatObject.standardPackSize) throws -> Vault {
  let information = SlotInformation(label: [], host: [], user: [], created: .now())
  var plan = RepositoryPlan(information: information)
  plan.packSize = packSize
  return try Vault.create(
    in: MemoryStore(), secret: .newKeyFile(), plan: plan,
    places: LocalPlaces(cache: nil, state: nil) { _ in })
}
