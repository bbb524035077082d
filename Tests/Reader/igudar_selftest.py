"""Checks this reader against the vectors of section 19 of FORMAT.md."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from igudar_journal import (NO_SUMMARY, Amendment, Entry as JournalEntry, Epoch, Journal,
                            Snapshot, State, open_note, parse_entry, run_key)
from igudar_primitives import (Damage, argon2id, kem_shared, key_stream, keyed, name,
                               open_object, padme, require, seal, siphash, u32, u64, u8, varint)
from igudar_keys import Format, Keyring, Secret, Slot
from igudar_packs import KINDS, Pack, Segment, check_pack, frame_data, open_frame
from igudar_trees import Chunker, Entry, Item, cut_content, cut_directory, item_of, parse_node

Values = dict[str, str]
UNKNOWN_CRITICAL = {"unknownCritical": "newer"}  # a record's name for what an entry calls newer


class Checks:
    """Counts what holds and prints what does not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.good = self.bad = 0
        self.used: set[str] = set()

    def read(self, file: str) -> Values:
        """The values of a file, none if it is not there."""
        path = self.folder / file
        if not path.exists():
            print(f"{file} is missing")
            return {}
        self.used.add(file)
        lines = path.read_text().splitlines()
        return dict(line.split(" = ", 1) for line in lines if " = " in line)

    def equal(self, what: str, found: object, expected: object) -> None:
        if found == expected:
            self.good += 1
        else:
            self.bad += 1
            print(f"{what}: {found!r} instead of {expected!r}")

    def opens(self, what: str, work: Callable[[], object]) -> None:
        """What must not fail."""
        self.equal(what, outcome(work), None)

    def rejected(self, what: str, kind: str, work: Callable[[], object]) -> None:
        """What must fail with this kind of damage."""
        self.equal(what, outcome(work), UNKNOWN_CRITICAL.get(kind, kind))

    def mutations(self, file: str, original: str, work: Callable[[bytes], object]) -> None:
        """Changes a line's bytes as the file says; each change must give its error."""
        for what, change in self.read(file).items():
            if what == "mutations":
                continue
            offset, replacement, kind = change.split()
            changed, new = bytearray.fromhex(original), bytes.fromhex(replacement)
            changed[int(offset):int(offset) + len(new)] = new
            self.rejected(f"{file}: {what}", kind, lambda: work(bytes(changed)))


def outcome(work: Callable[[], object]) -> str | None:
    """The kind of damage that the work meets, if any."""
    try:
        work()
    except Damage as damage:
        return damage.kind
    return None


def raw(values: Values, key: str) -> bytes:
    return bytes.fromhex(values[key])


def derivation(checks: Checks) -> None:
    v = checks.read("derivation.txt")
    key, message = raw(v, "key"), raw(v, "message")
    checks.equal("name", name(message), raw(v, "name"))
    for label in v:
        if label.startswith("igudar "):
            size = 64 if label == "igudar gear" else 32
            checks.equal(label, keyed(key, label, message, size=size), raw(v, label))
        if label.startswith("padme "):
            checks.equal(label, padme(int(label[6:])), int(v[label]))
    shared = kem_shared(raw(v, "KEM 1 reader secret key"), raw(v, "KEM 1 reader public key"),
                        raw(v, "KEM 1 run public key"))
    checks.equal("KEM 1", shared, raw(v, "KEM 1 shared"))
    hashed = argon2id(raw(v, "Argon2id passphrase"), raw(v, "Argon2id salt"),
                      int(v["Argon2id memory"]), int(v["Argon2id passes"]))
    checks.equal("Argon2id", hashed, raw(v, "Argon2id"))
    checks.equal("SipHash-2-4", u64(siphash(key[:16], message)), raw(v, "SipHash-2-4"))


