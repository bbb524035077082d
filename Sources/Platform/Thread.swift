// Threads of our own: blocking calls never run on the cooperative pool.

import CLinux
import Glibc

/// A thread, to be joined once.
@safe
package final class Thread: @unchecked Sendable {
  private var handle = pthread_t()
  private var isJoined = false

  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  private init() {}

  // Nobody is going to join it: it cleans up after itself.
  deinit {
    if !isJoined { pthread_detach(handle) }
  }

  /// Starts a thread; the name is cut to 15 bytes as Linux demands.
  ///
  /// Ends the process, with a message, where the system gives no thread.
  package static func start(
    name: String, stackSize: Int = 1 << 20, _ run: @escaping @Sendable () -> Void
  ) -> Thread {
    let thread = Thread()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setstacksize(&attributes, stackSize)
    let body = unsafe Unmanaged.passRetained(Body(name: name, run: run)).toOpaque()
    let status = unsafe pthread_create(
      &thread.handle, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        unsafe clinux_set_thread_name(String(body.name.prefix(15)))
        body.run()
        return nil
      }, body)
    unsafe pthread_attr_destroy(&attributes)
    if status != 0 { endForShortage("no thread", Errno(status)) }
    return thread
  }

  /// Waits for its end.
  package func join() {
    guard !isJoined else { return }
    isJoined = true
    pthread_join(handle, nil)
  }
}
