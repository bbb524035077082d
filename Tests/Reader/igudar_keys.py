"""Sections 5, 6 and 8 of FORMAT.md: the format object, slots, and the keyring."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from igudar_journal import Epoch
from igudar_primitives import (Record, argon2id, ascending, ed25519_public, kem_shared, keyed, require,
                               same, signed, uint, unseal, x25519_public)

MIB = 1 << 20


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
        kem_shared(bytes(range(32)), public, public)  # fails if the public key is weak
        number, suite = record.number(1, kept=True, below=1 << 32), record.number(2)
        require(suite in (1, 2), "malformed", "epoch's suite")
        return Epoch(number, suite, record.raw(3, 32), record.raw(4, 32), secret, public,
                     record.raw(7, 32))

    @staticmethod
    def _domain(data: bytes) -> Domain:
        record = Record(data, "1c 2c 3c 4c 5c 6c 7c 8c")
        number = record.number(1, kept=True, below=1 << 32)
        require(record.number(5) == 1, "malformed", "unknown chunker")
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


