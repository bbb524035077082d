"""Sections 1, 4 and 7 of FORMAT.md: encodings, hashes, seals, and the libraries behind them."""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import hmac
import struct
from collections.abc import Callable
from typing import TypeVar

Item = TypeVar("Item")


class Damage(Exception):
    """What was read is not what FORMAT.md allows; `kind` is the error's name in the vectors."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(f"{message} ({kind})" if message else kind)
        self.kind = kind


def require(condition: bool, kind: str, message: str = "") -> None:
    """Raises Damage unless the condition holds."""
    if not condition:
        raise Damage(kind, message)


def _library(*names: str) -> ctypes.CDLL:
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise SystemExit(f"no shared library {names[0]}")


_sodium = _library("libsodium.so.23", "libsodium.so.26", ctypes.util.find_library("sodium") or "")
_zstd = _library("libzstd.so.1", ctypes.util.find_library("zstd") or "")
if _sodium.sodium_init() < 0:
    raise SystemExit("libsodium does not start")
_zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
_zstd.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
_zstd.ZSTD_decompress.restype = ctypes.c_size_t


# Section 1: encodings.

def u8(value: int) -> bytes:
    return struct.pack("<B", value)


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def uint(data: bytes) -> int:
    """A little-endian integer of any size."""
    return int.from_bytes(data, "little")


def varint(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def padme(length: int) -> int:
    """The padded length, section 1."""
    if length < 2:
        return length
    e = length.bit_length() - 1
    z = e - e.bit_length()
    mask = (1 << z) - 1
    return (length + mask) & ~mask


class Cursor:
    """Reads the encodings of section 1 from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        require(count <= len(self.data) - self.at, "malformed", "cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def uint(self, size: int) -> int:
        return uint(self.take(size))

    def i64(self) -> int:
        return int.from_bytes(self.take(8), "little", signed=True)

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.uint(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            require(shift < 70, "malformed", "varint too long")
        require(value < 1 << 64 and not (byte == 0 and shift), "malformed", "varint not shortest")
        return value

    def zigzag(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def bytes(self) -> bytes:
        return self.take(self.varint())

    def time(self) -> int:
        """Nanoseconds since 1970."""
        seconds, nanoseconds = self.zigzag(), self.varint()
        require(nanoseconds < 10**9, "malformed", "nanoseconds")
        return seconds * 10**9 + nanoseconds

    def list(self, item: Callable[[Cursor], Item]) -> list[Item]:
        count = self.varint()
        require(count <= len(self.data) - self.at, "malformed", "list longer than its bytes")
        return [item(self) for _ in range(count)]

    def more(self) -> bool:
        return self.at < len(self.data)

    def end(self) -> None:
        require(not self.more(), "malformed", "bytes behind the end")


def whole(data: bytes, read: Callable[[Cursor], Item]) -> Item:
    """One value and nothing behind it."""
    cursor = Cursor(data)
    value = read(cursor)
    cursor.end()
    return value


class Record:
    """A record's fields by number. `known` names them as in FORMAT.md: `"1c 2 3c"`."""

    def __init__(self, data: bytes, known: str) -> None:
        critical = {int(f.rstrip("c")): f.endswith("c") for f in known.split()}
        self.fields: dict[int, bytes] = {}
        cursor, last = Cursor(data), 0
        while cursor.more():
            tag = cursor.varint()
            number, flag = tag >> 1, bool(tag & 1)
            require(number > last, "malformed", "fields out of order")
            last = number
            value = cursor.bytes()
            if number in critical:
                require(critical[number] == flag, "malformed", f"field {number} marked wrongly")
                self.fields[number] = value
            else:
                require(not flag, "newer", f"unknown critical field {number}")

    def __contains__(self, number: int) -> bool:
        return number in self.fields

    def raw(self, number: int, size: int | None = None) -> bytes:
        """A field that must be there, of the given size if any."""
        require(number in self.fields, "malformed", f"no field {number}")
        value = self.fields[number]
        require(size in (None, len(value)), "malformed", f"length of field {number}")
        return value

    def text(self, number: int) -> bytes:
        """A byte string, absent when empty."""
        value = self.fields.get(number, b"")
        require(value != b"" or number not in self.fields, "malformed", "empty field written")
        return value

    def number(self, number: int, kept: bool = False, below: int = 1 << 64) -> int:
        """A value of varint: absent when zero, or, if `kept`, always there."""
        if number not in self.fields and not kept:
            return 0
        value = whole(self.raw(number), Cursor.varint)
        require(value < below and (kept or value > 0), "malformed", f"value of field {number}")
        return value

    def time(self, number: int) -> int | None:
        return whole(self.fields[number], Cursor.time) if number in self.fields else None

    def list(self, number: int, item: Callable[[Cursor], Item]) -> list[Item]:
        """A list, absent when empty."""
        if number not in self.fields:
            return []
        items = whole(self.fields[number], lambda cursor: cursor.list(item))
        require(bool(items), "malformed", "empty list written")
        return items

    def names(self, number: int) -> list[bytes]:
        """A list of 32-byte names, strictly ascending."""
        names = self.list(number, lambda cursor: cursor.take(32))
        require(ascending(names), "malformed", "names out of order")
        return names


def ascending(items: list) -> bool:
    """Strictly."""
    return all(a < b for a, b in zip(items, items[1:]))


# Hashes and keys, sections 1 and 4.

def keyed(key: bytes, label: str, *message: bytes, size: int = 32) -> bytes:
    """H, and H512 with size 64."""
    return hashlib.blake2b(b"".join(message), digest_size=size, key=key,
                           person=label.encode()).digest()


def name(data: bytes) -> bytes:
    """The 32 bytes that name an object."""
    return hashlib.blake2b(data, digest_size=32).digest()


def same(a: bytes, b: bytes) -> bool:
    return hmac.compare_digest(a, b)


def siphash(key: bytes, message: bytes) -> int:
    """SipHash-2-4."""
    out = ctypes.create_string_buffer(8)
    _sodium.crypto_shorthash(out, message, ctypes.c_ulonglong(len(message)), key)
    return uint(out.raw)


def argon2id(passphrase: bytes, salt: bytes, kib: int, passes: int) -> bytes:
    """32 bytes, one lane, version 1.3."""
    out = ctypes.create_string_buffer(32)
    failed = _sodium.crypto_pwhash(out, ctypes.c_ulonglong(32), passphrase,
                                   ctypes.c_ulonglong(len(passphrase)), salt,
                                   ctypes.c_ulonglong(passes), ctypes.c_size_t(kib * 1024), 2)
    require(not failed, "limit", "Argon2id does not get its memory")
    return out.raw


def x25519_public(secret: bytes) -> bytes:
    out = ctypes.create_string_buffer(32)
    _sodium.crypto_scalarmult_base(out, secret)
    return out.raw


def kem_shared(reader_secret: bytes, reader_public: bytes, run_public: bytes) -> bytes:
    """KEM 1, from the reader's side."""
    out = ctypes.create_string_buffer(32)
    failed = _sodium.crypto_scalarmult(out, reader_secret, run_public)
    require(not failed and any(out.raw), "malformed", "weak run public key")
    return hashlib.blake2b(out.raw + run_public + reader_public).digest()[32:]


def ed25519_public(seed: bytes) -> bytes:
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    _sodium.crypto_sign_seed_keypair(public, secret, seed)
    return public.raw


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature holds."""
    return not _sodium.crypto_sign_verify_detached(signature, message,
                                                   ctypes.c_ulonglong(len(message)), public)


def key_stream(key: bytes, length: int) -> bytes:
    """XChaCha20 with a zero nonce."""
    out = ctypes.create_string_buffer(length)
    _sodium.crypto_stream_xchacha20(out, ctypes.c_ulonglong(length), bytes(24), key)
    return out.raw


def _aead(suite: int, action: str) -> tuple[Callable[..., int], int]:
    """libsodium's function, and how much of a nonce it takes."""
    require(suite in (1, 2), "malformed", "unknown suite")
    if suite == 2 and not _sodium.crypto_aead_aes256gcm_is_available():
        raise SystemExit("suite 2 needs a processor with AES instructions")
    family, nonce_size = (("xchacha20poly1305_ietf", 24), ("aes256gcm", 12))[suite - 1]
    return getattr(_sodium, f"crypto_aead_{family}_{action}"), nonce_size


def seal(suite: int, key: bytes, nonce: bytes, aad: bytes, plain: bytes) -> bytes:
    """Seal; what a reader needs only to test itself."""
    encrypt, nonce_size = _aead(suite, "encrypt")
    out = ctypes.create_string_buffer(len(plain) + 16)
    encrypt(out, None, plain, ctypes.c_ulonglong(len(plain)), aad, ctypes.c_ulonglong(len(aad)),
            None, nonce[:nonce_size], key)
    return out.raw


def unseal(suite: int, key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    """Opens what Seal made."""
    decrypt, nonce_size = _aead(suite, "decrypt")
    require(len(sealed) >= 16, "malformed", "shorter than a tag")
    out = ctypes.create_string_buffer(max(1, len(sealed) - 16))
    failed = decrypt(out, None, None, sealed, ctypes.c_ulonglong(len(sealed)),
                     aad, ctypes.c_ulonglong(len(aad)), nonce[:nonce_size], key)
    require(not failed, "notAuthentic", "sealed text was changed")
    return out.raw[:len(sealed) - 16]


def unpack_zstd(data: bytes, plain_length: int) -> bytes:
    """Exactly one zstd frame that declares its length."""
    size = ctypes.c_size_t(len(data))
    require(_zstd.ZSTD_findFrameCompressedSize(data, size) == len(data)
            and _zstd.ZSTD_getFrameContentSize(data, size) == plain_length,
            "badCompression", "not one zstd frame of the declared length")
    out = ctypes.create_string_buffer(plain_length)
    got = _zstd.ZSTD_decompress(out, ctypes.c_size_t(plain_length), data, size)
    require(got == plain_length, "badCompression", "zstd")
    return out.raw


def open_object(data: bytes, magic: bytes, key_of: Callable[[int], bytes], repository: bytes,
                path: str, limit: int) -> bytes:
    """The payload of a sealed object, section 7. `key_of` gives the key of an epoch."""
    require(data[:8] == magic, "badMagic", path)
    require(4096 <= len(data) <= limit, "limit" if len(data) > limit else "badLength", path)
    require(uint(data[8:10]) == 1, "badVersion", path)
    require(data[11] == 0, "badPadding", path)
    suite, epoch, salt = data[10], uint(data[12:16]), data[16:48]
    require(suite in (1, 2), "malformed", f"{path}: unknown suite")
    sealing = keyed(key_of(epoch), "igudar seal key", magic, salt)
    require(same(data[48:80], keyed(sealing, "igudar seal cmt", data[:48])), "badCommitment", path)
    plain = unseal(suite, sealing, bytes(24), data[:80] + repository + path.encode(), data[80:])
    length = uint(plain[:8])
    require(len(data) == max(4096, padme(104 + length)), "badLength", path)
    require(not any(plain[8 + length:]), "badPadding", path)
    return plain[8:8 + length]
