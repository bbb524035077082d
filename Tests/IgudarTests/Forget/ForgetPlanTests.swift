// Plans to forget against what others do between plan and execution.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct ForgetPlanTests {
  private let home: SmallRepository
  private let snapshots: [SnapshotInfo]

  init() throws {
    home = try SmallRepository()
    var made: [SnapshotInfo] = []
    for number in 0..<4 {
      try home.write("file", [UInt8(number)])
      made.append(try home.backUp())
    }
    snapshots = made
  }

  private func lastOne(_ change: (inout ForgetRequest) -> Void = { _ in }) throws -> ForgetPlan {
    var policy = RetentionPolicy()
    policy.counts[.last] = .atMost(1)
    policy.tagLists = [[Array("keep".utf8)]]
    var request = ForgetRequest(.policy(policy, .usual))
    change(&request)
    return try home.repository.plan(request)
  }

  private var live: [SnapshotID] { get throws { try home.repository.snapshots().map(\.id) } }

  @Test func whatGoesIsForgottenAndComesBack() throws {
    let plan = try lastOne()
    #expect(plan.removed.count == 3)
    let outcome = try home.repository.execute(plan)
    #expect(Set(outcome.forgotten.map(\.id)) == Set(snapshots.dropLast().map(\.id)))
    #expect(try live == [snapshots[3].id])
    #expect(try home.repository.forgottenSnapshots().map(\.id) == snapshots.dropLast().map(\.id))
    try home.repository.unforget([snapshots[1].id])
    #expect(try live == [snapshots[1].id, snapshots[3].id])
    #expect(try home.file("file", in: snapshots[1]).size == 1)
  }

  @Test func whatWasPinnedMeanwhileStays() throws {
    let plan = try lastOne()
    try home.repository.pin(snapshots[1].id, Pin(reason: Array("audit".utf8)))
    let outcome = try home.repository.execute(plan)
    #expect(outcome.spared.map(\.id) == [snapshots[1].id])
    #expect(try live == [snapshots[1].id, snapshots[3].id])
    #expect(try lastOne().removed.isEmpty)
    try home.repository.unpin(snapshots[1].id)
    #expect(try lastOne().removed.map(\.id) == [snapshots[1].id])
  }

  @Test func newTagsAreLookedAtAgain() throws {
    let plan = try lastOne()
    var amendment = Amendment()
    amendment.tags = [Array("keep".utf8)]
    try home.repository.amend(snapshots[0].id, amendment)
    #expect(try home.repository.execute(plan).spared.map(\.id) == [snapshots[0].id])
  }

  // Two that forget at once must not leave less than either of them would.
  @Test func whatAnotherForgotIsNotCountedOn() throws {
    let plan = try lastOne()
    let named = try home.repository.plan(ForgetRequest(.named([snapshots[3].id])))
    _ = try home.repository.execute(named)
    let outcome = try home.repository.execute(plan)
    #expect(outcome.spared.map(\.id) == [snapshots[2].id])
    #expect(try live == [snapshots[2].id])
  }

  @Test func expiredPinsProtectNothing() throws {
    let past = Timestamp(seconds: 1)
    try home.repository.pin(snapshots[0].id, Pin(reason: [], until: past))
    #expect(try lastOne().removed.count == 3)
  }

  @Test func limitsAndEmptiedGroupsAreRefused() throws {
    let limited = try lastOne { $0.limit = .count(2) }
    #expect(limited.refusal != nil)
    #expect(throws: RepositoryError.self) { try home.repository.execute(limited) }
    #expect(try lastOne { $0.limit = .count(3) }.refusal == nil)
    #expect(try lastOne { $0.limit = .percentage(74) }.refusal != nil)
    #expect(try lastOne { $0.limit = .percentage(75) }.refusal == nil)
    let nothing = { (request: inout ForgetRequest) in
      request.choice = .policy(RetentionPolicy(), .usual)
    }
    let emptying = try lastOne(nothing)
    #expect(throws: RepositoryError.self) { try home.repository.execute(emptying) }
    #expect(try live.count == 4)
    let meant = try lastOne { request in
      nothing(&request)
      request.mayEmptyGroups = true
    }
    #expect(try home.repository.execute(meant).forgotten.count == 4)
    #expect(try live.isEmpty)
  }

  @Test func changesToWhatIsForgottenAreErrors() throws {
    _ = try home.repository.execute(try lastOne())
    #expect(throws: RepositoryError.self) {
      try home.repository.pin(snapshots[0].id, Pin(reason: []))
    }
    #expect(throws: RepositoryError.self) {
      try home.repository.unforget([SnapshotID.zero])
    }
  }

  @Test func whatWasForgottenMeanwhileIsNotRewritten() throws {
    var options = RewriteOptions()
    options.host = Array("mill".utf8)
    let rewrite = try Rewrite(home.repository, options: options)
    let plan = try home.repository.plan(ForgetRequest(.named([snapshots[0].id])))
    _ = try home.repository.execute(plan)
    #expect(throws: RepositoryError.self) { try rewrite.rewrite(snapshots[0]) }
    #expect(try live == snapshots.dropFirst().map(\.id))
    guard case .rewritten = try rewrite.rewrite(snapshots[1]) else {
      Issue.record("not rewritten")
      return
    }
    #expect(try live.count == 4)
  }
}
