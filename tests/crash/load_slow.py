# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that take their time: an octet a second, or nothing at all. Each says
how far it goes at a normal pace first.
"""

import contextlib
import itertools
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator

from harness.instance import Instance, Mailbox
from harness.report import check


class Raw:
    """A socket with or without TLS of which every octet is in our hands."""

    def __init__(self, sock: socket.socket, instance: Instance) -> None:
        sock.settimeout(30)
        self.sock, self.context = sock, instance.context
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None

    def first_flight(self) -> bytes:
        """The octets of a ClientHello."""
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing,
                                         server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def start_tls(self) -> None:
        """The whole handshake."""
        self.sock.sendall(self.first_flight())
        self._pump(self.tls.do_handshake)

    def _pump(self, action: Callable[[], object]) -> object:
        while True:
            try:
                done = action()
                break
            except ssl.SSLWantReadError:
                self._flush()
                more = self.sock.recv(1 << 16)
                check(more, "the server closed too early")
                self.incoming.write(more)
        self._flush()
        return done

    def _flush(self) -> None:
        octets = self.outgoing.read()
        if octets:
            self.sock.sendall(octets)

    def sealed(self, octets: bytes) -> bytes:
        """What would be sent."""
        if not self.tls:
            return octets
        self.tls.write(octets)
        return self.outgoing.read()

    def say(self, text: str) -> None:
        """A line at a normal pace."""
        self.sock.sendall(self.sealed(text.encode() + b"\r\n"))

    def hear(self, until: bytes) -> bytes:
        """All that is said, up to a line that begins so."""
        heard = b"\n"
        while b"\n" + until not in heard or not heard.endswith(b"\r\n"):
            more = self._pump(lambda: self.tls.read(1 << 16)) if self.tls \
                else self.sock.recv(1 << 16)
            check(more, f"closed instead of {until!r}: {heard!r}")
            heard += more
        return heard

    def ask(self, text: str, until: bytes) -> None:
        """A command and its answer, at a normal pace."""
        self.say(text)
        self.hear(until)

    def drip(self, octets: Iterator[bytes], alive: Callable[[], bool],
             most: float) -> None:
        """One piece a second, until the server is gone."""
        end = time.monotonic() + most
        while alive() and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.sock.sendall(next(octets, b""))
            pause = time.monotonic() + 1
            while alive() and time.monotonic() < pause:
                time.sleep(0.02)

    def rest(self) -> bytes:
        """What was said in the end, as far as it can be read."""
        heard = b""
        with contextlib.suppress(OSError):
            while select.select([self.sock], [], [], 0)[0]:
                more = self.sock.recv(1 << 16)
                if not more:
                    break
                heard += more
        return self._opened(heard) if self.tls else heard

    def _opened(self, sealed: bytes) -> bytes:
        self.incoming.write(sealed)
        heard = b""
        with contextlib.suppress(ssl.SSLError):
            while more := self.tls.read(1 << 16):
                heard += more
        return heard


def octets(data: bytes) -> Iterator[bytes]:
    """Each by itself, over and over."""
    return (bytes([octet]) for octet in itertools.cycle(data))


Peer = Callable[[Raw, Mailbox], Iterator[bytes]]


# --- SMTP ---------------------------------------------------------------------


def smtp_greeted(raw: Raw) -> None:
    """Greeted, in clear."""
    raw.hear(b"220 ")
    raw.ask("EHLO slow.example", b"250 ")


def smtp_secure(raw: Raw) -> None:
    """And again under TLS."""
    smtp_greeted(raw)
    raw.ask("STARTTLS", b"220 ")
    raw.start_tls()
    raw.ask("EHLO slow.example", b"250 ")


def smtp_mail(raw: Raw, mailbox: Mailbox) -> None:
    """A recipient is accepted."""
    smtp_secure(raw)
    raw.ask("MAIL FROM:<a@b.example>", b"250 ")
    raw.ask(f"RCPT TO:<{mailbox.address}>", b"250 ")


def silent(_raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """Never a word."""
    return iter(())


def slow_command(_raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """A command line that grows."""
    return octets(b"EHLO slow.example")


def smtp_noops(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """A whole command each second."""
    smtp_secure(raw)
    return (raw.sealed(b"NOOP\r\n") for _ in itertools.count())


def smtp_no_hello(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """STARTTLS, and no handshake."""
    smtp_greeted(raw)
    raw.ask("STARTTLS", b"220 ")
    return iter(())


def smtp_slow_hello(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """STARTTLS, and a handshake by octets."""
    smtp_greeted(raw)
    raw.ask("STARTTLS", b"220 ")
    return octets(raw.first_flight())


def smtp_slow_record(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """A record of TLS by octets."""
    smtp_secure(raw)
    return octets(raw.sealed(b"NOOP " + b"x" * 400 + b"\r\n"))


def smtp_slow_data(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """A message, an octet to a record."""
    smtp_mail(raw, mailbox)
    raw.ask("DATA", b"354 ")
    return (raw.sealed(piece) for piece in octets(b"slow\r\n"))


def smtp_slow_bdat(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """A chunk, an octet to a record."""
    smtp_mail(raw, mailbox)
    raw.say("BDAT 1000 LAST")
    return (raw.sealed(piece) for piece in octets(b"slow\r\n"))


def smtp_deaf(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """Never reads what is answered, to a great many commands."""
    smtp_greeted(raw)
    raw.sock.setblocking(False)
    commands = memoryview(b"EHLO deaf.example\r\n" * 400_000)
    with contextlib.suppress(BlockingIOError):
        while commands:
            commands = commands[raw.sock.send(commands):]
    raw.sock.settimeout(0.01)
    return iter(())


# --- POP3 ---------------------------------------------------------------------


def pop3_secure(raw: Raw) -> None:
    """Under TLS, not logged in."""
    raw.hear(b"+OK")
    raw.ask("STLS", b"+OK")
    raw.start_tls()


def pop3_logged_in(raw: Raw, mailbox: Mailbox) -> None:
    """Logged in."""
    pop3_secure(raw)
    raw.ask(f"USER {mailbox.id}", b"+OK")
    raw.ask(f"PASS {mailbox.password}", b"+OK")


def pop3_no_hello(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """STLS, and no handshake."""
    raw.hear(b"+OK")
    raw.ask("STLS", b"+OK")
    return iter(())


def pop3_slow_user(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """A user's name, an octet to a record."""
    pop3_secure(raw)
    return (raw.sealed(piece) for piece in octets(b"USER x"))


def pop3_slow_login(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """A password, an octet to a record."""
    pop3_secure(raw)
    raw.ask(f"USER {mailbox.id}", b"+OK")
    return (raw.sealed(piece) for piece in octets(b"PASS x"))


def pop3_slow_sasl(raw: Raw, _mailbox: Mailbox) -> Iterator[bytes]:
    """The line of an exchange, an octet to a record."""
    pop3_secure(raw)
    raw.ask("AUTH PLAIN", b"+")
    return (raw.sealed(piece) for piece in octets(b"AAAA"))


def pop3_slow_command(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """Behind the login: a command line that grows."""
    pop3_logged_in(raw, mailbox)
    return (raw.sealed(piece) for piece in octets(b"NOOP "))


def pop3_noops(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """Behind the login: a whole command each second."""
    pop3_logged_in(raw, mailbox)
    return (raw.sealed(b"NOOP\r\n") for _ in itertools.count())


def pop3_slow_reader(raw: Raw, mailbox: Mailbox) -> Iterator[bytes]:
    """RETR, of which an octet a second is taken."""
    pop3_logged_in(raw, mailbox)
    raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.say("RETR 1")

    def take() -> bytes:
        raw.sock.recv(1)
        return b""
    return (take() for _ in itertools.count())