def format_object(checks: Checks) -> None:
    v = checks.read("format.txt")
    expected = (int(v["pack size"]), raw(v, "repository"), raw(v, "owner public key"))
    for line, suite_2 in (("format", 0), ("format with suite 2", 1)):
        found = Format.parse(raw(v, line))
        checks.equal(line, (found.pack_size, found.repository, found.owner), expected)
        checks.equal(line, found.features, (suite_2, 0, 0, 0))
    checks.mutations("format-mutations.txt", v["format"], Format.parse)


def slots(checks: Checks) -> None:
    v = checks.read("slot.txt")
    repository, root = raw(v, "repository"), raw(v, "root key")
    secrets = {"passphrase slot": Secret(1, raw(v, "passphrase")),
               "key file slot": Secret(2, raw(v, "key file"))}

    def open_slot(data: bytes, slot_id: bytes, secret: Secret) -> None:
        slot = Slot(data, slot_id)
        require(slot.type == secret.type, "malformed")
        require(slot.open(secret, repository) == root, "wrongKey")
        record = slot.information(root, repository)
        for number, field in ((1, "label"), (2, "host"), (3, "user")):
            require(record.text(number) == raw(v, field), "malformed", field)
        created = int(v["created seconds"]) * 10**9 + int(v["created nanoseconds"])
        require(record.time(4) == created, "malformed", "created")

    for line, secret in secrets.items():
        slot_id = raw(v, line)[16:32]
        checks.opens(line, lambda: open_slot(raw(v, line), slot_id, secret))
    slot_id = raw(v, "passphrase slot")[16:32]
    checks.mutations("slot-mutations.txt", v["passphrase slot"],
                     lambda data: open_slot(data, slot_id, secrets["passphrase slot"]))


def sealed_objects(checks: Checks) -> None:
    v = checks.read("sealed-object.txt")
    repository = raw(v, "repository")

    def open_sealed(data: bytes, kind: str) -> bytes:
        magic = {"segment": b"igudarIX", "journal": b"igudarJR"}[kind]
        key = raw(v, {"segment": "index key", "journal": "journal key"}[kind])
        return open_object(data, magic, lambda epoch: key, repository, v[f"{kind} path"], 1 << 26)

    for line in ("segment", "journal", "journal under suite 2"):
        checks.equal(line, open_sealed(raw(v, line), line.split()[0]), raw(v, "payload"))
    checks.mutations("sealed-object-mutations.txt", v["journal"],
                     lambda data: open_sealed(data, "journal"))


def keyring(checks: Checks) -> None:
    v = checks.read("keyring.txt")
    payload = open_object(raw(v, "object"), b"igudarKR", lambda epoch: raw(v, "root key"),
                          raw(v, "repository"), v["path"], 1 << 20)
    checks.equal("keyring", payload, raw(v, "payload"))
    found = Keyring(payload)
    checks.equal("owner", found.owner, raw(v, "owner public key"))
    epoch, domain = found.epochs[0], found.domains[0]
    fields = {"index key": epoch.index_key, "journal key": epoch.journal_key,
              "reader secret key": epoch.reader_secret, "reader public key": epoch.reader_public,
              "pre-shared key": epoch.psk, "chunk-ID key": domain.chunk_id_key,
              "chunker key": domain.chunker_key, "tree-cut key": domain.tree_cut_key}
    for field, value in fields.items():
        checks.equal(field, value, raw(v, field))
    for what, line in checks.read("keyring-rejected.txt").items():
        body, kind = line.replace("-", "").split(" ")
        checks.rejected(f"keyring-rejected.txt: {what}", kind, lambda: Keyring(bytes.fromhex(body)))


def note(checks: Checks) -> None:
    v = checks.read("note.txt")
    repository = raw(v, "repository")
    epoch = Epoch(0, 1, b"", b"", raw(v, "reader secret key"), raw(v, "reader public key"),
                  raw(v, "pre-shared key"))
    key = run_key(repository, epoch, 1, 1, raw(v, "run public key"))
    checks.equal("run key", key, raw(v, "run key"))

    def open_it(data: bytes) -> bytes:
        return open_note(data, {0: epoch}, repository, int(v["entry type"]))

    checks.equal("note", open_it(raw(v, "note")), raw(v, "record"))
    checks.mutations("note-mutations.txt", v["note"], open_it)


