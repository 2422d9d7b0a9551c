# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection as bytes: exact lines, optional TLS, deadlines on every wait.

smtplib and poplib mend what they send and take what they should not; a test
of a server needs a client that does neither.
"""

import contextlib
import socket
import ssl
import struct

from .report import Failure


class Vanished(Failure):
    """The peer closed the connection where more was expected."""


def tls_context(ca: str) -> ssl.SSLContext:
    """Check the server against this CA and no other."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Wire:
    """One connection, read by CRLF lines or by terminators."""

    def __init__(self, sock: socket.socket, timeout: float = 120.0) -> None:
        sock.settimeout(timeout)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.held = bytearray()

    @classmethod
    def connect(cls, port: int, timeout: float = 120.0,
                address: str = "127.0.0.1", source: str = "") -> "Wire":
        """Connect to a port, of this machine unless told otherwise."""
        return cls(socket.create_connection(
            (address, port), timeout, (source, 0) if source else None),
            timeout)

    def upgrade(self, context: ssl.SSLContext, name: str) -> None:
        """Start TLS on what has been plain so far."""
        if self.held:
            raise Failure(f"input before TLS: {bytes(self.held)!r}")
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=name)
        except (ConnectionError, ssl.SSLEOFError,
                ssl.SSLZeroReturnError) as why:
            raise Vanished(f"no TLS: {why}") from why

    def send(self, octets: bytes) -> None:
        """Send these bytes as they are."""
        try:
            self.sock.sendall(octets)
        except (ConnectionError, ssl.SSLEOFError) as why:
            raise Vanished(f"connection broke: {why}") from why

    def fill(self) -> None:
        """Wait for more input."""
        try:
            more = self.sock.recv(1 << 16)
        except (ConnectionError, ssl.SSLError) as why:
            raise Vanished(f"connection broke: {why}; held "
                           f"{bytes(self.held[-80:])!r}") from why
        if not more:
            self.hang_up()
            raise Vanished(f"closed; held {bytes(self.held[-80:])!r}")
        self.held += more

    def line(self) -> bytes:
        """The next line without its CRLF."""
        start = 0
        while (at := self.held.find(b"\r\n", start)) < 0:
            start = max(0, len(self.held) - 1)
            self.fill()
        line = bytes(self.held[:at])
        del self.held[:at + 2]
        return line

    def block(self) -> bytes:
        """All lines before a line with a single dot, still dot-stuffed."""
        start = 0
        while True:
            if self.held[:3] == b".\r\n":
                at, skip = 0, 3
                break
            found = self.held.find(b"\r\n.\r\n", start)
            if found >= 0:
                at, skip = found + 2, 3
                break
            start = max(0, len(self.held) - 4)
            self.fill()
        block = bytes(self.held[:at])
        del self.held[:at + skip]
        return block

    def at_end(self) -> bool:
        """True where the peer says nothing more and closes."""
        try:
            self.fill()
        except Vanished:
            return not self.held
        return False

    def hang_up(self) -> None:
        """Say that nothing more comes, which who has said its last word waits
        for."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up, without TLS's goodbye."""
        self.sock.close()

    def reset(self) -> None:
        """Vanish: the peer gets RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()
