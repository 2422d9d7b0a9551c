# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of every message of a storm, seen from outside.

A message is written down before it is sent, acknowledged when its 250 has been
read, leaving when a QUIT that deletes it is sent, and gone when that QUIT has
been answered. From that follows what must be true of it at the end.

A message fetched through a proxy is acknowledged when the client has all of it.
Where a fetch was broken off, one copy more is allowed: too many is better than
too few.
"""

import hashlib
import random
import re
import threading
import time
from dataclasses import dataclass

HEADER = re.compile(rb"^X-Storm: (\d+) ([0-9a-f]{64})\r\n", re.MULTILINE)
NEVER = float("inf")


@dataclass
class Entry:
    """One message in one mailbox; times are of the monotonic clock."""

    acknowledged: float = NEVER
    leaving: float = NEVER
    gone: float = NEVER
    refused: bool = False  # the real server's no has been read
    fetches: int = 0  # by a client, through a proxy
    open: int = 0  # of these, those that have not come to their end


def compose(number: int, rng: random.Random) -> bytes:
    """A message that can prove that it is whole."""
    lines = []
    for _ in range(rng.choice((1, 5, 40, 400, 900))):
        lines.append(rng.choice((b"", b".", b"..")) + rng.randbytes(32).hex()
                     .encode())
    body = b"\r\n".join(lines) + b"\r\n"
    digest = hashlib.sha256(body).hexdigest()
    return (f"Subject: storm\r\nX-Storm: {number} {digest}\r\n\r\n"
            .encode() + body)


def recognise(content: bytes) -> int | None:
    """The number of a message, or None where it is not whole."""
    found = HEADER.search(content)
    if not found:
        return None
    body = content.partition(b"\r\n\r\n")[2]
    whole = hashlib.sha256(body).hexdigest().encode() == found[2]
    return int(found[1]) if whole else None


class Ledger:
    """All messages, by (mailbox id, number); and what went against promise."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.entries: dict[tuple[str, int], Entry] = {}
        self.n_sent = 0
        self.violations: list[str] = []

    def new(self, mailboxes: list[str]) -> int:
        """A number for a message to these mailboxes."""
        return self.reserve(mailboxes, 1)

    def reserve(self, mailboxes: list[str], count: int) -> int:
        """Numbers in a row: the first of them."""
        with self.lock:
            first = self.n_sent + 1
            self.n_sent += count
            for number in range(first, first + count):
                for mailbox in mailboxes:
                    self.entries[mailbox, number] = Entry()
            return first

    def acknowledge(self, mailboxes: list[str], number: int) -> None:
        """Its 250 has been read, or all of it through a proxy."""
        now = time.monotonic()
        for mailbox in mailboxes:
            entry = self.entries[mailbox, number]
            entry.acknowledged = min(entry.acknowledged, now)

    def refuse(self, mailbox: str, number: int) -> None:
        """The real server's refusal has been read: the copy is gone."""
        self.entries[mailbox, number].refused = True

    def begin_fetch(self, mailbox: str, number: int) -> None:
        """A client asks for it."""
        with self.lock:
            self.entries[mailbox, number].fetches += 1
            self.entries[mailbox, number].open += 1

    def end_fetch(self, mailbox: str, number: int) -> None:
        """The client has all of it."""
        with self.lock:
            self.entries[mailbox, number].open -= 1
        self.acknowledge([mailbox], number)

    def leave(self, mailbox: str, numbers: list[int]) -> None:
        """A QUIT that deletes them is about to be sent."""
        now = time.monotonic()
        for number in numbers:
            entry = self.entries[mailbox, number]
            entry.leaving = min(entry.leaving, now)

    def confirm(self, mailbox: str, numbers: list[int]) -> None:
        """That QUIT has been answered."""
        now = time.monotonic()
        for number in numbers:
            self.entries[mailbox, number].gone = now

    def violation(self, text: str) -> None:
        """Something happened that may not."""
        with self.lock:
            self.violations.append(text)

    def seen(self, mailbox: str, began: float, contents: list[bytes],
             whole: bool) -> list[int]:
        """Messages fetched in a session that began then: their numbers.

        Where these are the whole mailbox, whatever had been acknowledged
        before must be among them.
        """
        numbers = []
        for content in contents:
            number = recognise(content)
            if number is None or (mailbox, number) not in self.entries:
                self.violation(f"{mailbox}: not whole: {content[:300]!r}")
                continue
            self._judge(mailbox, number, began, number in numbers)
            numbers.append(number)
        missing = self.due(mailbox, began, time.monotonic()) - set(numbers)
        if whole and missing:
            self.violation(f"{mailbox}: not listed: {sorted(missing)[:10]}")
        return numbers

    def _judge(self, mailbox: str, number: int, began: float,
               again: bool) -> None:
        """It was fetched from the mailbox: may it be there?"""
        entry = self.entries[mailbox, number]
        if entry.refused:
            self.violation(f"{mailbox}: message {number} is kept, although "
                           "the real server refused it")
        if entry.open:
            return
        if entry.gone < began:
            self.violation(f"{mailbox}: message {number} came back")
        if again:
            self.violation(f"{mailbox}: message {number} is there twice")

    def twice(self, mailbox: str, numbers: list[int]) -> list[int]:
        """What may not be in a copy twice: a copy may be made just while a
        proxy finds out that it has kept a message before."""
        return [number for number in set(numbers) if numbers.count(number) > 1
                and not self.entries[mailbox, number].fetches]

    def due(self, mailbox: str, before: float, after: float) -> set[int]:
        """Acknowledged before, and not leaving until after."""
        with self.lock:
            return {number for (where, number), entry in self.entries.items()
                    if where == mailbox and entry.acknowledged < before
                    and entry.leaving > after}

    def count(self, attribute: str) -> int:
        """How many messages got as far as that."""
        with self.lock:
            return sum(getattr(entry, attribute) < NEVER
                       for entry in self.entries.values())
