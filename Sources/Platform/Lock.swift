// Mutual exclusion over pthreads. `Synchronization.Mutex` has no condition variable, so whoever has
// to wait for something uses these.

import Glibc

/// A lock.
@safe
package final class Lock: @unchecked Sendable {
  fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  package func lock() { unsafe pthread_mutex_lock(mutex) }
  package func unlock() { unsafe pthread_mutex_unlock(mutex) }

  package func withLock<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }
}

/// Something to wait for, under a lock.
@safe
package final class Condition: @unchecked Sendable {
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe condition.deallocate()
  }

  /// With the lock, which is free meanwhile: waits for a call of one of the others, or for nothing.
  package func wait(_ lock: Lock) { unsafe pthread_cond_wait(condition, lock.mutex) }

  /// Wakes one who waits.
  package func signal() { unsafe pthread_cond_signal(condition) }

  /// Wakes all who wait.
  package func broadcast() { unsafe pthread_cond_broadcast(condition) }
}

/// A lock with something to wait for.
package final class Monitor: Sendable {
  private let lock = Lock()
  private let condition = Condition()

  package init() {}

  package func withLock<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try lock.withLock(body)
  }

  /// With the lock: waits until the condition holds; the lock is free while waiting.
  package func wait(until holds: () -> Bool) {
    while !holds() { condition.wait(lock) }
  }

  /// Wakes all who wait.
  package func broadcast() { condition.broadcast() }
}
