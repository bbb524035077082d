import Testing

@testable import Platform

@Suite struct ParallelMapTests {
  @Test(arguments: [0, 1, 2, 63, 64, 65, 66, 100, 1000, 1001])
  func valuesKeepTheirOrder(count: Int) {
    #expect(
      Array(0..<count).parallelMap(slices: { $0.map { $0 * 3 } }) == (0..<count).map { $0 * 3 })
  }
}
