#!/usr/bin/env python3
"""Makes a folder with everything that Linux can hold in a file tree, as far as the file system and
the rights of the user go, and says what it had to leave out.

make_everything.py FOLDER          what rsync can compare too
make_everything.py --far FOLDER    what takes other tools: long paths, a huge sparse file
make_everything.py --free FOLDER   takes the flags away that keep the tree from being removed
"""

import fcntl
import os
import resource
import socket
import stat
import struct
import sys

SETFLAGS, GETFLAGS = 0x40086602, 0x80086601
FSGETXATTR, FSSETXATTR = 0x801C581F, 0x401C5820
IMMUTABLE, APPEND, NODUMP, NOATIME, SYNC = 0x10, 0x20, 0x40, 0x80, 0x08
ROOT = os.geteuid() == 0


def attempt(what, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except OSError as error:
        print(f"left out: {what}: {error.strerror}")
        return False
    return True


def write(name, data=b"grain\n", mode=0o644):
    with open(name, "wb") as file:
        file.write(data)
    os.chmod(name, mode)


def set_flags(name, flags):
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    own = struct.unpack("I", fcntl.ioctl(fd, GETFLAGS, bytes(8))[:4])[0]
    fcntl.ioctl(fd, SETFLAGS, struct.pack("II", own | flags, 0))
    os.close(fd)


def set_project(name, project, inherited=False):
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    values = list(struct.unpack("7I", fcntl.ioctl(fd, FSGETXATTR, bytes(28))))
    # 0x200: what is made in the folder belongs to the project too.
    values[0] |= 0x200 if inherited else 0
    values[3] = project
    fcntl.ioctl(fd, FSSETXATTR, struct.pack("7I", *values))
    os.close(fd)


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
ACCESS = acl((1, 6, NOBODY), (2, 7, 1234), (4, 4, NOBODY), (8, 5, 4321), (16, 5, NOBODY), (32, 0, NOBODY))
DEFAULT = acl((1, 7, NOBODY), (2, 5, 77), (4, 5, NOBODY), (16, 5, NOBODY), (32, 4, NOBODY))
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)


def names():
    os.mkdir("names")
    for byte in set(range(1, 256)) - {0x2F}:
        write(b"names/b" + bytes([byte]))
    for name in (b"n" * 255, b" ", b"*", b"-rf", b"\xff\xfe", b"a\nb", b"\x1b[2J", b".hidden", b"..."):
        write(b"names/" + name)


def types():
    os.mkdir("types")
    os.mkdir("types/empty")
    os.symlink("/nowhere/at/all", "types/dangling")
    # As long as this file system has them.
    for length in (4000, 2000, 1000):
        attempt(f"a link of {length} bytes", os.symlink, b"\xff\n" + b"t" * length, f"types/long-{length}")
    os.mkfifo("types/pipe")
    here = os.getcwd()
    os.chdir("types")
    socket.socket(socket.AF_UNIX).bind("socket")
    os.chdir(here)
    if ROOT:
        os.mknod("types/null", stat.S_IFCHR | 0o640, os.makedev(1, 3))
        for bit in (18, 17):
            device = os.makedev(259, 1 << bit | 7)
            attempt(f"a minor number of {bit + 1} bits", os.mknod, f"types/disk-{bit}", stat.S_IFBLK | 0o660, device)


