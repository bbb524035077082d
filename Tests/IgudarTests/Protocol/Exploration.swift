// How far an exploration goes, and what it came to.

/// How far an exploration goes.
struct Bounds: Hashable, Sendable {
  /// How often one who could go on has to wait for another, a crash included; nil for any number.
  var switchLimit: Int?
  /// How many states are met at most.
  var stateLimit = Int.max
  /// Whether what cannot matter is left out.
  var isReduced = true
  /// Whether calls that nobody else will care for get no turn; never with a limit of switches.
  var ordersOnlyConflicts = true
  /// Whether of those who play the same role the first begins first.
  var ordersTwins = true
}

/// What an exploration came to.
struct Exploration: Sendable {
  var stateCount = 0
  /// Calls made from these states.
  var actCount = 0
  /// What the store held in them.
  var stores = FingerprintTable()
  /// What counts in these.
  var judged = FingerprintTable()
  /// How often it was begun again, as players did what they had not been known to do.
  var passCount = 0
  /// Beats of all parts: how much of the real code was run.
  var beatCount = 0
  /// How often that was begun.
  var performanceCount = 0
  /// Whether every state within the bounds was met.
  var isComplete = true
  /// The first thing that is wrong, and the decisions that lead to it.
  var violation: String?
  /// In how many ways players ended, by how they ended.
  var endings: [String: Int] = [:]

  /// Those of them that are neither done nor told clearly what others did meanwhile.
  var unexpectedEndings: [String] { Self.unexpected(endings.keys) }

  static func unexpected(_ endings: some Collection<String>) -> [String] {
    endings.filter { ending in
      !["done", "relianceLost", "prune has taken its data"].contains { ending.contains($0) }
    }
  }

  var summary: String {
    "\(stateCount) states, \(actCount) calls, \(stores.count) stores, \(judged.count) judged, "
      + "\(beatCount) beats of \(performanceCount) performances, \(passCount) passes, "
      + "\(isComplete ? "all" : "not all"), \(violation ?? "nothing lost"), \(endings)"
  }
}
