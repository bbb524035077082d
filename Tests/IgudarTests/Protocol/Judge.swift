// Asks of the stores of an exploration what must hold, of each once.
//
// What no entry of the journal has named, and what was swept, is nobody's: no client that begins looks
// at it. So it is taken away before the oracle is asked, which leaves less to be found; stores that
// differ in nothing else are asked of once.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// Judges the stores of one exploration.
final class Judge {
  private let oracle: Oracle
  private let props: Props
  private var seen = FingerprintTable()
  private var views: [UInt64: View] = [:]
  /// What counts of what stores held.
  private(set) var judged = FingerprintTable()
  /// Everything that stores held.
  private(set) var stores = FingerprintTable()

  /// What counts where journal and segments are these.
  private struct View {
    let state: JournalState
    // Segments that entries name and that are there.
    let segments: [Int32]
    /// The names of packs that these speak of and that were not swept.
    let packNames: [Int32]
    let key: UInt64
  }

  init(_ scene: Scene, _ props: Props) throws {
    oracle = try Oracle(scene)
    self.props = props
  }

  /// What is wrong with a store in which players reported these snapshots; nil if nothing is.
  func verdict(on shelf: Shelf, reporting reported: [SnapshotID]) throws -> String? {
    let reports = reported.reduce(0) { $0 ^ Part.mix(99, $1.leadingWord) }
    guard seen.insert(shelf.fingerprint ^ reports) else { return nil }
    _ = stores.insert(shelf.fingerprint)
    let view = try view(of: shelf)
    if !reported.allSatisfy({ view.state.isLive($0) }) {
      return "a snapshot that was reported is not there"
    }
    let packs = view.packNames.compactMap { shelf.object(named: $0) }
    let key = packs.reduce(view.key) { $0 ^ props.all[Int($1)].key }
    guard judged.insert(key) else { return nil }
    let rest = shelf.all.filter { !props.all[Int($0)].folder.isPruned }
    let store = props.store(of: rest + view.segments + packs)
    return try oracle.verdict(on: store) ?? oracle.verdictOfReader(on: store)
  }

  private func view(of shelf: Shelf) throws -> View {
    let place = shelf.fingerprint(of: .journal) ^ shelf.fingerprint(of: .index)
    if let known = views[place] { return known }
    let store = props.store(of: shelf.all)
    let state = try oracle.state(of: store)
    let segments = state.namedSegments.map { props.number(of: .segment($0)) }
      .compactMap { shelf.object(named: $0) }
    let packs = try oracle.packs(of: state.namedSegments, in: store).filter { !state.isSwept($0) }
    let view = View(
      state: state, segments: segments,
      packNames: packs.sorted().map { props.number(of: .pack($0)) },
      key: segments.reduce(shelf.fingerprint(of: .journal)) { $0 ^ props.all[Int($1)].key })
    views[place] = view
    return view
  }
}
