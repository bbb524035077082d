"""Sections 10 and 11 of FORMAT.md: packs and index segments."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from igudar_journal import Epoch, run_key
from igudar_primitives import (Cursor, ascending, key_stream, keyed, name, require, same, u32, u64,
                               u8, uint, unpack_zstd, unseal)

MIB = 1 << 20
KINDS = "igudar chunk dat", "igudar chunk tre"
END_MAGIC = b"igudarPE"
TAIL = 48 + 160 + 8  # footer, header, end magic


@dataclass(frozen=True)
class Place:
    """Where a chunk is: a frame of a pack and a stretch of its plain text."""

    pack: bytes
    offset: int
    stored: int
    plain: int
    kind: int
    at: int
    length: int


@dataclass(frozen=True)
class Frame:
    """A frame as a pack's directory has it; chunks are (ID, length)."""

    offset: int
    stored: int
    plain: int
    codec: int
    kind: int
    chunks: list[tuple[bytes, int]]


def frame_data(inner: bytes) -> tuple[int, bytes]:
    """Codec and plain text of a frame whose seal was opened."""
    require(len(inner) > 4, "badLength", "frame without data")
    plain, codec, data = uint(inner[:3]), inner[3], inner[4:]
    require(plain > 0, "malformed", "frame without plain text")
    require(len(data) <= plain, "badLength", "frame longer than its plain text")
    require(codec <= 1, "malformed", "frame's codec")
    if codec == 1:
        return 1, unpack_zstd(data, plain)
    require(len(data) == plain, "badLength", "frame's plain length")
    return 0, data


def open_frame(suite: int, pack_key: bytes, repository: bytes, offset: int,
               sealed: bytes) -> tuple[int, bytes]:
    """Codec and plain text of a stored frame."""
    require(36 < len(sealed) < 36 + 16 * MIB, "badLength", "frame")
    return frame_data(unseal(suite, pack_key, u64(offset) + sealed[:16],
                             repository + u64(offset) + u32(len(sealed)), sealed[16:]))


class Pack:
    """The keys of a pack, from a header that was checked against its commitment."""

    def __init__(self, header: bytes, epochs: dict[int, Epoch], repository: bytes) -> None:
        self.header, self.repository = header, repository
        require(len(header) == 160, "badLength", "pack")
        require(header[:8] == b"igudarPK", "badMagic", "pack")
        require(uint(header[8:10]) == 1, "badVersion", "pack")
        self.suite, kem = header[10], header[11]
        require(self.suite in (1, 2), "malformed", "pack: unknown suite")
        require(kem == 1, "malformed", "pack: unknown KEM")
        require(header[12:16] == b"\xa0\0\0\0" and header[16:32] == repository, "malformed",
                "pack header")
        require(not any(header[36:40]) and not any(header[136:]), "badPadding", "pack header")
        epoch, salt = uint(header[32:36]), header[72:104]
        require(epoch in epochs, "malformed", "pack: unknown epoch")
        self.run_key = run_key(repository, epochs[epoch], self.suite, kem, header[40:72])
        expected = keyed(self.run_key, "igudar pack cmt", header[:104], bytes(32), header[136:])
        require(same(header[104:136], expected), "badCommitment", "pack")
        self.pack_key = keyed(self.run_key, "igudar pack key", salt)
        self.directory_key = keyed(self.run_key, "igudar pack dir", salt)
        self.filler_key = keyed(self.run_key, "igudar pack fill", salt)

    def open_frame(self, offset: int, sealed: bytes) -> tuple[int, bytes]:
        """Codec and plain text of a stored frame."""
        return open_frame(self.suite, self.pack_key, self.repository, offset, sealed)

    def nonce_tail(self, offset: int, ids: list[bytes]) -> bytes:
        return keyed(self.pack_key, "igudar frame tag", u64(offset), *ids)[:16]

    def open_part(self, number: int, sealed: bytes) -> bytes:
        """The plain text of the directory (1) or the footer (2)."""
        return unseal(self.suite, self.directory_key, u64(number) + bytes(16),
                      self.header + u8(number), sealed)


@dataclass(frozen=True)
class Footer:
    """A footer that fits a pack of this size."""

    at: int
    length: int
    frames: int
    chunks: int
    filler: int
    serial: int

    @classmethod
    def parse(cls, plain: bytes, size: int) -> Footer:
        *numbers, zero, serial = struct.unpack("<6IQ", plain)
        found = cls(*numbers, serial)
        require(zero == 0, "badPadding", "pack footer")
        require(found.at + found.length + TAIL == size and 160 <= found.filler <= found.at
                and max(found.frames, found.chunks) <= 1 << 20
                and found.length == 16 + 16 + 16 * found.frames + 36 * found.chunks, "malformed",
                "pack footer")
        return found