def journal(checks: Checks) -> None:
    v = checks.read("journal.txt")
    repository, owner = raw(v, "repository"), raw(v, "owner public key")

    def epoch_key(epoch: int) -> bytes:
        require(epoch == 0, "malformed", "unknown epoch")
        return raw(v, "journal key")

    def open_stored(data: bytes, number: int) -> bytes:
        return open_object(data, b"igudarJR", epoch_key, repository, f"journal/{number:016x}",
                           1 << 26)

    chain = Journal(repository, owner)
    count = sum(line.startswith("payload ") for line in v)
    for n in range(count):
        payload, stored_hash = raw(v, f"payload {n}"), raw(v, f"hash {n}")
        checks.opens(f"entry {n}", lambda: chain.append(payload, stored_hash))
        if f"stored {n}" in v:
            stored = raw(v, f"stored {n}")
            checks.equal(f"hash {n}", name(stored), stored_hash)
            checks.equal(f"stored {n}", open_stored(stored, n), payload)
    checks.equal("state", chain.state, State.from_summary(raw(v, "summary after the last entry"), count))
    for n in range(count):  # a reader may begin at any summary
        if raw(v, f"payload {n}")[80] == 8:
            late = Journal(repository, owner)
            late.begin_at(n)
            for m in range(n, count):
                late.append(raw(v, f"payload {m}"), raw(v, f"hash {m}"))
            checks.equal(f"state from summary {n}", late.state, chain.state)
    checks.mutations("journal-mutations.txt", v["stored 1"], lambda data: open_stored(data, 1))
    checks.mutations("journal-payload-mutations.txt", v["payload 1"],
                     lambda data: parse_entry(1, bytes(32), data, repository))
    for what, line in checks.read("journal-bodies.txt").items():
        entry_type, body, kind = line.split()
        entry = JournalEntry(count, bytes(32), bytes(32), owner, 0, NO_SUMMARY, int(entry_type),
                             bytes.fromhex(body.replace("-", "")))
        checks.rejected(f"journal-bodies.txt: {what}", kind,
                        lambda: copy.deepcopy(chain.state).apply(entry, owner))
    for what, line in checks.read("journal-payloads-rejected.txt").items():
        body, kind = line.replace("-", "").split(" ")
        checks.rejected(f"journal-payloads-rejected.txt: {what}", kind, lambda: copy.deepcopy(
            chain).append(bytes.fromhex(body), name(bytes.fromhex(body))))


def replays(checks: Checks) -> None:
    v = checks.read("journal-replay.txt")
    repository, owner = raw(v, "repository"), raw(v, "owner public key")
    readers = [Journal(repository, owner)]
    for line in v:
        if ", " not in line:
            continue
        what, number = line.rsplit(", ", 1)
        if number != "state":
            for reader in readers:
                checks.opens(line, lambda: reader.append(raw(v, line), name(raw(v, line))))
            if raw(v, line)[80] == 8:  # a reader may begin at any summary
                readers.append(Journal(repository, owner))
                readers[-1].begin_at(int(number))
                checks.opens(line, lambda: readers[-1].append(raw(v, line), name(raw(v, line))))
        else:
            for reader in readers:
                checks.equal(what, reader.state, State.from_summary(raw(v, line), reader.next))
            readers = [Journal(repository, owner)]
    rejected = checks.read("journal-summaries-rejected.txt")
    for what, line in rejected.items():
        if what != "number":
            body, kind = line.split(" ")
            checks.equal(f"journal-summaries-rejected.txt: {what}", outcome(
                lambda: State.from_summary(bytes.fromhex(body), int(rejected["number"]))) or "none",
                kind)


def chunk_input(rule: str) -> bytes:
    """The bytes that a rule of chunker.txt stands for."""
    data = b""
    for piece in rule.split(" + "):
        kind, value, count = piece.split()
        data += (key_stream(bytes.fromhex(value) * 32, int(count)) if kind == "stream"
                 else bytes.fromhex(value) * int(count))
    return data


