#!/usr/bin/env python3
"""Compares two trees in everything that Linux lets one see of a file, and prints what differs.

Independent of Igudar: system calls only, one name at a time below open folders, so that no path
is too long. Compared are names, types, modes, owners, sizes, modification times, contents and
where they have holes, link targets, device numbers, extended attributes with access control lists
and capabilities, inode flags, project IDs, and which names are one file. The folders that are given
are compared too. Exit code 1 when anything differs.
"""

import fcntl
import os
import resource
import stat
import struct
import sys

GETFLAGS, FSGETXATTR = 0x80086601, 0x801C581F
# What chattr(1) can set; the rest says how the file system keeps a file.
SETTABLE = 0x2283C4FF
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def flags_of(fd):
    try:
        flags = struct.unpack("I", fcntl.ioctl(fd, GETFLAGS, bytes(8))[:4])[0] & SETTABLE
        project = struct.unpack("5I8x", fcntl.ioctl(fd, FSGETXATTR, bytes(28)))[3]
        return flags, project
    except OSError:
        return None, None


def attributes_of(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return {}
    # XFS tells of access lists a second time, in its own form.
    names = [name for name in names if not name.startswith("trusted.SGI_ACL_")]
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}


def stretches(fd, size):
    """Where a file has data."""
    found, place = [], 0
    while place < size:
        try:
            start = os.lseek(fd, place, os.SEEK_DATA)
        except OSError:
            break
        place = os.lseek(fd, start, os.SEEK_HOLE)
        found.append((start, place))
    return found


def same_content(left, right, size):
    """Whether all data of either reads the same in the other."""
    for start, end in stretches(left, size) + stretches(right, size):
        while start < end:
            count = min(end - start, 1 << 20)
            if os.pread(left, count, start) != os.pread(right, count, start):
                return False
            start += count
    return True


class Comparison:
    def __init__(self):
        self.differences = 0
        # Inodes of either side and what the other side calls them.
        self.partners = ({}, {})

    def tell(self, path, what, left, right):
        self.differences += 1
        print(f"{os.fsencode(path)!r}: {what}: {left!r} is {right!r}"[:500])

    def entry(self, path, folders, name):
        states = [os.lstat(name, dir_fd=folder) for folder in folders]
        one, two = states
        for field in ("st_mode", "st_uid", "st_gid", "st_mtime_ns", "st_nlink"):
            # The links of a folder are those of the file system.
            if field == "st_nlink" and stat.S_ISDIR(one.st_mode):
                continue
            if getattr(one, field) != getattr(two, field):
                self.tell(path, field, getattr(one, field), getattr(two, field))
        kind = stat.S_IFMT(one.st_mode)
        if kind != stat.S_IFMT(two.st_mode):
            return None
        if kind != stat.S_IFDIR:
            for side in (0, 1):
                own, other = states[side].st_ino, states[1 - side].st_ino
                if self.partners[side].setdefault(own, other) != other:
                    self.tell(path, "one file with other names", own, other)
        paths = [b"/proc/self/fd/%d/" % folder + name for folder in folders]
        left, right = (attributes_of(path) for path in paths)
        if left != right:
            self.tell(path, "attributes", left, right)
        if kind == stat.S_IFLNK:
            left, right = (os.readlink(name, dir_fd=folder) for folder in folders)
            if left != right:
                self.tell(path, "target", left, right)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK) and one.st_rdev != two.st_rdev:
            self.tell(path, "device", one.st_rdev, two.st_rdev)
        elif kind in (stat.S_IFREG, stat.S_IFDIR):
            opened = [os.open(name, OPEN, dir_fd=folder) for folder in folders]
            left, right = map(flags_of, opened)
            if left != right:
                self.tell(path, "flags and project", left, right)
            if kind == stat.S_IFDIR:
                return opened
            self.content(path, opened, one, two)
            for fd in opened:
                os.close(fd)
        return None

    def content(self, path, opened, one, two):
        if one.st_size != two.st_size:
            self.tell(path, "size", one.st_size, two.st_size)
        elif not same_content(*opened, one.st_size):
            self.tell(path, "content", "that of the left", "another")
        # A little is a matter of the file system; a hole of a mebibyte is one of ours.
        if abs(one.st_blocks - two.st_blocks) > 2048:
            self.tell(path, "blocks", one.st_blocks, two.st_blocks)

    def folders(self, left, right):
        opened = self.entry(b".", [os.open(left, os.O_RDONLY), os.open(right, os.O_RDONLY)], b".")
        waiting = [(b".", opened, None)]
        while waiting:
            path, opened, names = waiting[-1]
            if names is None:
                left, right = ({os.fsencode(n) for n in os.listdir(fd)} for fd in opened)
                for name in left ^ right:
                    self.tell(path + b"/" + name, "is there", name in left, name in right)
                names = sorted(left & right, reverse=True)
                waiting[-1] = (path, opened, names)
            if not names:
                for fd in opened:
                    os.close(fd)
                waiting.pop()
                continue
            name = names.pop()
            below = path + b"/" + name
            inner = self.entry(below, opened, name)
            if inner:
                waiting.append((below, inner, None))


def main():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    comparison = Comparison()
    comparison.folders(os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]))
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
