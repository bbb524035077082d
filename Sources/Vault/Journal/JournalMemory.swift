// The local stores as a journal uses them: the index cache keeps verified entries at hand, the
// trust store remembers the newest one.

extension IndexCache: JournalCache {}
extension TrustStore: HeadMemory {}
