// `igudar cat`: what objects of a repository say, decoded. Nothing secret is ever printed.

import Igudar
import Platform
import Storage
import Vault

/// Prints objects of a repository.
enum CatCommand {
  static let command = Command(
    "cat", summary: "Print what an object of the repository says", operands: "WHAT [ID]",
    operandCount: 1...2,
    details: """
      WHAT is one of:

      config         what the repository is
      keyring        which keys there are, without the keys
      snapshot ID    a snapshot
      journal N      the entry with this number; latest for the newest
      pack HASH      frames and chunks of a pack
      index HASH     an index segment
      chunk ID       the bytes of a chunk of data; a tree node decoded

      HASH may be the unique beginning of one. Everything but data is JSON.
      """
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let words = try invocation.textOperands()
    let what = words[0]
    guard let print = printers[what] else {
      if ["masterkey", "key"].contains(what) {
        throw Failure(
          .refused, "the keys of a repository are never printed",
          nextStep: "`igudar cat keyring` and `igudar key list` say which there are.")
      }
      let names = printers.keys.sorted().joined(separator: ", ")
      throw invocation.usage("'\(what)' is none of \(names)")
    }
    let needsID = !["config", "keyring"].contains(what)
    guard words.count == (needsID ? 2 : 1) else {
      throw invocation.usage(needsID ? "say which \(what)" : "\(what) takes no ID")
    }
    let printer = CatPrinter(
      repository: try invocation.openRepository(), output: invocation.output)
    try print(printer, words.last ?? "")
    return .done
  }

  private static let printers: [String: @Sendable (CatPrinter, String) throws -> Void] = [
    "config": { printer, _ in printer.printConfiguration() },
    "keyring": { printer, _ in printer.printKeyring() },
    "snapshot": { printer, id in try printer.printSnapshot(id) },
    "journal": { printer, number in try printer.printEntry(number) },
    "pack": { printer, hash in try printer.printPack(hash) },
    "index": { printer, hash in try printer.printSegment(hash) },
    "chunk": { printer, id in try printer.printChunk(id) },
  ]
}

/// Prints what is seen in an open repository.
struct CatPrinter {
  let repository: Repository
  let output: Output

  var inspection: Inspection { Inspection(repository) }
}
