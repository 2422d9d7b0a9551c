#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that goes on sending while its session is ended reads the reply
that says why: all four handlers, in the clear and behind TLS, too many errors
and commands behind STARTTLS.

LAST_WORDS (20) is the number of sessions of each kind.
"""

import concurrent.futures
import contextlib
import functools
import os
import select
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check
from harness.script import Case, run_script
from harness.servers import SocketActivate
from harness.smtp import Smtp
from harness.wire import Wire

SESSIONS = int(os.environ.get("LAST_WORDS", "20"))
AT_ONCE = 8
MORE = 1 << 20
PIECE = b"and more of it\r\n" * 512
FAULT = b"NONSENSE\r\n"
HANDLERS = {"smtp-journal": b"421 ", "smtp-proxy": b"421 ",
            "pop3-serve": b"-ERR Too many", "pop3-proxy": b"-ERR Too many"}
STARTTLS = {"smtp-journal": (b"EHLO a\r\nSTARTTLS\r\n", b"421 "),
            "pop3-serve": (b"STLS\r\n", b"-ERR")}


def sends_on(sock: socket.socket) -> None:
    """Send a MiB, without a look at what comes."""
    for _ in range(0, MORE, len(PIECE)):
        sock.sendall(PIECE)


def rest(sock: socket.socket) -> bytes:
    """All that can be read, up to the end or to a reset."""
    heard = bytearray()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while more := sock.recv(1 << 16):
            heard += more
    return bytes(heard)


class LastWords:
    """Sessions at one handler."""

    def __init__(self, instance: Instance, handler: str, tls: bool) -> None:
        self.instance, self.handler, self.tls = instance, handler, tls
        self.server = SocketActivate(instance, handler, "--tls=starttls")

    def begun(self) -> socket.socket:
        """A client that has been greeted."""
        wire = Wire.connect(self.server.port, 120)
        speaker = Smtp if self.handler.startswith("smtp") else Pop3
        speaker(wire, self.instance.context if self.tls else None)
        return wire.sock

    def one(self, words: bytes, late: bool) -> bytes:
        """Say these, and go on, or when the end has come; what was heard.

        Whose sending fails does not look for an answer, as most clients do.
        """
        with self.begun() as sock:
            try:
                sock.sendall(words)
                if late:
                    select.select([sock], [], [], 60)
                sends_on(sock)
            except (ConnectionError, ssl.SSLError) as why:
                return f"sending failed: {why}".encode()
            return rest(sock)

    def all(self, words: bytes, wanted: bytes) -> None:
        """Many of them, some at once."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            heard = list(pool.map(self.one, [words] * SESSIONS,
                                  [False, True] * SESSIONS))
        self.server.idle()
        lost = [what for what in heard
                if not what.splitlines()[-1:] or
                not what.splitlines()[-1].startswith(wanted)]
        check(not lost, f"{len(lost)} of {SESSIONS} lost their last reply, "
              f"and had {lost[:1]}")


def told(instance: Instance, handler: str, tls: bool, words: bytes,
         wanted: bytes) -> None:
    """One kind of end at one handler."""
    last = LastWords(instance, handler, tls)
    with last.server:
        last.all(words, wanted)


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every handler, every end."""
    instance = Instance(place, limits={"errors": 2})
    for handler, wanted in HANDLERS.items():
        for tls in (False, True):
            yield (f"last-words-{handler}-{'tls' if tls else 'clear'}",
                   functools.partial(told, instance, handler, tls, FAULT * 2,
                                     wanted))
    for handler, (words, wanted) in STARTTLS.items():
        yield (f"last-words-{handler}-pipelined",
               functools.partial(told, instance, handler, False,
                                 words + FAULT, wanted))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