def chunker(checks: Checks) -> None:
    v = checks.read("chunker.txt")
    key = raw(v, "chunker key")
    for what, line in v.items():
        if " | " in line:
            sizes, rule, lengths = line.split(" | ")
            found = Chunker(key, *map(int, sizes.split()))
            checks.equal(f"chunker.txt: {what}", found.lengths(chunk_input(rule)),
                         [int(length) for length in lengths.split()])
    checks.equal("gear table", b"".join(map(u64, found.table)), raw(v, "gear table"))
    checks.equal("SipHash key", found.key, raw(v, "SipHash key"))


def frames(checks: Checks) -> None:
    v = checks.read("frame.txt")
    repository, id_key = raw(v, "repository"), raw(v, "chunk-ID key")
    for line in v:
        if not line.endswith(": frame"):
            continue
        what = line.removesuffix(": frame")
        suite, offset, stored = int(what[6]), int(v[f"{what}: offset"]), raw(v, line)
        key = raw(v, f"suite {suite}: pack key")
        ids, at, inner = [], 0, raw(v, f"{what}: inner")
        codec, plain = open_frame(suite, key, repository, offset, stored)
        checks.equal(f"{what}: inner", (codec, plain), frame_data(inner))
        kind = int("kind 1" in next(field for field in v if field.startswith(f"{what}: chunks")))
        for chunk in v[f"{what}: chunks of kind {kind}"].split(", "):
            length, chunk_id = chunk.split()
            ids.append(keyed(id_key, KINDS[kind], plain[at:at + int(length)]))
            checks.equal(f"{what}: chunk ID", ids[-1].hex(), chunk_id)
            at += int(length)
        checks.equal(f"{what}: length", len(plain), at)
        checks.equal(f"{what}: nonce tail", keyed(key, "igudar frame tag", u64(offset), *ids)[:16],
                     raw(v, f"{what}: nonce tail"))
        checks.equal(f"{what}: sealed", stored, stored[:16] + seal(
            suite, key, u64(offset) + raw(v, f"{what}: nonce tail"),
            repository + u64(offset) + u32(len(stored)), inner))
        for elsewhere in ((suite, key, repository, offset + 1, stored),
                          (suite, id_key, repository, offset, stored),
                          (suite, key, bytes(16), offset, stored),
                          (3 - suite, key, repository, offset, stored),
                          (suite, key, repository, offset, stored + b"\0")):
            checks.rejected(f"{what}: elsewhere", "notAuthentic", lambda: open_frame(*elsewhere))
    line = "suite 1, compressed"
    checks.mutations("frame-mutations.txt", v[f"{line}: frame"], lambda data: open_frame(
        1, raw(v, "suite 1: pack key"), repository, int(v[f"{line}: offset"]), data))
    for what, line in checks.read("frame-rejected.txt").items():
        body, error = line.split(" ")
        checks.rejected(f"frame-rejected.txt: {what}", error,
                        lambda: frame_data(bytes.fromhex(body)))


