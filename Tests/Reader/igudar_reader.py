#!/usr/bin/env python3
"""Reads Igudar repositories. Written from FORMAT.md alone, to test that page.

It lists snapshots and their trees, extracts files, and checks what FORMAT.md lets a reader check.
It needs libsodium and libzstd, nothing else, and never writes into a repository.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from igudar_journal import (CONDEMNED, LIVE, NAMED, NO_SUMMARY, Epoch, Journal, Snapshot, open_note,
                            run_key, snapshot)
from igudar_primitives import (Cursor, Damage, Record, argon2id, ascending, ed25519_public,
                               key_stream, keyed, name, open_object, padme, require, same, signed,
                               u32, u64, u8, uint, unpack_zstd, unseal, whole, x25519_public)
from igudar_trees import (DIRECTORY, FILE, LINK, TYPE_LETTERS, Chunker, Entry, Extent, Nodes,
                          check_extents, item_of)

MIB = 1 << 20
KINDS = "igudar chunk dat", "igudar chunk tre"


# Sections 5, 6 and 8: the format object, slots, and the keyring.

@dataclass(frozen=True)
class Format:
    """The format object."""

    pack_size: int
    repository: bytes
    features: tuple[int, int, int, int]
    owner: bytes

    @classmethod
    def parse(cls, data: bytes) -> Format:
        require(data[:8] == b"igudarFM", "badMagic", "format")
        require(uint(data[8:10]) == 1, "newer", "format: version")
        require(uint(data[10:12]) == 192 == len(data), "badLength", "format")
        require(signed(data[64:96], b"igudar format v1" + data[:128], data[128:]), "badSignature",
                "format")
        pack_size = uint(data[12:16])
        require(4 * MIB <= pack_size <= 128 * MIB and pack_size & (pack_size - 1) == 0,
                "malformed", "format: pack size")
        require(not any(data[96:128]), "badPadding", "format")
        features = struct.unpack("<4Q", data[32:64])
        require(features[0] & ~1 == 0, "newer", "format: incompatible feature")
        return cls(pack_size, data[16:32], features, data[64:96])


@dataclass(frozen=True)
class Secret:
    """What opens a slot: a passphrase (type 1) or a key file's 32 bytes (type 2)."""

    type: int
    value: bytes

    @classmethod
    def passphrase(cls, data: bytes) -> Secret:
        return cls(1, data.removesuffix(b"\n"))

    @classmethod
    def key_file(cls, data: bytes) -> Secret:
        if len(data) != 32:
            digits = data.removesuffix(b"\n")
            require(re.fullmatch(rb"[0-9a-fA-F]{64}", digits) is not None, "malformed", "key file")
            data = bytes.fromhex(digits.decode())
        return cls(2, data)


class Slot:
    """A slot whose form was checked."""

    def __init__(self, data: bytes, slot_id: bytes) -> None:
        require(data[:8] == b"igudarSL", "badMagic", "slot")
        require(len(data) == 512, "badLength", "slot")
        require(uint(data[8:10]) == 1, "badVersion", "slot")
        self.data, self.id = data, data[16:32]
        self.type, self.suite, role, derivation = data[10:14]
        require(self.type in (1, 2) and derivation == self.type and role == 1
                and self.suite in (1, 2) and self.id == slot_id, "malformed", "slot")
        require(data[14:16] == bytes(2), "badPadding", "slot")
        self.kib, self.passes, self.salt = uint(data[32:36]), uint(data[36:40]), data[40:56]
        if self.type == 1:
            require(8 <= self.kib <= 4 * MIB and 1 <= self.passes <= 32, "limit", "slot's costs")
        else:
            require(self.kib == self.passes == 0, "malformed", "slot's costs")
        self.owner = data[80:112]

    def open(self, secret: Secret, repository: bytes) -> bytes:
        """The root key."""
        if self.type == 1:
            pwk = argon2id(secret.value, self.salt, self.kib, self.passes)
        else:
            pwk = keyed(secret.value, "igudar keyfile", self.salt)
        expected = keyed(pwk, "igudar slot cmt", self.data[:112], bytes(32))
        require(same(self.data[112:144], expected), "wrongKey", f"slot {self.id.hex()}")
        kek = keyed(pwk, "igudar slot kek", repository, self.id)
        return unseal(self.suite, kek, self.data[56:80], self.data[:144] + repository,
                      self.data[144:192])

    def information(self, root_key: bytes, repository: bytes) -> Record:
        """The information that needs the root key."""
        key = keyed(root_key, "igudar slot info", repository, self.id)
        plain = unseal(self.suite, key, self.data[192:216], self.data[:192] + repository,
                       self.data[216:])
        length = uint(plain[:2])
        require(length <= 278, "malformed", "slot information")
        require(not any(plain[2 + length:]), "badPadding", "slot information")
        return Record(plain[2:2 + length], "1 2 3 4")


