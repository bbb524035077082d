"""Section 13 of FORMAT.md: journal entries, replay, and the notes inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from igudar_primitives import (Cursor, Damage, Record, ascending, keyed, kem_shared, require,
                               same, signed, u32, u64, u8, uint, unseal, whole)

COMMIT, TOMBSTONE, REVIVE, AMEND, CONDEMN, SWEEP, POLICY, SUMMARY, ACCESS = range(1, 10)
LIVE, FORGOTTEN, SUPERSEDED = range(3)
NAMED, CONDEMNED, SWEPT, CONDEMNED_UNNAMED = range(4)
NO_SUMMARY = 2**64 - 1
BODIES = {COMMIT: "1c 2c 3c 4c 5c", TOMBSTONE: "1c 2", REVIVE: "1c", AMEND: "1c 2c",
          CONDEMN: "1c 2c 3c 4c", SWEEP: "1c 2c", POLICY: "1c 2c 3",
          SUMMARY: "1c 2c 3c 4c 5c 6c", ACCESS: "1 2"}


@dataclass(frozen=True)
class Epoch:
    """One epoch of the keyring, section 8."""

    number: int
    suite: int
    index_key: bytes
    journal_key: bytes
    reader_secret: bytes | None
    reader_public: bytes
    psk: bytes


def run_key(repository: bytes, epoch: Epoch, suite: int, kem: int, run_public: bytes) -> bytes:
    """The run key of section 4, from the reader's side."""
    require(epoch.reader_secret is not None, "malformed", "no reader secret key")
    shared = kem_shared(epoch.reader_secret, epoch.reader_public, run_public)
    return keyed(epoch.psk, "igudar run key", repository, u32(epoch.number), u8(suite), u8(kem),
                 run_public, epoch.reader_public, shared)


def open_note(note: bytes, epochs: dict[int, Epoch], repository: bytes, entry_type: int) -> bytes:
    """The record in a note."""
    require(len(note) >= 120, "malformed", "note cut off")
    number, suite, kem = uint(note[:4]), note[4], note[5]
    require(suite in (1, 2), "malformed", "note: unknown suite")
    require(kem == 1, "newer", "note: unknown KEM")
    require(note[6:8] == bytes(2), "badPadding", "note")
    require(number in epochs, "malformed", "note: unknown epoch")
    key = run_key(repository, epochs[number], suite, kem, note[8:40])
    salt = note[40:72]
    expected = keyed(key, "igudar note cmt", note[:72], bytes(32))
    require(same(note[72:104], expected), "badCommitment", "note")
    return unseal(suite, keyed(key, "igudar note key", salt), bytes(24),
                  note[:104] + repository + u8(entry_type), note[104:])


@dataclass
class Entry:
    """A journal entry whose signature was verified."""

    number: int
    hash: bytes
    previous: bytes
    writer: bytes
    time: int
    newest_summary: int
    type: int
    body: bytes


def parse_entry(number: int, stored_hash: bytes, payload: bytes, repository: bytes) -> Entry:
    """Reads a payload and verifies its signature with the key that it names."""
    require(len(payload) >= 81 + 64, "badLength", f"journal entry {number} cut off")
    message = b"igudar entry v1 " + repository + u64(number) + payload[:-64]
    writer = payload[32:64]
    require(signed(writer, message, payload[-64:]), "badSignature", f"journal entry {number}")
    return Entry(number, stored_hash, payload[:32], writer, Cursor(payload[64:72]).i64(),
                 uint(payload[72:80]), payload[80], payload[81:-64])


@dataclass
class Commit:
    """A commit as the state remembers it; `by` is the number of the entry that ended it."""

    number: int
    hash: bytes
    time: int
    writer: bytes
    body: bytes
    state: int = LIVE
    by: int = 0

    def record(self) -> Record:
        record = Record(self.body, BODIES[COMMIT])
        require(record.number(3) <= 1, "newer", "unknown flag of a commit")
        record.raw(4)
        record.raw(5, 16)
        return record

    @property
    def partial(self) -> bool:
        return self.record().number(3) == 1


