# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs under test with tests/crash/shadow.c preloaded: what they do to a
file system is written down, or the Nth call of a kind fails.
"""

import fcntl
import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .place import Place

SOURCE = Path(__file__).resolve().parents[2] / "crash" / "shadow.c"
HEAD = struct.Struct("<8sQQqII")


def build(place: Place, source: Path = SOURCE) -> Path:
    """A library to be preloaded, compiled into the place."""
    library = place.root / f"{source.stem}.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o",
                    library, source], check=True)
    library.chmod(0o755)
    return library


@dataclass
class Record:
    """One thing that was done; or, where what is "mark", said by a test."""

    what: str
    inode: int
    folder: int
    at: int
    name: str
    data: bytes


class Journal:
    """The file that shadow.c writes, and tests add their marks to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.threads = threading.Lock()
        self.file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        os.fchmod(self.file, 0o666)

    def mark(self, text: str) -> None:
        """Say that something was heard or is about to be said."""
        name = text.encode()
        record = HEAD.pack(b"mark", 0, 0, 0, len(name), 0) + name
        with self.threads:
            fcntl.lockf(self.file, fcntl.LOCK_EX)
            os.write(self.file, record)
            fcntl.lockf(self.file, fcntl.LOCK_UN)

    def records(self) -> Iterator[Record]:
        """Everything, in the order in which it was done."""
        with open(self.path, "rb") as file:
            while head := file.read(HEAD.size):
                what, inode, folder, at, name, data = HEAD.unpack(head)
                yield Record(what.rstrip(b"\0").decode(), inode, folder, at,
                             file.read(name).decode(), file.read(data))