@dataclass(frozen=True)
class Domain:
    """One domain of the keyring."""

    number: int
    chunk_id_key: bytes
    chunker_key: bytes
    tree_cut_key: bytes
    sizes: tuple[int, int, int]


class Keyring:
    """The payload of a keyring object."""

    def __init__(self, payload: bytes) -> None:
        record = Record(payload, "1c 2c 3c 4c 5c")
        self.owner = ed25519_public(record.raw(1, 32))
        epochs = record.list(2, lambda c: self._epoch(c.bytes()))
        domains = record.list(3, lambda c: self._domain(c.bytes()))
        require(ascending([e.number for e in epochs]) and ascending([d.number for d in domains]),
                "malformed", "keyring's order")
        self.epochs = {e.number: e for e in epochs}
        self.domains = {d.number: d for d in domains}
        require(record.number(4, kept=True) in self.epochs
                and record.number(5, kept=True) in self.domains, "malformed", "current epoch")

    @staticmethod
    def _epoch(data: bytes) -> Epoch:
        record = Record(data, "1c 2c 3c 4c 5 6c 7c")
        secret = record.raw(5, 32) if 5 in record else None
        public = record.raw(6, 32)
        require(secret is None or x25519_public(secret) == public, "malformed", "reader keys")
        number, suite = record.number(1, kept=True, below=1 << 32), record.number(2)
        require(suite in (1, 2), "malformed", "epoch's suite")
        return Epoch(number, suite, record.raw(3, 32), record.raw(4, 32), secret, public,
                     record.raw(7, 32))

    @staticmethod
    def _domain(data: bytes) -> Domain:
        record = Record(data, "1c 2c 3c 4c 5c 6c 7c 8c")
        number = record.number(1, kept=True, below=1 << 32)
        require(record.number(5) == 1, "newer", "unknown chunker")
        minimum, target, maximum = sizes = tuple(record.number(n) for n in (6, 7, 8))
        require(64 <= minimum <= target <= maximum <= 8 * MIB and target & (target - 1) == 0,
                "malformed", "chunk sizes")
        return Domain(number, record.raw(2, 32), record.raw(3, 32), record.raw(4, 32), sizes)

    def index_key(self, epoch: int) -> bytes:
        require(epoch in self.epochs, "malformed", "unknown epoch")
        return self.epochs[epoch].index_key

    def journal_key(self, epoch: int) -> bytes:
        require(epoch in self.epochs, "malformed", "unknown epoch")
        return self.epochs[epoch].journal_key


# Sections 10 and 11: packs and index segments.

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


