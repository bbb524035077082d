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
import sys
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from igudar_journal import (CONDEMNED, LIVE, NAMED, NO_SUMMARY, Journal, Snapshot, open_note,
                            snapshot)
from igudar_keys import MIB, Domain, Format, Keyring, Secret, Slot
from igudar_packs import (KINDS, TAIL, Footer, Frame, Pack, Place, Segment, check_pack,
                          parse_directory, rows_of)
from igudar_primitives import Damage, keyed, name, open_object, padme, require, same, uint
from igudar_trees import (DIRECTORY, FILE, LINK, TYPE_LETTERS, Chunker, Entry, Extent, Nodes,
                          check_extents, item_of)


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
            self._packs[pack] = Pack(read(path, 0, 160), self.keyring.epochs, self.id)
        return self._packs[pack]

    def frame(self, place: Place) -> bytes:
        """The plain text of the frame at a place; some are remembered."""
        key = place.pack, place.offset
        if key not in self._frames:
            pack = self.pack(place.pack)
            sealed = read(self.pack_path(place.pack), place.offset, place.stored)
            require(len(sealed) == place.stored, "badLength", f"pack {place.pack.hex()}")
            self._frames[key] = pack.open_frame(place.offset, sealed)[1]
            while len(self._frames) > 16:
                self._frames.popitem(last=False)
        return self._frames[key]

    def directory(self, pack: bytes) -> list[Frame]:
        """The frames of a pack, from its end."""
        path = self.pack_path(pack)
        size, keys = path.stat().st_size, self.pack(pack)
        require(size >= 160 + TAIL, "badLength", f"pack {pack.hex()}")
        footer = Footer.parse(keys.open_part(2, read(path, size - TAIL, 48)), size)
        domain, frames = parse_directory(
            keys.open_part(1, read(path, footer.at, footer.length)), footer)
        require(domain in self.keyring.domains, "malformed", "unknown domain")
        return frames

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
                frames = self.directory(pack)
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
                frame = self.frame(place)
                require(len(frame) == place.plain, "malformed", "frame's plain length")
                data = frame[place.at:place.at + place.length]
                require(same(keyed(domain.chunk_id_key, KINDS[kind], data), chunk), "badChunk",
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


def read(path: Path, offset: int, length: int) -> bytes:
    """A range of an object."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


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


def check_stored_pack(repository: Repository, pack: bytes) -> list[Frame]:
    """Verifies every byte of a pack and that it has the length that a writer gives it."""
    data, full = repository.pack_path(pack).read_bytes(), repository.format.pack_size
    require(len(data) <= full, "limit", "larger than a full pack")
    domains = {d.number: d.chunk_id_key for d in repository.keyring.domains.values()}
    frames, filler = check_pack(data, pack, repository.keyring.epochs, domains, repository.id)
    require(len(data) in (full, min(full, max(65536, padme(len(data) - filler)))), "badLength",
            "padding")
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
        frames = attempt(f"pack {pack.hex()}", lambda: check_stored_pack(repository, pack))
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
