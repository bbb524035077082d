// zstd in the two single-shot forms that frames need. The contexts are owned and reused, so that
// a frame costs no allocation.

import CZstd
import Platform

/// How hard to compress, as restic's and borg's users write it.
public enum Compression: Hashable, Sendable {
  /// Store as it is.
  case off
  /// Level 3, for what a backup reads of large files, devices and streams level 2; what does not
  /// shrink is stored.
  ///
  /// Images, archives and media gain a fortieth from level 3, and it takes a quarter longer.
  case auto
  /// Compress with a zstd level from 1 to 19 and store what does not shrink.
  case level(Int32)
}

/// Owns a zstd compression context.
@safe
package struct Compressor: ~Copyable {
  private let context: OpaquePointer
  private let level: Int32

  /// A context for one level, 1 to 19.
  package init(level: Int32) {
    guard let context = unsafe ZSTD_createCCtx() else {
      endForShortage("no memory for zstd", .noMemory)
    }
    unsafe self.context = unsafe context
    self.level = level
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    if level == 3 {
      // Half of each of the level's own tables, which stay in a core's cache: a seventh faster, and
      // less than a percent larger.
      _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, 16)
      _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, 15)
    }
  }

  deinit { _ = unsafe ZSTD_freeCCtx(context) }

  /// Compresses into a buffer; nil when the result does not fit, so a buffer shorter than the
  /// source asks whether it shrinks.
  package borrowing func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let size = unsafe ZSTD_compress2(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    return ZSTD_isError(size) == 0 ? size : nil
  }
}

/// Owns a zstd decompression context.
@safe
package struct Decompressor: ~Copyable {
  private let context: OpaquePointer

  package init() {
    guard let context = unsafe ZSTD_createDCtx() else {
      endForShortage("no memory for zstd", .noMemory)
    }
    unsafe self.context = unsafe context
  }

  deinit { _ = unsafe ZSTD_freeDCtx(context) }

  /// Decompresses exactly one zstd frame that declares exactly the target's size; false otherwise.
  ///
  /// Single-shot decoding allocates no window, whatever the data claims.
  package borrowing func decompress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let declared = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
    guard declared == UInt64(target.count) else { return false }
    guard unsafe ZSTD_findFrameCompressedSize(source.baseAddress, source.count) == source.count
    else { return false }
    let size = unsafe ZSTD_decompressDCtx(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    return size == target.count
  }
}