def packs(checks: Checks) -> None:
    v = checks.read("pack.txt")
    repository = raw(v, "repository")
    epochs = {0: Epoch(0, 1, b"", b"", raw(v, "reader secret key"), raw(v, "reader public key"),
                       raw(v, "pre-shared key"))}

    def part(line: str) -> bytes:
        if line.endswith(".filler"):
            return key_stream(raw(v, f"{line} key"), int(v[line]))
        return raw(v, line)

    def check(data: bytes, pack_name: bytes | None = None) -> object:
        return check_pack(data, pack_name or name(data), epochs, {0: raw(v, "chunk-ID key")},
                          repository)

    def whole_pack(number: str) -> bytes:
        names = [line for line in v if line.startswith(f"{number}.frame")]
        parts = ["header", *(line.split(".")[1] for line in names), "filler", "directory",
                 "footer", "header", "end"]
        return b"".join(part(f"{number}.{p}") for p in parts)

    for number in (line.split(".")[0] for line in v if line.endswith(".header")):
        data, pack = whole_pack(number), Pack(part(f"{number}.header"), epochs, repository)
        for key in ("run", "pack", "directory", "filler"):
            checks.equal(f"{number}.{key} key", getattr(pack, f"{key}_key"),
                         raw(v, f"{number}.{key} key"))
        checks.equal(f"{number}.size", len(data), int(v[f"{number}.size"]))
        for at, field in ((1, "directory"), (2, "footer")):
            checks.equal(f"{number}.{field}", pack.open_part(at, part(f"{number}.{field}")),
                         raw(v, f"{number}.{field} plain"))
        checks.opens(f"pack {number}", lambda: check(data, raw(v, f"{number}.name")))
    whole = whole_pack("0")
    checks.mutations("pack-mutations.txt", whole.hex(), check)
    checks.rejected("under another name", "badName", lambda: check(whole, bytes(32)))

    def with_part(number: int, line: str, plain: bytes) -> bytes:
        sealed = seal(1, raw(v, "0.directory key"), u64(number) + bytes(16),
                      part("0.header") + u8(number), plain)
        return whole.replace(part(line), sealed)

    for number, field in ((1, "directory"), (2, "footer")):
        checks.equal(f"sealed {field}", with_part(number, f"0.{field}", part(f"0.{field} plain")),
                     whole)
        checks.mutations(f"pack-{field}-mutations.txt", v[f"0.{field} plain"],
                         lambda data: check(with_part(number, f"0.{field}", data)))
    for what, line in checks.read("pack-rejected.txt").items():
        *parts, kind = line.split()
        checks.rejected(f"pack-rejected.txt: {what}", kind,
                        lambda: check(b"".join(map(part, parts))))


def segment(checks: Checks) -> None:
    v = checks.read("segment.txt")
    key = raw(v, "index key")
    found = Segment.parse(raw(v, "payload"), key)
    checks.equal("set checksum", found.set_sum.to_bytes(32, "little"), raw(v, "set checksum"))

    def numbered(kind: str) -> list[list[str]]:
        return [line.split() for field, line in v.items() if field.startswith(kind + " ")
                and field.split()[1].isdigit()]

    packs = [(bytes.fromhex(pack), int(size)) for pack, size in numbered("pack")]
    frames = [tuple(map(int, frame)) for frame in numbered("frame")]
    checks.equal("packs", found.packs, packs)
    rows = []
    for chunk, frame, at, length in numbered("row"):
        pack, *rest = frames[int(frame)]
        rows.append((bytes.fromhex(chunk), packs[pack][0], *rest, int(at), int(length)))
    checks.equal("rows", [(chunk, p.pack, p.offset, p.stored, p.plain, p.kind, p.at, p.length)
                          for chunk, p in found.rows], rows)
    superseded = [bytes.fromhex(line[0]) for line in numbered("superseded")]
    checks.equal("superseded", found.superseded, superseded)
    checks.mutations("segment-mutations.txt", v["payload"], lambda data: Segment.parse(data, key))


def snapshots(checks: Checks) -> None:
    parse = {"snapshot": read_snapshot, "amendment": Amendment.parse}
    for what, line in checks.read("snapshot.txt").items():
        kind = "amendment" if what.startswith("amendment") else "snapshot"
        checks.opens(f"snapshot.txt: {what}", lambda: parse[kind](bytes.fromhex(line)))
    for what, line in checks.read("snapshot-rejected.txt").items():
        kind, body, error = line.split(" ")
        checks.rejected(f"snapshot-rejected.txt: {what}", error,
                        lambda: parse[kind](bytes.fromhex(body)))


def read_snapshot(data: bytes) -> None:
    Entry(Snapshot.parse(data).root, root=True)