class Pack:
    """A pack whose header was checked against its commitment."""

    def __init__(self, read: Callable[[int, int], bytes], keyring: Keyring,
                 repository: bytes) -> None:
        header = read(0, 160)
        self.read, self.header, self.repository = read, header, repository
        require(header[:8] == b"igudarPK", "badMagic", "pack")
        require(len(header) == 160, "badLength", "pack")
        require(uint(header[8:10]) == 1, "badVersion", "pack")
        self.suite, kem = header[10], header[11]
        require(self.suite in (1, 2), "malformed", "pack: unknown suite")
        require(kem == 1, "newer", "pack: unknown KEM")
        require(header[12:16] == b"\xa0\0\0\0" and header[16:32] == repository, "malformed",
                "pack header")
        require(not any(header[36:40]) and not any(header[136:]), "badPadding", "pack header")
        epoch, salt = uint(header[32:36]), header[72:104]
        require(epoch in keyring.epochs, "malformed", "pack: unknown epoch")
        key = run_key(repository, keyring.epochs[epoch], self.suite, kem, header[40:72])
        expected = keyed(key, "igudar pack cmt", header[:104], bytes(32), header[136:])
        require(same(header[104:136], expected), "badCommitment", "pack")
        self.pack_key = keyed(key, "igudar pack key", salt)
        self.directory_key = keyed(key, "igudar pack dir", salt)
        self.filler_key = keyed(key, "igudar pack fill", salt)

    def open_frame(self, offset: int, stored: int, plain: int,
                   ids: list[bytes] | None = None) -> tuple[int, bytes]:
        """Codec and plain text of a frame; checks the nonce tail if the IDs are known."""
        require(1 <= plain < 16 * MIB and 36 < stored < 17 * MIB, "malformed", "frame's lengths")
        sealed = self.read(offset, stored)
        require(len(sealed) == stored, "badLength", "frame")
        if ids is not None:
            tag = keyed(self.pack_key, "igudar frame tag", u64(offset), *ids)[:16]
            require(same(sealed[:16], tag), "malformed", "frame's nonce tail")
        inner = unseal(self.suite, self.pack_key, u64(offset) + sealed[:16],
                       self.repository + u64(offset) + u32(stored), sealed[16:])
        require(len(inner) > 4 and uint(inner[:3]) == plain, "malformed", "frame's plain length")
        require(inner[3] <= 1, "newer", "frame's codec")
        data = unpack_zstd(inner[4:], plain) if inner[3] else inner[4:]
        require(len(data) == plain, "malformed", "frame's plain length")
        return inner[3], data

    def directory(self, size: int) -> tuple[int, list[Frame], int]:
        """Domain, frames, and length of the filler of a pack of this size."""
        require(size >= 65536, "badLength", "pack")
        footer = unseal(self.suite, self.directory_key, u64(2) + bytes(16), self.header + u8(2),
                        self.read(size - 216, 48))
        at, length, frame_count, chunk_count, filler = struct.unpack("<5I", footer[:20])
        require(footer[20:24] == bytes(4), "badPadding", "pack footer")
        require(at + length == size - 216 and 160 <= filler <= at
                and max(frame_count, chunk_count) <= 1 << 20
                and length == 16 + 16 + 16 * frame_count + 36 * chunk_count, "malformed",
                "pack footer")
        cursor = Cursor(unseal(self.suite, self.directory_key, u64(1) + bytes(16),
                               self.header + u8(1), self.read(at, length)))
        domain, *counts, zero = (cursor.uint(4) for _ in range(4))
        require(counts == [frame_count, chunk_count] and zero == 0, "malformed", "pack directory")
        rows = [struct.unpack("<IIIBBH", cursor.take(16)) for _ in range(frame_count)]
        frames, offset = [], 160
        for stored, plain, count, codec, kind, zero in rows:
            require(codec <= 1 and kind <= 1 and zero == 0 and count > 0, "malformed",
                    "frame in a pack directory")
            chunks = [(cursor.take(32), cursor.uint(4)) for _ in range(count)]
            require(sum(length for _, length in chunks) == plain
                    and all(1 <= length <= 8 * MIB for _, length in chunks), "malformed",
                    "chunk lengths in a pack directory")
            frames.append(Frame(offset, stored, plain, codec, kind, chunks))
            offset += stored
        cursor.end()
        require(offset == filler, "malformed", "frames do not end at the filler")
        return domain, frames, at - filler


