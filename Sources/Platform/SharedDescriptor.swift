// An open file that several owners use and the last of them closes.

/// A descriptor with several owners.
package final class SharedDescriptor: Sendable {
  package let descriptor: Descriptor

  package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
