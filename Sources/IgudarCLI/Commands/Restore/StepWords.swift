// The steps of a restore in words.

import Igudar

extension RestoreAction {
  /// As restic's JSON calls it.
  var resticName: String {
    switch self {
    case .create: "restored"
    case .replace, .patch, .update: "updated"
    case .delete: "deleted"
    case .leave: "unchanged"
    }
  }

  /// As a plan says it.
  var word: String {
    switch self {
    case .create: "create "
    case .replace: "replace"
    case .patch: "patch  "
    case .update: "update "
    case .delete: "delete "
    case .leave: "leave  "
    }
  }

  /// As a report says it.
  var pastWord: String {
    switch self {
    case .create: "restored "
    case .replace: "replaced "
    case .patch: "patched  "
    case .update: "updated  "
    case .delete: "deleted  "
    case .leave: "unchanged"
    }
  }
}

extension RestoreStep {
  /// Why the step is what it is.
  var reasonText: String {
    switch reason {
    case .absent: "not there"
    case .otherType: "something else is there"
    case .otherContent:
      action == .patch && fetched > 0
        ? "\(humanSize(fetched)) of it differ" : "its content differs"
    case .otherLink: "another file is there than the one it is a name of"
    case .otherNames: "what is there has other names too"
    case .otherMetadata: "owner, mode, time or attributes differ"
    case .same: "the same is there"
    case .exists: "is there"
    case .notNewer: "what is there is not older"
    case .extra: "not in the snapshot"
    }
  }
}