class PackBytes:
    """Reads ranges of an object."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


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


# The repository as a whole.

class Repository:
    """An open repository."""

    def __init__(self, root: Path, secret: Secret, from_packs: bool = False,
                 whole_journal: bool = False) -> None:
        self.root = root
        self.format = Format.parse(self.bytes_of("format", 192))
        self.id = self.format.repository
        self.root_key = self._unlock(secret)
        self.keyring = self._keyring()
        self.journal = self._journal(whole_journal)
        self.places: dict[bytes, list[Place]] = {}
        self.segments: dict[bytes, Segment] = {}
        self._packs: dict[bytes, Pack] = {}
        self._frames: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()
        if from_packs:
            self._index_from_packs()
        else:
            self._index_from_segments()

    def names(self, folder: str, pattern: str) -> list[str]:
        """The names of objects in a folder that match."""
        try:
            return sorted(n for n in os.listdir(self.root / folder) if re.fullmatch(pattern, n))
        except FileNotFoundError:
            return []

    def bytes_of(self, path: str, limit: int) -> bytes:
        try:
            with (self.root / path).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            raise Damage("missing", path) from None
        require(len(data) <= limit, "limit", f"{path} is too large")
        return data

    def _unlock(self, secret: Secret) -> bytes:
        slots = self.names("slots", "[0-9a-f]{32}")
        require(len(slots) <= 64, "limit", "slots")
        problems = []
        for slot_name in slots:
            try:
                slot = Slot(self.bytes_of(f"slots/{slot_name}", 512), bytes.fromhex(slot_name))
                if slot.owner == self.format.owner and slot.type == secret.type:
                    return slot.open(secret, self.id)
            except Damage as damage:
                problems.append(str(damage))
        raise Damage("wrongKey", "; ".join(problems) or "no slot of this kind")

    def _keyring(self) -> Keyring:
        problem = Damage("missing", "keyring")
        for sequence in reversed(self.names("keyring", "[0-9a-f]{16}")):
            path = f"keyring/{sequence}"
            try:
                payload = open_object(self.bytes_of(path, MIB), b"igudarKR",
                                      lambda epoch: self.root_key, self.id, path, MIB)
            except Damage as damage:
                problem = damage
                continue
            keyring = Keyring(payload)
            require(keyring.owner == self.format.owner, "malformed", "keyring of another owner")
            return keyring
        raise problem

    def _journal(self, from_start: bool) -> Journal:
        numbers = [int(n, 16) for n in self.names("journal", "[0-9a-f]{16}")]
        require(bool(numbers), "missing", "the journal is empty")
        journal = Journal(self.id, self.format.owner)
        last = numbers[-1]

        def payload(number: int) -> tuple[bytes, bytes]:
            path = f"journal/{number:016x}"
            data = self.bytes_of(path, 64 * MIB)
            return open_object(data, b"igudarJR", self.keyring.journal_key, self.id, path,
                               64 * MIB), name(data)

        summary = uint(payload(last)[0][72:80])
        if summary != NO_SUMMARY and not (from_start and 0 in numbers):
            require(summary < last, "malformed", "newest summary")
            journal.begin_at(summary)
        while journal.next <= last:
            journal.append(*payload(journal.next))
        return journal

    def pack_names(self) -> list[bytes]:
        return [bytes.fromhex(n) for folder in self.names("packs", "[0-9a-f]{2}")
                for n in self.names(f"packs/{folder}", folder + "[0-9a-f]{62}")]

    def pack_path(self, pack: bytes) -> Path:
        return self.root / "packs" / pack.hex()[:2] / pack.hex()

    def pack(self, pack: bytes) -> Pack:
        if pack not in self._packs:
            path = self.pack_path(pack)
            require(path.exists(), "missing", f"pack {pack.hex()}")
            self._packs[pack] = Pack(PackBytes(path), self.keyring, self.id)
        return self._packs[pack]

    def segment(self, segment: bytes) -> Segment:
        """Reads a segment; its name is its hash."""
        data = self.bytes_of(f"index/{segment.hex()}", 64 * MIB)
        require(name(data) == segment, "malformed", f"segment {segment.hex()}: hash")
        payload = open_object(data, b"igudarIX", self.keyring.index_key, self.id, "index/",
                              64 * MIB)
        return Segment.parse(payload, self.keyring.index_key(uint(data[12:16])))

    def _index_from_segments(self) -> None:
        for segment_name, (state, _) in self.journal.state.segments.items():
            if state not in (NAMED, CONDEMNED):
                continue
            segment = self.segments[segment_name] = self.segment(segment_name)
            for chunk, place in segment.rows:
                places = self.places.setdefault(chunk, [])
                if place not in places:
                    places.append(place)

    def _index_from_packs(self) -> None:
        for pack in self.pack_names():
            try:
                _, frames, _ = self.pack(pack).directory(self.pack_path(pack).stat().st_size)
            except Damage as damage:
                print(f"pack {pack.hex()}: {damage}", file=sys.stderr)
                continue
            for chunk, place in rows_of(pack, frames):
                self.places.setdefault(chunk, []).append(place)

    def chunk(self, chunk: bytes, kind: int, domain: Domain) -> bytes:
        """A chunk's bytes, from whichever place has them; the ID is recomputed."""
        problem = Damage("missing", f"chunk {chunk.hex()} is not in the index")
        for place in self.places.get(chunk, []):
            try:
                require(place.kind == kind, "malformed", f"kind of chunk {chunk.hex()}")
                frame = self._frames.get((place.pack, place.offset))
                if frame is None:
                    _, frame = self.pack(place.pack).open_frame(place.offset, place.stored,
                                                                place.plain)
                    self._frames[place.pack, place.offset] = frame
                    while len(self._frames) > 16:
                        self._frames.popitem(last=False)
                data = frame[place.at:place.at + place.length]
                require(same(keyed(domain.chunk_id_key, KINDS[kind], data), chunk), "malformed",
                        f"chunk {chunk.hex()} has another ID")
                return data
            except Damage as damage:
                problem = damage
        raise problem

    def snapshots(self) -> list[Snapshot]:
        """The live snapshots by time."""
        state = self.journal.state
        found = [snapshot(commit, lambda note, kind: open_note(note, self.keyring.epochs, self.id,
                                                                kind), state.amendments)
                 for commit in state.commits.values() if commit.state == LIVE]
        return sorted(found, key=lambda s: s.time)

    def find(self, wanted: str) -> Snapshot:
        """A snapshot by a prefix of its ID, or the latest."""
        found = self.snapshots()
        if wanted == "latest" and found:
            return found[-1]
        found = [s for s in found if s.id.hex().startswith(wanted)]
        require(len(found) == 1, "missing", f"{len(found)} snapshots begin with {wanted}")
        return found[0]

    def domain(self, of: Snapshot) -> Domain:
        require(of.domain in self.keyring.domains, "malformed", "unknown domain")
        return self.keyring.domains[of.domain]


