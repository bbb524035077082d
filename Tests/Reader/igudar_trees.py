"""Sections 9 and 12 of FORMAT.md: the chunker, entries, nodes, and where both are cut."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from igudar_primitives import (Cursor, Record, ascending, keyed, require, siphash, u32, u8, uint,
                               varint, whole)

FILE, DIRECTORY, LINK, CHARACTER, BLOCK, FIFO, SOCKET = range(1, 8)
TYPE_LETTERS = "?-dlcbps"
FIELDS = "1c 2 3 4 5 6 7 8 9 10 11 12 13 14 15c 16c 17c 18c 19c 20c 21c 22"
FIELD_TYPES = {15: (CHARACTER, BLOCK), 16: (LINK,), 17: (FILE,), 18: (FILE,), 19: (FILE,),
               20: (DIRECTORY,), 21: (DIRECTORY,)}

ReadChunk = Callable[[bytes, int], bytes]  # chunk ID and kind; verified bytes


class Chunker:
    """gear-prf, section 9."""

    def __init__(self, key: bytes, minimum: int, target: int, maximum: int) -> None:
        self.table = [word for block in range(32)
                      for word in struct.unpack("<8Q", keyed(key, "igudar gear", u32(block),
                                                             size=64))]
        self.key = keyed(key, "igudar siphash")[:16]
        self.minimum, self.target, self.maximum = minimum, target, maximum
        bits = target.bit_length() - 1
        self.thresholds = 1 << (70 - bits), 1 << (74 - bits)

    def first(self, data: bytes) -> int:
        """The length of the chunk that begins where `data`, the rest of the file, begins."""
        if len(data) <= self.minimum:
            return len(data)
        end, table, state = min(len(data), self.maximum), self.table, 0
        for byte in data[self.minimum - 64:self.minimum]:
            state = (state << 1) + table[byte] & 0xFFFF_FFFF_FFFF_FFFF
        for p in range(self.minimum, end):  # p bytes are taken
            if state < 1 << 56 and (siphash(self.key, data[p - 64:p])
                                    < self.thresholds[p >= self.target]):
                return p
            state = (state << 1) + table[data[p]] & 0xFFFF_FFFF_FFFF_FFFF
        return end

    def lengths(self, data: bytes) -> list[int]:
        """The lengths of all chunks of a file or of a stretch between holes."""
        lengths, at = [], 0
        while at < len(data):
            lengths.append(self.first(data[at:at + self.maximum + 1]))
            at += lengths[-1]
        return lengths


@dataclass(frozen=True)
class Extent:
    """A stretch of a file; a hole has no chunk."""

    length: int
    chunk: bytes | None

    @classmethod
    def read(cls, cursor: Cursor) -> Extent:
        value = cursor.varint()
        require(0 < value >> 1 and (value & 1 or value >> 1 <= 8 << 20), "malformed",
                "length of an extent")
        return cls(value >> 1, None if value & 1 else cursor.take(32))


def check_extents(extents: list[Extent]) -> None:
    require(not any(a.chunk is None and b.chunk is None for a, b in zip(extents, extents[1:])),
            "malformed", "neighbouring holes")


def _value_or_chunk(cursor: Cursor) -> tuple[bytes, bytes | tuple[int, bytes]]:
    name, form = cursor.bytes(), cursor.uint(1)
    require(1 <= len(name) <= 255 and b"\0" not in name and form <= 1, "malformed", "attribute")
    value = cursor.bytes() if form == 0 else (cursor.varint(), cursor.take(32))
    length = len(value) if isinstance(value, bytes) else value[0]
    require(length <= 65536, "limit", "extended attribute")
    return name, value


def check_name(name: bytes) -> None:
    require(1 <= len(name) <= 255 and name not in (b".", b"..") and not set(name) & {0, 0x2F},
            "malformed", "name of an entry")


class Entry:
    """A file, directory, …, section 12."""

    def __init__(self, data: bytes, root: bool = False) -> None:
        cursor = Cursor(data)
        self.name, self.type = cursor.bytes(), cursor.uint(1)
        self.encoded = data
        if root:
            require(self.name == b"" and self.type == DIRECTORY, "malformed", "root entry")
        else:
            check_name(self.name)
        require(FILE <= self.type <= SOCKET, "malformed", "type of an entry")
        record = Record(data[cursor.at:], FIELDS)
        for number in record.fields:
            require(self.type in FIELD_TYPES.get(number, (self.type,)), "malformed",
                    f"field {number} in an entry of type {self.type}")
        self.mode = record.number(1, below=1 << 12)
        self.uid, self.gid = whole(record.raw(2), lambda c: (c.varint(), c.varint()))
        self.mtime = whole(record.raw(3), Cursor.time)
        self.ctime, self.atime, self.birth = (record.time(number) for number in (4, 5, 6))
        self.inode = record.number(7)
        self.device = record.number(8)
        self.links = record.number(9)
        require(self.type != DIRECTORY or 8 not in record and 9 not in record, "malformed",
                "links of a directory")
        require(self.links >= 2 or 9 not in record and 8 not in record, "malformed",
                "number of links")
        self.user, self.group = record.text(10), record.text(11)
        record.number(12, below=1 << 32)
        record.number(13, below=1 << 32)
        require(max(self.uid, self.gid) < 1 << 32, "malformed", "owner")
        self.attributes = record.list(14, _value_or_chunk)
        require(ascending([a[0] for a in self.attributes]), "malformed", "attributes out of order")
        require(len(self.attributes) <= 4096, "limit", "extended attributes")
        if self.type in (CHARACTER, BLOCK):
            numbers = whole(record.raw(15), lambda c: (c.varint(), c.varint()))
            require(max(numbers) < 1 << 32, "malformed", "device number")
        self.target = b""
        if self.type == LINK:
            self.target = record.raw(16)
            require(1 <= len(self.target) <= 4095 and b"\0" not in self.target, "malformed", "link")
        self.size = record.number(17)
        self.extents = record.list(18, Extent.read)
        self.children: list[Entry] | None = None
        if 20 in record:
            self.children = whole(record.fields[20], lambda c: c.list(lambda c: Entry(c.bytes())))
            require(ascending([e.name for e in self.children]), "malformed", "entries' order")
            require(sum(len(item_of(e)) for e in self.children) < 4096, "malformed",
                    "inline children too large")
        node = record.fields.get(19, record.fields.get(21))
        self.node = whole(node, lambda c: (c.uint(1), c.take(32))) if node is not None else None
        require(self.node is None or self.node[0] <= 16, "malformed", "level")
        record.number(22)
        if self.type == FILE:
            require((self.size > 0) == (18 in record or 19 in record)
                    and not (18 in record and 19 in record), "malformed", "content of a file")
        if self.type == DIRECTORY:
            require((20 in record) != (21 in record) and not (root and 20 in record), "malformed",
                    "content of a directory")
        if self.extents:
            require(len(self.extents) <= 64, "malformed", "too many inline extents")
            require(sum(e.length for e in self.extents) == self.size, "malformed", "size")
            check_extents(self.extents)


def item_of(entry: Entry) -> bytes:
    """An entry as it stands in a list."""
    return varint(len(entry.encoded)) + entry.encoded


@dataclass(frozen=True)
class Item:
    """An item of a node: `label` is its last name or chunk ID, `size` its bytes in the node."""

    label: bytes
    size: int
    hole: bool = False


def parse_node(data: bytes, directory: bool, level: int) -> tuple[list, list[Item]]:
    """The items of a node: entries, extents, or (last name or bytes below, chunk ID)."""
    require(len(data) <= 1 << 20, "limit", "node too large")
    cursor = Cursor(data)
    expected = (1 if directory else 3) + (level > 0), level
    require((cursor.uint(1), cursor.uint(1)) == expected, "malformed", "type of a node")
    found: list = []
    items: list[Item] = []

    def read(c: Cursor) -> None:
        start = c.at
        if level > 0:
            found.append((c.bytes() if directory else c.varint(), c.take(32)))
            label, hole = found[-1][0 if directory else 1], False
        elif directory:
            found.append(Entry(c.bytes()))
            label, hole = found[-1].name, False
        else:
            found.append(Extent.read(c))
            label, hole = found[-1].chunk or b"", found[-1].chunk is None
        items.append(Item(label, c.at - start, hole))

    cursor.list(read)
    cursor.end()
    require(bool(found) or directory and level == 0, "malformed", "empty node")
    if directory:
        require(ascending([item.label for item in items]), "malformed", "order in a node")
        for item in items:
            check_name(item.label)
    elif level > 0:
        require(all(below > 0 for below, _ in found), "malformed", "nothing below a node")
    else:
        check_extents(found)
    return found, items


class Nodes:
    """Reads the nodes of one directory or one file, and remembers them to check their ends."""

    def __init__(self, read_chunk: ReadChunk, directory: bool) -> None:
        self.read_chunk = read_chunk
        self.directory = directory
        self.levels: dict[int, list[list[Item]]] = {}

    def _node(self, level: int, chunk: bytes) -> list:
        found, items = parse_node(self.read_chunk(chunk, 1), self.directory, level)
        self.levels.setdefault(level, []).append(items)
        return found

    def entries(self, level: int, chunk: bytes) -> Iterator[Entry]:
        """The entries below a directory's node."""
        if level == 0:
            yield from self._node(0, chunk)
            return
        last = b""
        for last_name, child in self._node(level, chunk):
            for entry in self.entries(level - 1, child):
                require(entry.name > last, "malformed", "entries out of order")
                last = entry.name
                yield entry
            require(last == last_name, "malformed", "last name below a node")

    def extents(self, level: int, chunk: bytes) -> Iterator[Extent]:
        """The extents below a file's node."""
        if level == 0:
            yield from self._node(0, chunk)
            return
        for length, child in self._node(level, chunk):
            below = 0
            for extent in self.extents(level - 1, child):
                below += extent.length
                yield extent
            require(below == length, "malformed", "bytes below a node")

    def check_ends(self, tree_key: bytes) -> None:
        """Checks that nodes end where section 12 ends them, once all of them were read."""
        top = max(self.levels)
        for level, nodes in self.levels.items():
            items = [item for node in nodes for item in node]
            cut = (cut_directory(items, level, tree_key) if self.directory else cut_content(items))
            require([len(n) for n in cut or [[]]] == [len(n) for n in nodes], "malformed",
                    f"nodes of level {level} end elsewhere")
            require((len(nodes) == 1) == (level == top), "malformed", "levels of nodes")


def cut_directory(items: list[Item], level: int, tree_key: bytes) -> list[list[Item]]:
    """Puts the items of one level of a directory into nodes."""
    nodes: list[list[Item]] = []
    node: list[Item] = []
    used = 0
    for item in items:
        if node and used + item.size > 131_072:
            nodes.append(node)
            node, used = [], 0
        node.append(item)
        used += item.size
        threshold = item.size * (2**64 // 24_576)
        if used >= 8192 and siphash(tree_key, u8(level) + item.label) < min(threshold, 2**64 - 1):
            nodes.append(node)
            node, used = [], 0
    return nodes + [node] if node else nodes


def cut_content(items: list[Item]) -> list[list[Item]]:
    """Puts the items of one level of a file's content into nodes."""
    nodes: list[list[Item]] = []
    node: list[Item] = []
    for item in items:
        node.append(item)
        if len(node) == 1024 or (len(node) >= 64 and not item.hole
                                 and uint(item.label[:8]) < 1 << 56):
            nodes.append(node)
            node = []
    return nodes + [node] if node else nodes
