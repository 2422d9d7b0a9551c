# SPDX-License-Identifier: GPL-3.0-or-later
"""One message of 100 MiB, made as it is needed."""

import hashlib
from collections.abc import Iterator

MIB = 1 << 20
SIZE = 100 * MIB
HEADER = b"Subject: a large one\r\nFrom: a@sender.example\r\n\r\n"


def blocks() -> Iterator[bytes]:
    """The message in pieces of 64 KiB, of lines with some dots in front."""
    yield HEADER
    left = SIZE - len(HEADER)
    line = b"0123456789abcdefghijklmnopqrstuvwxyz" * 2 + b"====\r\n"
    block = (b"." + line[1:] + line * 7) * 102
    number = 0
    while left > len(block) + 100:
        piece = b"%020d\r\n" % number + block
        yield piece
        left -= len(piece)
        number += 1
    yield b"e" * (left - 2) + b"\r\n"


def stuffed_blocks() -> Iterator[bytes]:
    """The same, dot-stuffed (no piece begins within a line)."""
    for block in blocks():
        yield block.replace(b"\r\n.", b"\r\n..")


def digest() -> str:
    """SHA-256 of the whole."""
    sha = hashlib.sha256()
    for block in blocks():
        sha.update(block)
    return sha.hexdigest()