def rows_of(pack: bytes, frames: list[Frame]) -> Iterator[tuple[bytes, Place]]:
    """The index rows that a pack's directory stands for."""
    for frame in frames:
        at = 0
        for chunk, length in frame.chunks:
            yield chunk, Place(pack, frame.offset, frame.stored, frame.plain, frame.kind, at,
                               length)
            at += length


class Tree:
    """The tree of a snapshot."""

    def __init__(self, repository: Repository, of: Snapshot, check_ends: bool = False) -> None:
        self.domain = repository.domain(of)
        self.root = Entry(of.root, root=True)
        self.tree_key = keyed(self.domain.tree_cut_key, "igudar tree cut")[:16]
        self.check_ends = check_ends
        self.read_chunk = lambda chunk, kind: repository.chunk(chunk, kind, self.domain)

    def children(self, entry: Entry) -> list[Entry]:
        """The entries of a directory."""
        if entry.children is not None:
            return entry.children
        nodes = Nodes(self.read_chunk, directory=True)
        children = list(nodes.entries(*entry.node))
        if self.check_ends:
            nodes.check_ends(self.tree_key)
            require(entry is self.root or sum(len(item_of(e)) for e in children) >= 4096,
                    "malformed", "directory should be inline")
        return children

    def extents(self, entry: Entry) -> list[Extent]:
        """The content of a file."""
        if entry.node is None:
            return entry.extents
        nodes = Nodes(self.read_chunk, directory=False)
        extents = list(nodes.extents(*entry.node))
        require(sum(e.length for e in extents) == entry.size, "malformed", "size")
        check_extents(extents)
        if self.check_ends:
            nodes.check_ends(self.tree_key)
            require(len(extents) > 64, "malformed", "content should be inline")
        return extents

    def content(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a file, holes as zeros."""
        for extent in self.extents(entry):
            if extent.chunk is None:
                for at in range(0, extent.length, MIB):
                    yield bytes(min(MIB, extent.length - at))
            else:
                data = self.read_chunk(extent.chunk, 0)
                require(len(data) == extent.length, "malformed", "length of an extent")
                yield data

    def walk(self) -> Iterator[tuple[bytes, Entry]]:
        """All entries below the root, with their paths."""
        pending = [(b"", self.root)]
        while pending:
            path, entry = pending.pop()
            if entry is not self.root:
                yield path, entry
            if entry.type == DIRECTORY:
                pending += [(path + b"/" + e.name, e) for e in reversed(self.children(entry))]

    def entry(self, path: bytes) -> Entry:
        """The entry at a path."""
        entry = self.root
        for part in path.split(b"/"):
            if part:
                require(entry.type == DIRECTORY, "missing", os.fsdecode(path))
                found = [e for e in self.children(entry) if e.name == part]
                require(bool(found), "missing", os.fsdecode(path))
                entry = found[0]
        return entry


def check_pack(repository: Repository, pack_name: bytes) -> list[Frame]:
    """Verifies every byte of a pack, and returns its frames."""
    data = repository.pack_path(pack_name).read_bytes()
    size, full = len(data), repository.format.pack_size
    require(name(data) == pack_name, "malformed", "hash")
    require(size <= full, "limit", "larger than a full pack")
    pack = Pack(lambda offset, length: data[offset:offset + length], repository.keyring,
                repository.id)
    require(data[-8:] == b"igudarPE", "badMagic", "end of the pack")
    require(data[-168:-8] == pack.header, "malformed", "copy of the header")
    number, frames, filler = pack.directory(size)
    require(number in repository.keyring.domains, "malformed", "unknown domain")
    require(size in (full, min(full, max(65536, padme(size - filler)))), "badLength", "padding")
    start = (frames[-1].offset + frames[-1].stored) if frames else 160
    require(data[start:start + filler] == key_stream(pack.filler_key, filler), "badPadding",
            "filler")
    for frame in frames:
        codec, plain = pack.open_frame(frame.offset, frame.stored, frame.plain,
                                       [chunk for chunk, _ in frame.chunks])
        require(codec == frame.codec, "malformed", "codec of a frame")
        at = 0
        for chunk, length in frame.chunks:
            found = keyed(repository.keyring.domains[number].chunk_id_key, KINDS[frame.kind],
                          plain[at:at + length])
            require(same(found, chunk), "malformed", f"chunk {chunk.hex()}")
            at += length
    return frames


def check(repository: Repository, cuts: bool) -> int:
    """Verifies everything, tells about it, and returns the number of problems."""
    problems = 0

    def attempt(what: str, work):  # type: ignore[no-untyped-def]
        nonlocal problems
        try:
            return work()
        except Damage as damage:
            problems += 1
            print(f"{what}: {damage}")
            return None

    rows: dict[bytes, set[tuple[bytes, Place]]] = {}
    for pack in repository.pack_names():
        frames = attempt(f"pack {pack.hex()}", lambda: check_pack(repository, pack))
        if frames is not None:
            rows[pack] = set(rows_of(pack, frames))
    for segment_name, segment in repository.segments.items():
        for pack, size in segment.packs:
            def compare() -> None:
                require(pack in rows, "missing", "pack is missing or damaged")
                require(repository.pack_path(pack).stat().st_size == size, "badLength", "size")
                require({r for r in segment.rows if r[1].pack == pack} == rows[pack], "malformed",
                        "rows differ from the pack's directory")
            attempt(f"segment {segment_name.hex()}: pack {pack.hex()}", compare)
    covered = {pack for segment in repository.segments.values() for pack, _ in segment.packs}
    for pack in sorted(set(repository.pack_names()) - covered):
        print(f"pack {pack.hex()} is in no segment")
    for slot_name in repository.names("slots", "[0-9a-f]{32}"):
        slot = attempt(f"slot {slot_name}", lambda: Slot(
            repository.bytes_of(f"slots/{slot_name}", 512), bytes.fromhex(slot_name)))
        if slot is not None and slot.owner == repository.format.owner:
            attempt(f"slot {slot_name}",
                    lambda: slot.information(repository.root_key, repository.id))
    seen: set[bytes] = set()
    entries = chunked = 0
    for of in repository.snapshots():
        tree = Tree(repository, of, check_ends=True)
        chunker = Chunker(tree.domain.chunker_key, *tree.domain.sizes)

        def check_file(entry: Entry) -> None:
            nonlocal chunked
            if cuts:
                check_cuts(tree, chunker, entry)
                chunked += 1
                return
            for extent in tree.extents(entry):
                if extent.chunk is not None and extent.chunk not in seen:
                    require(len(tree.read_chunk(extent.chunk, 0)) == extent.length, "malformed",
                            "length of an extent")
                    seen.add(extent.chunk)

        def check_tree() -> None:
            nonlocal entries
            for path, entry in tree.walk():
                entries += 1
                for _, value in entry.attributes:
                    if not isinstance(value, bytes):
                        data = attempt(f"{of.id.hex()[:8]}:{shown(path)}",
                                       lambda: tree.read_chunk(value[1], 0))
                        require(data is None or len(data) == value[0], "malformed", "attribute")
                if entry.type == FILE:
                    attempt(f"{of.id.hex()[:8]}:{shown(path)}", lambda: check_file(entry))

        attempt(f"snapshot {of.id.hex()}", check_tree)
    print(f"{len(rows)} packs, {len(repository.segments)} segments, {repository.journal.next} "
          f"journal entries, {entries} entries of trees"
          + (f", {chunked} files cut again" if cuts else "") + f": {problems} problems")
    return problems


def check_cuts(tree: Tree, chunker: Chunker, entry: Entry) -> None:
    """Cuts a file again and compares the chunks."""
    stretch, lengths = b"", []
    for extent in [*tree.extents(entry), Extent(1, None)]:
        if extent.chunk is not None:
            stretch += tree.read_chunk(extent.chunk, 0)
            lengths.append(extent.length)
        else:
            require(chunker.lengths(stretch) == lengths, "malformed", "chunks are cut elsewhere")
            stretch, lengths = b"", []


def shown(path: bytes) -> str:
    """A path on one line."""
    return "".join(c if c.isprintable() else f"\\x{ord(c) & 0xFF:02x}"
                   for c in os.fsdecode(path))


def moment(nanoseconds: int, minutes_east: int = 0) -> str:
    zone = timezone(timedelta(minutes=minutes_east))
    return datetime.fromtimestamp(nanoseconds // 10**9, zone).isoformat(" ")


def main() -> int:
    if len(sys.argv) == 3 and sys.argv[1] == "selftest":
        from igudar_selftest import selftest
        return selftest(Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, epilog="Also: selftest VECTORDIR")
    parser.add_argument("repository", type=Path)
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key-file", type=Path)
    key.add_argument("--password-file", type=Path)
    parser.add_argument("--from-packs", action="store_true", help="do not read index/")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    tree_command = commands.add_parser("tree")
    tree_command.add_argument("snapshot")
    extract = commands.add_parser("extract")
    extract.add_argument("snapshot")
    extract.add_argument("path", type=os.fsencode)
    extract.add_argument("output", type=Path, nargs="?")
    check_command = commands.add_parser("check")
    check_command.add_argument("--cuts", action="store_true", help="cut all files again; slow")
    options = parser.parse_args()

    if options.key_file:
        secret = Secret.key_file(options.key_file.read_bytes())
    else:
        secret = Secret.passphrase(options.password_file.read_bytes())
    repository = Repository(options.repository, secret, options.from_packs,
                            whole_journal=options.command == "check")
    if options.command == "list":
        for of in repository.snapshots():
            words = [of.id.hex(), moment(of.time, of.zone), shown(of.user) + "@" + shown(of.host),
                     *map(shown, of.paths)]
            words += ["#" + shown(tag) for tag in of.tags] + ["(partial)"] * of.partial
            print(*words)
    elif options.command == "tree":
        for path, entry in Tree(repository, repository.find(options.snapshot)).walk():
            seconds, nanoseconds = divmod(abs(entry.mtime), 10**9)
            sign = "-" if entry.mtime < 0 else ""
            line = (f"{TYPE_LETTERS[entry.type]} {entry.mode:04o} {entry.size:>10} "
                    f"{sign}{seconds}.{nanoseconds:09} {shown(path)}")
            print(line + (f" -> {shown(entry.target)}" if entry.type == LINK else ""))
    elif options.command == "extract":
        tree = Tree(repository, repository.find(options.snapshot))
        entry = tree.entry(options.path)
        require(entry.type == FILE, "malformed", "not a file")
        with options.output.open("wb") if options.output else sys.stdout.buffer as output:
            for data in tree.content(entry):
                output.write(data)
    else:
        return 1 if check(repository, options.cuts) else 0
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        sys.exit(main())
    except (Damage, OSError) as error:
        sys.exit(f"igudar_reader: {error}")