def links():
    """Names of one file in other folders, of every type that can have them."""
    os.mkdir("links")
    os.mkdir("links/z")
    write("links/file", b"several names")
    os.symlink("file", "links/symbolic")
    os.mkfifo("links/pipe")
    kinds = ["file", "symbolic", "pipe"]
    if ROOT:
        os.mknod("links/device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        kinds.append("device")
    for kind in kinds:
        for name in (f"links/a-{kind}", f"links/z/{kind}", f"{kind}-too"):
            os.link(f"links/{kind}", name, follow_symlinks=False)


def holes():
    os.mkdir("holes")
    size = 4 << 20
    for name, places in (("start", [size]), ("middle", [0, size]), ("end", [0]), ("none", []), ("both", [size])):
        with open(f"holes/{name}", "wb") as file:
            for place in places:
                file.seek(place)
                file.write(os.urandom(70000))
            file.truncate(2 * size if name in ("end", "none", "both") else size + 70000)


def modes():
    os.mkdir("modes")
    for mode in (0, 0o400, 0o600, 0o4755, 0o2755, 0o6711, 0o1644, 0o777):
        write(f"modes/{mode:o}")
        if ROOT:
            os.chown(f"modes/{mode:o}", 12345, 54321)
        os.chmod(f"modes/{mode:o}", mode)
        os.mkdir(f"modes/folder-{mode:o}")
        os.chmod(f"modes/folder-{mode:o}", mode | 0o700)
    if ROOT:
        os.symlink("x", "modes/link")
        os.lchown("modes/link", 0xFFFFFFF0, 7)


def attributes():
    os.mkdir("attributes")
    here = "attributes"
    write(f"{here}/file")
    attempt("user attributes", os.setxattr, f"{here}/file", "user.empty", b"")
    attempt("user attributes", os.setxattr, f"{here}/file", b"user.\xff\n", bytes(range(256)))
    attempt("large attributes", os.setxattr, f"{here}/file", "user.large", os.urandom(3000))
    attempt("attributes of folders", os.setxattr, here, "user.folder", b"\0")
    write(f"{here}/shared", b"access")
    attempt("access lists", os.setxattr, f"{here}/shared", "system.posix_acl_access", ACCESS)
    os.mkdir(f"{here}/default")
    attempt("default lists", os.setxattr, f"{here}/default", "system.posix_acl_default", DEFAULT)
    # Inherits, and must not inherit a second time.
    write(f"{here}/default/heir")
    os.removexattr(f"{here}/default/heir", "system.posix_acl_access")
    os.mkdir(f"{here}/default/below")
    if ROOT:
        os.symlink("x", f"{here}/link")
        os.mkfifo(f"{here}/pipe")
        for name in ("link", "pipe", "file"):
            attempt(
                f"trusted attributes of a {name}", os.setxattr, f"{here}/{name}", "trusted.own",
                b"\1\0\2", follow_symlinks=False)
        write(f"{here}/able", mode=0o755)
        os.chown(f"{here}/able", 5, 5)
        attempt("capabilities", os.setxattr, f"{here}/able", "security.capability", CAPABILITY)


def flags():
    if not ROOT:
        return
    os.mkdir("flags")
    for name, value in (
        ("nodump", NODUMP), ("noatime", NOATIME | SYNC), ("immutable", IMMUTABLE),
        ("append", APPEND | NODUMP),
    ):
        write(f"flags/{name}")
        os.mkdir(f"flags/{name}-folder")
        write(f"flags/{name}-folder/file")
        attempt(f"flag {name}", set_flags, f"flags/{name}", value)
        attempt(f"flag {name}", set_flags, f"flags/{name}-folder", value)
    write("flags/linked")
    os.link("flags/linked", "flags/linked-too")
    attempt("flag immutable", set_flags, "flags/linked", IMMUTABLE)


def projects():
    os.mkdir("projects")
    write("projects/file")
    if not attempt("project IDs", set_project, "projects/file", 4242):
        return
    os.mkdir("projects/folder")
    set_project("projects/folder", 0xFFFFFFF0, inherited=True)
    for name in ("heir", "stranger"):
        write(f"projects/folder/{name}")
    set_project("projects/folder/stranger", 7)
    os.mkdir("projects/folder/below")
    set_project("projects/folder/below", 0)


def times():
    os.mkdir("times")
    moments = {
        "1901": -2147483648 * 10**9, "1969": -1, "0": 0, "2001": 10**18 + 123456789,
        "2100": 4105123445 * 10**9 + 999999999, "2200": 7258118400 * 10**9 + 1,
    }
    for name, ns in moments.items():
        write(f"times/file-{name}")
        os.mkdir(f"times/folder-{name}")
        os.symlink("x", f"times/link-{name}")
        os.mkfifo(f"times/pipe-{name}")
        for kind in ("file", "folder", "link", "pipe"):
            os.utime(f"times/{kind}-{name}", ns=(ns, ns), follow_symlinks=False)


def far():
    """A path beyond PATH_MAX, with something at its end; one tebibyte of nearly nothing."""
    folder = os.open(".", os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("deep", dir_fd=folder)
        below = os.open("deep", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    for name in ("file", "file-too"):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o640, dir_fd=folder))
    os.symlink("x", "link", dir_fd=folder)
    os.link("link", "link-too", src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    path = f"/proc/self/fd/{folder}/file"
    attempt("attributes far below", os.setxattr, path, "user.far", b"away")
    os.utime("link", ns=(5, 10**18 + 7), dir_fd=folder, follow_symlinks=False)
    with open("tebibyte", "wb") as file:
        file.write(b"first")
        file.seek(1 << 39)
        file.write(b"middle")
        file.truncate(1 << 40)
    with open("nothing", "wb") as file:
        file.truncate(1 << 40)


def free(folder):
    for path, folders, files in os.walk(folder):
        for name in [path] + [os.path.join(path, file) for file in files]:
            if not stat.S_ISDIR(os.lstat(name).st_mode) and not stat.S_ISREG(os.lstat(name).st_mode):
                continue
            fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
            try:
                own = struct.unpack("I", fcntl.ioctl(fd, GETFLAGS, bytes(8))[:4])[0]
                if own & (IMMUTABLE | APPEND):
                    fcntl.ioctl(fd, SETFLAGS, struct.pack("II", own & ~(IMMUTABLE | APPEND), 0))
            except OSError:
                pass
            os.close(fd)


def main():
    if sys.argv[1] == "--free":
        return free(sys.argv[2])
    os.umask(0o022)
    os.makedirs(sys.argv[-1], exist_ok=True)
    os.chdir(sys.argv[-1])
    if sys.argv[1] == "--far":
        return far()
    for part in (names, types, links, holes, modes, attributes, flags, projects, times):
        part()


if __name__ == "__main__":
    main()