@dataclass
class State:
    """What the journal says after its last entry; equal to what a summary says there."""

    commits: dict[bytes, Commit] = field(default_factory=dict)
    amendments: dict[int, bytes] = field(default_factory=dict)
    segments: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    packs: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    writers: set[bytes] = field(default_factory=set)
    condemn_times: dict[int, int] = field(default_factory=dict)

    @classmethod
    def from_summary(cls, body: bytes, entry: int) -> State:
        """The state in the body of the summary with this number; it must not contradict itself."""
        record = Record(body, BODIES[SUMMARY])

        def commit(c: Cursor) -> Commit:
            number, stored_hash, time, writer = c.uint(8), c.take(32), c.i64(), c.take(32)
            state, by, commit_body = c.uint(1), c.uint(8), c.bytes()
            require(by == 0 if state == LIVE else state <= 2 and number < by < entry, "malformed",
                    "state of a commit")
            found = Commit(number, stored_hash, time, writer, commit_body, state, by)
            found.record()
            return found

        def named(c: Cursor) -> tuple[bytes, tuple[int, int]]:
            return c.take(32), (c.uint(1), c.uint(8))

        commits = record.list(1, commit)
        amendments = record.list(2, lambda c: (c.uint(8), c.bytes()))
        segments, packs = record.list(3, named), record.list(4, named)
        writers = record.names(5)
        times = record.list(6, lambda c: (c.uint(8), c.i64()))
        for items in ([c.number for c in commits], [a[0] for a in amendments],
                      [s[0] for s in segments], [p[0] for p in packs], [t[0] for t in times]):
            require(ascending(items), "malformed", "summary out of order")
        require(all(s <= 3 and (s != NAMED or by == 0) for _, (s, by) in segments)
                and all(s in (CONDEMNED, SWEPT) for _, (s, _) in packs), "malformed", "summary")
        numbers = [c.number for c in commits] + [n for n, _ in amendments]
        require(all(n < entry for n in numbers + [by for _, (_, by) in segments + packs]),
                "malformed", "summary of what is to come")
        state = cls({c.hash: c for c in commits}, dict(amendments), dict(segments), dict(packs),
                    set(writers), dict(times))
        require(len(state.commits) == len(commits) and all(
            Record(a, BODIES[AMEND]).raw(1, 32) in state.commits for _, a in amendments),
            "malformed", "a snapshot twice, or an amendment of none")
        require(state.condemning() == set(state.condemn_times), "malformed",
                "times of condemn entries")
        return state

    def condemning(self) -> set[int]:
        """The entries by which something is still condemned."""
        return {by for state, by in [*self.packs.values(), *self.segments.values()]
                if state in (CONDEMNED, CONDEMNED_UNNAMED)}

    def apply(self, entry: Entry, owner: bytes) -> None:
        """Replays one entry."""
        if entry.type not in BODIES:
            raise Damage("newer", f"journal entry {entry.number} of unknown type {entry.type}")
        require(entry.writer == owner or entry.writer in self.writers, "unknownWriter",
                f"journal entry {entry.number}")
        require(entry.writer == owner or entry.type not in (POLICY, SUMMARY), "malformed",
                f"journal entry {entry.number}: only the owner may write this")
        record = Record(entry.body, BODIES[entry.type])
        if entry.type == COMMIT:
            self._commit(entry, record)
        elif entry.type in (TOMBSTONE, REVIVE):
            self._end_or_revive(entry, record.names(1))
        elif entry.type == AMEND:
            record.raw(2)
            if record.raw(1, 32) in self.commits:
                self.amendments[entry.number] = entry.body
        elif entry.type == CONDEMN:
            self._condemn(entry, record)
        elif entry.type == SWEEP:
            self._sweep(entry, record)
        elif entry.type == POLICY:
            admitted, revoked = set(record.names(1)), set(record.names(2))
            require(not admitted & revoked, "malformed", "policy")
            self.writers = (self.writers | admitted) - revoked
        elif entry.type == SUMMARY:
            require(State.from_summary(entry.body, entry.number) == self, "malformed",
                    f"summary {entry.number} is not what the entries before it say")
        still = self.condemning()
        self.condemn_times = {n: t for n, t in self.condemn_times.items() if n in still}

    def _name(self, segments: list[bytes]) -> None:
        for segment in segments:
            require(self.segments.get(segment, (NAMED, 0))[0] != SWEPT, "malformed",
                    "names a swept segment")
            self.segments[segment] = (NAMED, 0)

    def _rescue(self, packs: list[bytes]) -> None:
        for pack in packs:
            require(self.packs.pop(pack, (CONDEMNED, 0))[0] != SWEPT, "malformed",
                    "rescues a swept pack")

    def _commit(self, entry: Entry, record: Record) -> None:
        new = Commit(entry.number, entry.hash, entry.time, entry.writer, entry.body)
        run = new.record().raw(5)
        self._name(record.names(1))
        self._rescue(record.names(2))
        for old in self.commits.values():
            if old.state == LIVE and old.partial and old.record().raw(5) == run:
                old.state, old.by = SUPERSEDED, entry.number
        self.commits[new.hash] = new

    def _end_or_revive(self, entry: Entry, snapshots: list[bytes]) -> None:
        revived = False
        for snapshot in snapshots:
            commit = self.commits.get(snapshot)
            if commit is None:
                continue
            if entry.type == TOMBSTONE and commit.state == LIVE:
                commit.state, commit.by = FORGOTTEN, entry.number
            elif entry.type == REVIVE and commit.state != LIVE:
                commit.state, commit.by, revived = LIVE, 0, True
        if revived:
            self.packs = {p: s for p, s in self.packs.items() if s[0] == SWEPT}
            self.segments = {n: (NAMED, 0) if s[0] == CONDEMNED else s
                             for n, s in self.segments.items() if s[0] != CONDEMNED_UNNAMED}

    def _condemn(self, entry: Entry, record: Record) -> None:
        packs, segments, named, rescued = (record.names(number) for number in range(1, 5))
        require(not set(packs) & set(rescued) and not set(segments) & set(named), "malformed",
                "condemns what it names or rescues")
        self._name(named)
        self._rescue(rescued)
        for pack in packs:
            require(self.packs.get(pack, (0, 0))[0] != SWEPT, "malformed", "condemns a swept pack")
            self.packs[pack] = (CONDEMNED, entry.number)
        for segment in segments:
            old = self.segments.get(segment, (CONDEMNED_UNNAMED, 0))[0]
            require(old != SWEPT, "malformed", "condemns a swept segment")
            self.segments[segment] = (CONDEMNED if old == NAMED else old, entry.number)
        self.condemn_times[entry.number] = entry.time

    def _sweep(self, entry: Entry, record: Record) -> None:
        newest = -1
        for places, names in ((self.packs, record.names(1)), (self.segments, record.names(2))):
            for item in names:
                state, by = places.get(item, (NAMED, 0))
                require(state in (CONDEMNED, CONDEMNED_UNNAMED), "malformed",
                        "sweeps what is not condemned")
                places[item] = (SWEPT, entry.number)
                newest = max(newest, by)
        self.commits = {h: c for h, c in self.commits.items() if c.state == LIVE or c.by > newest}
        self.amendments = {n: body for n, body in self.amendments.items()
                           if Record(body, BODIES[AMEND]).raw(1) in self.commits}


