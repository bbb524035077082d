// What a restore leaves as it is for the overwrite policy. Verifying it asks for that: the times of
// files, which not every file system keeps exactly, would not tell.

/// What is done with the paths of files that the overwrite policy leaves.
enum RestoreMemory: Sendable {
  case none
  /// They are noted.
  case noting(PathMemory)
  /// They were noted, and are left again.
  case sparing(PathMemory)
}
