// One difference between two trees.

public import Platform

/// An entry that is in one tree only, or is not the same in both.
public struct Difference: Sendable {
  /// Its path from the root of what is compared.
  public let path: FilePath
  /// The entry in the first tree; nil if it is not there.
  public let old: Entry?
  /// The entry in the second tree; nil if it is not there.
  public let new: Entry?
  /// What is different about an entry that is in both.
  public let change: EntryChange

  /// An entry that is in both trees; nil if it is the same, whatever is below it.
  init?(_ path: @autoclosure () -> FilePath, from old: Entry, to new: Entry) {
    change = EntryChange(from: old, to: new)
    if change.isEmpty { return nil }
    self.path = path()
    self.old = old
    self.new = new
  }

  /// An entry that is in the first tree only.
  init(_ path: FilePath, removed entry: Entry) {
    self.path = path
    old = entry
    new = nil
    change = []
  }

  /// An entry that is in the second tree only.
  init(_ path: FilePath, added entry: Entry) {
    self.path = path
    old = nil
    new = entry
    change = []
  }
}