class Journal:
    """Reads entries in order, checking the chain."""

    def __init__(self, repository: bytes, owner: bytes) -> None:
        self.repository = repository
        self.owner = owner
        self.state = State()
        self.next = 0
        self.tail: bytes | None = bytes(32)
        self.newest_summary: int | None = NO_SUMMARY

    def begin_at(self, number: int) -> None:
        """Begins at the summary with this number, taking it at its word."""
        self.next, self.tail, self.newest_summary = number, None, None

    def append(self, payload: bytes, stored_hash: bytes) -> Entry:
        """Verifies and replays the next entry."""
        number = self.next
        entry = parse_entry(number, stored_hash, payload, self.repository)
        require(self.tail in (None, entry.previous), "badChain",
                f"journal entry {number} does not follow the one before")
        require(self.newest_summary in (None, entry.newest_summary), "malformed",
                f"journal entry {number} names another newest summary")
        if self.tail is None:
            require(entry.type == SUMMARY, "malformed", f"journal entry {number} is no summary")
            require(entry.writer == self.owner, "unknownWriter", f"journal entry {number}")
            self.state = State.from_summary(entry.body, number)
        require(number > 0 or entry.type == POLICY, "malformed", "entry 0 is no policy")
        self.state.apply(entry, self.owner)
        self.newest_summary = number if entry.type == SUMMARY else entry.newest_summary
        self.next, self.tail = number + 1, stored_hash
        return entry


