// What one thread of a restore works with.

import Vault

/// One thread's tools, not shared.
final class RestoreHand {
  let context: RestoreContext
  let reader: ChunkReader
  let links: LinkMaker

  init(context: RestoreContext, root: RestoreDirectory) throws(VaultError) {
    self.context = context
    reader = try ChunkReader(vault: context.vault)
    links = LinkMaker(context: context, root: root)
  }
}
