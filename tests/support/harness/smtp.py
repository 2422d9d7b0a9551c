# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP client that sends what it is told, byte for byte."""

import base64
import ssl
from dataclasses import dataclass

from .lineends import as_data, stuffed
from .report import check
from .wire import Wire


@dataclass
class Reply:
    """A reply: its code and the text of its lines."""

    code: int
    lines: list[str]

    def __str__(self) -> str:
        return f"{self.code} {' / '.join(self.lines)}"

    def want(self, *codes: int) -> "Reply":
        """Fail unless the code is one of these."""
        check(self.code in codes, f"reply {self} instead of {codes}")
        return self


class Smtp:
    """One connection to smtp-journal."""

    def __init__(self, wire: Wire, context: ssl.SSLContext | None = None,
                 name: str = "localhost", implicit: bool = False,
                 hello: str = "client.example") -> None:
        self.wire = wire
        self.hello = hello
        self.extensions: dict[str, str] = {}
        if implicit:
            assert context
            wire.upgrade(context, name)
        self.greeting = self.reply()
        if context:
            self.greeting.want(220)
            self.ehlo()
            if not implicit:
                self.starttls(context, name)
                self.ehlo()

    def reply(self) -> Reply:
        """Read one reply."""
        lines = []
        while True:
            line = self.wire.line().decode("utf-8", "replace")
            lines.append(line[4:])
            check(line[:3].isdigit() and line[3:4] in ("", " ", "-"),
                  f"no SMTP reply: {line!r}")
            if line[3:4] != "-":
                return Reply(int(line[:3]), lines)

    def command(self, text: str | bytes) -> Reply:
        """Send one command line and read its reply."""
        octets = text if isinstance(text, bytes) else text.encode()
        self.wire.send(octets + b"\r\n")
        return self.reply()

    def ehlo(self) -> Reply:
        """Say EHLO and note the extensions."""
        reply = self.command(f"EHLO {self.hello}").want(250)
        pairs = (line.partition(" ") for line in reply.lines[1:])
        self.extensions = {name.upper(): rest for name, _, rest in pairs}
        return reply

    def starttls(self, context: ssl.SSLContext,
                 name: str = "localhost") -> None:
        """Upgrade to TLS."""
        self.command("STARTTLS").want(220)
        self.wire.upgrade(context, name)

    def auth_plain(self, user: str, secret: str = "secret") -> Reply:
        """Log in at a proxy; the reply."""
        message = base64.b64encode(f"\0{user}\0{secret}".encode()).decode()
        return self.command(f"AUTH PLAIN {message}")

    def envelope(self, to: str | list[str], sender: str = "a@sender.example",
                 params: str = "") -> Reply:
        """MAIL and RCPT; the reply to the last of them."""
        self.command(f"MAIL FROM:<{sender}>{params}").want(250)
        reply = Reply(0, [])
        for address in [to] if isinstance(to, str) else to:
            reply = self.command(f"RCPT TO:<{address}>")
        return reply

    def data(self, content: bytes) -> Reply:
        """Send a message by DATA, dot-stuffed; the reply to its end."""
        reply = self.command("DATA")
        if reply.code != 354:
            return reply
        self.wire.send(stuffed(as_data(content)) + b".\r\n")
        return self.reply()

    def bdat(self, content: bytes, chunk: int = 1 << 16) -> Reply:
        """Send a message by BDAT in chunks; the reply to the last one."""
        reply = Reply(0, [])
        pieces = [content[i:i + chunk]
                  for i in range(0, len(content), chunk)] or [b""]
        for number, piece in enumerate(pieces, 1):
            last = " LAST" if number == len(pieces) else ""
            self.wire.send(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
            reply = self.reply()
            if reply.code != 250:
                return reply
        return reply

    def deliver(self, to: str | list[str], content: bytes,
                sender: str = "a@sender.example") -> Reply:
        """One whole transaction; the reply to the message."""
        reply = self.envelope(to, sender)
        return self.data(content) if reply.code == 250 else reply

    def quit(self) -> None:
        """Leave politely."""
        self.command("QUIT").want(221)
        self.wire.close()
