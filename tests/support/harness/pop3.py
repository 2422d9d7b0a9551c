# SPDX-License-Identifier: GPL-3.0-or-later
"""A POP3 client that takes what comes, byte for byte."""

import ssl

from .lineends import unstuffed
from .report import Failure, check
from .wire import Wire


class Refused(Failure):
    """The server said -ERR."""


class Pop3:
    """One connection to pop3-serve."""

    def __init__(self, wire: Wire, context: ssl.SSLContext | None = None,
                 name: str = "localhost", implicit: bool = False) -> None:
        self.wire = wire
        if implicit:
            assert context
            wire.upgrade(context, name)
        self.greeting = self.reply()
        if context and not implicit:
            self.stls(context, name)

    def reply(self) -> str:
        """The text behind +OK; an exception for -ERR."""
        line = self.wire.line().decode("utf-8", "replace")
        if line.startswith("-ERR"):
            raise Refused(line)
        check(line == "+OK" or line.startswith("+OK "),
              f"no POP3 reply: {line!r}")
        return line[4:]

    def command(self, text: str | bytes) -> str:
        """Send one command line and read its first line of reply."""
        octets = text if isinstance(text, bytes) else text.encode()
        self.wire.send(octets + b"\r\n")
        return self.reply()

    def stls(self, context: ssl.SSLContext, name: str = "localhost") -> None:
        """Upgrade to TLS."""
        self.command("STLS")
        self.wire.upgrade(context, name)

    def login(self, user: str, password: str) -> None:
        """USER and PASS."""
        self.command(f"USER {user}")
        self.command(f"PASS {password}")

    def lines(self, text: str) -> list[str]:
        """A command with a multi-line reply, as lines."""
        self.command(text)
        block = self.wire.block().decode("utf-8", "replace")
        return block.split("\r\n")[:-1]

    def list(self) -> dict[int, int]:
        """Message numbers and sizes."""
        return {int(n): int(size) for n, size in
                (line.split() for line in self.lines("LIST"))}

    def uidl(self) -> dict[int, str]:
        """Message numbers and unique ids."""
        return {int(n): uid for n, uid in
                (line.split() for line in self.lines("UIDL"))}

    def retr(self, number: int) -> bytes:
        """One message, unstuffed."""
        self.command(f"RETR {number}")
        return unstuffed(self.wire.block())

    def top(self, number: int, lines: int) -> bytes:
        """The beginning of one message, unstuffed."""
        self.command(f"TOP {number} {lines}")
        return unstuffed(self.wire.block())

    def dele(self, number: int) -> None:
        """Mark one message for deletion."""
        self.command(f"DELE {number}")

    def quit(self) -> str:
        """Leave; marked messages go."""
        text = self.command("QUIT")
        self.wire.close()
        return text
