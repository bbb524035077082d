// The environment of the process, as bytes.

import Glibc

/// The value of an environment variable; nil if it is not set.
package func environment(_ name: String) -> [UInt8]? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}