def parse_directory(plain: bytes, footer: Footer) -> tuple[int, list[Frame]]:
    """The domain and the frames that a directory says, checked with the footer."""
    cursor = Cursor(plain)
    domain, frame_count, chunk_count, zero = (cursor.uint(4) for _ in range(4))
    require(zero == 0, "badPadding", "pack directory")
    require(len(plain) == 16 + 16 * frame_count + 36 * chunk_count
            and max(frame_count, chunk_count) <= 1 << 20, "malformed", "pack directory")
    frames, offset, used = [], 160, 0
    chunks = Cursor(plain[16 + 16 * frame_count:])
    for _ in range(frame_count):
        stored, length, count, codec, kind, zero = struct.unpack("<IIIBBH", cursor.take(16))
        require(zero == 0, "badPadding", "frame in a pack directory")
        require(codec <= 1 and kind <= 1 and 0 < count <= chunk_count - used
                and 0 < length < 16 * MIB and 36 < stored <= 36 + length, "malformed",
                "frame in a pack directory")
        held = [(chunks.take(32), chunks.uint(4)) for _ in range(count)]
        require(all(1 <= size <= 8 * MIB for _, size in held)
                and sum(size for _, size in held) == length, "malformed",
                "chunk lengths in a pack directory")
        frames.append(Frame(offset, stored, length, codec, kind, held))
        offset, used = offset + stored, used + count
    require(used == chunk_count and (frame_count, chunk_count, offset)
            == (footer.frames, footer.chunks, footer.filler), "malformed",
            "directory and footer of a pack")
    return domain, frames


def check_pack(data: bytes, pack_name: bytes, epochs: dict[int, Epoch],
               chunk_id_keys: dict[int, bytes], repository: bytes) -> tuple[list[Frame], int]:
    """Verifies every byte of a pack; its frames, and the length of its filler."""
    require(len(data) >= 160 + TAIL, "badLength", "pack")
    require(name(data) == pack_name, "badName", "pack")
    require(data[-8:] == END_MAGIC, "badMagic", "end of the pack")
    pack = Pack(data[-168:-8], epochs, repository)
    footer = Footer.parse(pack.open_part(2, data[-TAIL:-168]), len(data))
    require(data[:160] == pack.header, "malformed", "headers of a pack differ")
    domain, frames = parse_directory(
        pack.open_part(1, data[footer.at:footer.at + footer.length]), footer)
    require(domain in chunk_id_keys, "malformed", "unknown domain")
    for frame in frames:
        sealed = data[frame.offset:frame.offset + frame.stored]
        tail = pack.nonce_tail(frame.offset, [chunk for chunk, _ in frame.chunks])
        require(same(sealed[:16], tail), "malformed", "frame's nonce tail")
        codec, plain = pack.open_frame(frame.offset, sealed)
        require((codec, len(plain)) == (frame.codec, frame.plain), "malformed",
                "frame's codec or length")
        at = 0
        for chunk, length in frame.chunks:
            found = keyed(chunk_id_keys[domain], KINDS[frame.kind], plain[at:at + length])
            require(same(found, chunk), "badChunk", f"chunk {chunk.hex()}")
            at += length
    filler = data[footer.filler:footer.at]
    require(filler == key_stream(pack.filler_key, len(filler)), "badPadding", "filler")
    return frames, len(filler)


@dataclass(frozen=True)
class Segment:
    """An index segment's payload."""

    packs: list[tuple[bytes, int]]
    rows: list[tuple[bytes, Place]]
    superseded: list[bytes]
    set_sum: int

    @classmethod
    def parse(cls, payload: bytes, index_key: bytes) -> Segment:
        cursor = Cursor(payload)
        counts = [cursor.uint(4) for _ in range(4)]
        set_sum = cursor.uint(32)
        sizes = 36, 16, 42, 32
        require(len(payload) == 48 + sum(c * s for c, s in zip(counts, sizes)), "malformed",
                "segment's counts")
        packs = [(cursor.take(32), cursor.uint(4)) for _ in range(counts[0])]
        require(ascending([p[0] for p in packs])
                and all(65536 <= size <= 128 * MIB for _, size in packs), "malformed",
                "segment's packs")
        frames = []
        for _ in range(counts[1]):
            frames.append((cursor.uint(4), cursor.uint(4), cursor.uint(4), cursor.uint(3),
                           cursor.uint(1)))
        require(ascending([f[:2] for f in frames]), "malformed", "segment's frames")
        for pack, offset, stored, plain, kind in frames:
            require(pack < len(packs) and kind <= 1 and plain > 0 and stored > 36
                    and offset >= 160 and offset + stored <= packs[pack][1] - 216, "malformed",
                    "frame in a segment")
        require(all(a[0] < b[0] or a[1] + a[2] <= b[1] for a, b in zip(frames, frames[1:])),
                "malformed", "frames of a segment overlap")
        rows, keys, total = [], [], 0
        for _ in range(counts[2]):
            chunk, frame, rest = cursor.take(32), cursor.uint(4), cursor.take(6)
            require(frame < len(frames), "malformed", "row in a segment")
            pack, offset, stored, plain, kind = frames[frame]
            at, length = uint(rest[:3]), uint(rest[3:])
            require(1 <= length <= 8 * MIB and at + length <= plain, "malformed",
                    "row in a segment")
            pack_name = packs[pack][0]
            total += uint(keyed(index_key, "igudar set sum", chunk, pack_name, u32(offset),
                                u32(stored), rest))
            keys.append((chunk, frame, at))
            rows.append((chunk, Place(pack_name, offset, stored, plain, kind, at, length)))
        require(ascending(keys), "malformed", "segment's rows")
        require(total % 2**256 == set_sum, "malformed", "segment's set checksum")
        superseded = [cursor.take(32) for _ in range(counts[3])]
        require(ascending(superseded), "malformed", "superseded segments")
        return cls(packs, rows, superseded, set_sum)


def rows_of(pack: bytes, frames: list[Frame]) -> Iterator[tuple[bytes, Place]]:
    """The index rows that a pack's directory stands for."""
    for frame in frames:
        at = 0
        for chunk, length in frame.chunks:
            yield chunk, Place(pack, frame.offset, frame.stored, frame.plain, frame.kind, at,
                               length)
            at += length