def trees(checks: Checks) -> None:
    for what, line in checks.read("tree-entries.txt").items():
        checks.opens(f"tree-entries.txt: {what}", lambda: Entry(bytes.fromhex(line)))
    for what, line in checks.read("tree-entries-rejected.txt").items():
        body, error = line.split(" ")
        checks.rejected(f"tree-entries-rejected.txt: {what}", error,
                        lambda: Entry(bytes.fromhex(body)))
    for what, line in checks.read("tree-nodes-rejected.txt").items():
        kind, body, error = line.split(" ")
        checks.rejected(f"tree-nodes-rejected.txt: {what}", error,
                        lambda: read_node(bytes.fromhex(body), kind))
    v = checks.read("tree-directory.txt")
    key = keyed(raw(v, "tree-cut key"), "igudar tree cut")[:16]
    leaves = []
    for i in range(int(v["entries"])):
        entry = item_of(Entry(varint(12) + b"entry %06d" % i + bytes.fromhex("060402000006020000")))
        leaves.append((Item(b"entry %06d" % i, len(entry)), entry, 0))
    compare_nodes(checks, v, leaves, True, lambda items, level: cut_directory(items, level, key))
    v = checks.read("tree-content.txt")
    leaves = []
    for i in range(int(v["extents"])):
        hole = i % 10 == 9
        chunk = b"" if hole else keyed(raw(v, "chunk-ID key"), KINDS[0], u64(i))
        extent = varint((i + 1) * 2 + hole) + chunk
        leaves.append((Item(chunk, len(extent), hole), extent, i + 1))
    checks.equal("size", sum(leaf[2] for leaf in leaves), int(v["size"]))
    compare_nodes(checks, v, leaves, False, lambda items, level: cut_content(items))


def read_node(data: bytes, kind: str) -> None:
    """Reads a node; content is of 2 bytes in these vectors."""
    directory = kind.startswith("directory")
    found, _ = parse_node(data, directory, int(kind.endswith("inner")))
    if not directory:
        total = sum(item[0] if isinstance(item, tuple) else item.length for item in found)
        require(total == 2, "malformed", "size")


def compare_nodes(checks: Checks, v: Values, items: list[tuple[Item, bytes, int]], directory: bool,
                  cut: Callable[[list[Item], int], list[list[Item]]]) -> None:
    """Builds nodes from items, each with its encoding and the bytes of content below it."""
    level = number = 0
    while True:
        at, above = 0, []
        for node in cut([item for item, _, _ in items], level):
            part = items[at:at + len(node)]
            at += len(node)
            data = u8((1 if directory else 3) + (level > 0)) + u8(level) + varint(len(part))
            data += b"".join(encoded for _, encoded, _ in part)
            parse_node(data, directory, level)
            chunk = keyed(raw(v, "chunk-ID key"), KINDS[1], data)
            checks.equal(f"node {number}", f"{level} {len(data)} {chunk.hex()}",
                         v[f"node {number}"])
            number += 1
            below = sum(length for _, _, length in part)
            last = part[-1][0].label
            encoded = (varint(len(last)) + last if directory else varint(below)) + chunk
            above.append((Item(last if directory else chunk, len(encoded)), encoded, below))
        if len(above) == 1:
            checks.equal("root", f"{level} {chunk.hex()}", v["root"])
            checks.equal("root node", data, raw(v, "root node"))
            return
        items, level = above, level + 1


def selftest(folder: Path) -> int:
    """Runs all checks; the exit status."""
    checks = Checks(folder)
    for part in (derivation, format_object, slots, sealed_objects, keyring, note, journal, replays,
                 chunker, frames, packs, segment, snapshots, trees):
        try:
            part(checks)
        except (Damage, KeyError, ValueError) as error:
            checks.bad += 1
            print(f"{part.__name__}: {type(error).__name__} {error}")
    for path in sorted(folder.glob("*.txt")):
        if path.name not in checks.used:
            checks.bad += 1
            print(f"{path.name} is not known here")
    print(f"{checks.good} checks hold, {checks.bad} fail")
    return 1 if checks.bad else 0