@dataclass
class Snapshot:
    """A snapshot record."""

    root: bytes
    time: int
    host: bytes
    user: bytes
    paths: list[bytes]
    tags: list[bytes]
    description: bytes
    domain: int
    zone: int
    id: bytes = b""
    partial: bool = False

    @classmethod
    def parse(cls, data: bytes) -> Snapshot:
        record = Record(data, "1c 2c 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19")
        time = whole(record.raw(2), Cursor.time)
        for number in (3, 4):
            record.time(number)
        for number in (7, 8):
            if number in record:
                record.number(number, kept=True, below=1 << 32)
        for number in (12, 18):
            if number in record:
                record.raw(number, 32)
        record.text(13)
        record.number(16)
        zone = whole(record.fields[19], Cursor.zigzag) if 19 in record else 0
        require(abs(zone) <= 1440, "malformed", "zone")
        paths, tags, _ = (record.list(number, Cursor.bytes) for number in (9, 10, 11))
        counts = record.list(15, Cursor.varint)
        require(not counts or counts[-1] != 0, "malformed", "zeros at the end of the counts")
        return cls(record.raw(1), time, record.text(5), record.text(6), paths, tags,
                   record.text(14), record.number(17), zone)


@dataclass(frozen=True)
class Amendment:
    """An amendment record; what is None is not replaced."""

    tags: list[bytes] | None
    description: bytes | None
    pinned: bool | None

    @classmethod
    def parse(cls, data: bytes) -> Amendment:
        record = Record(data, "1 2 3 4 5")
        flags = record.number(5)
        require(flags < 8, "malformed", "unknown flag of an amendment")
        for number, flag in ((1, 1), (2, 2), (3, 4), (4, 4)):
            require(number not in record or flags & flag != 0, "malformed", "amendment's flags")
        require(4 not in record or 3 in record, "malformed", "pinned until without a pin")
        record.time(4)
        return cls(record.list(1, Cursor.bytes) if flags & 1 else None,
                   record.text(2) if flags & 2 else None, 3 in record if flags & 4 else None)


def snapshot(commit: Commit, open_it: Callable[[bytes, int], bytes],
             amendments: dict[int, bytes]) -> Snapshot:
    """Opens a commit's note and those of its amendments. `open_it` is open_note for the keyring."""
    result = Snapshot.parse(open_it(commit.record().raw(4), COMMIT))
    result.id, result.partial = commit.hash, commit.partial
    for number in sorted(amendments):
        body = Record(amendments[number], BODIES[AMEND])
        if body.raw(1) == commit.hash:
            amendment = Amendment.parse(open_it(body.raw(2), AMEND))
            if amendment.tags is not None:
                result.tags = amendment.tags
            if amendment.description is not None:
                result.description = amendment.description
    return result
