# SPDX-License-Identifier: GPL-3.0-or-later
"""A handler as another handler of ours starts it: on a UNIX socket, behind a
PROXY header, without TLS of its own. Quicker than any other way to a session.
"""

import contextlib
import os
import socket
import struct
import subprocess
from pathlib import Path

from .instance import Instance
from .smtp import Smtp
from .wire import Vanished, Wire

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def proxy_header() -> bytes:
    """192.0.2.7, who came over TLS."""
    addresses = bytes([192, 0, 2, 7, 192, 0, 2, 1]) + struct.pack(">HH", 9, 25)
    version = b"\x21" + struct.pack(">H", 6) + b"TLS1.3"
    tls = b"\x01" + bytes(4) + version
    rest = addresses + b"\x20" + struct.pack(">H", len(tls)) + tls
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(rest)) + rest


class Behind:
    """One session; the handler has our own uid, so be an ordinary user."""

    def __init__(self, instance: Instance, handler: str,
                 conf: Path | None = None, **env: str) -> None:
        ours, theirs = socket.socketpair()
        self.log = instance.logs / f"{handler}-behind.log"
        with theirs, open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [instance.place.handler(handler), "--tls=none",
                 "-c", str(conf or instance.conf)], stdin=theirs,
                stdout=theirs, stderr=log, env={**os.environ, **env})
        self.wire = Wire(ours)
        # One that has ended already is met where its answer is read.
        with contextlib.suppress(ConnectionError):
            ours.sendall(proxy_header())

    def end(self) -> int:
        """Hang up; how the handler ended."""
        self.wire.close()
        return self.process.wait(300)

    def log_text(self) -> str:
        """What it has logged."""
        return self.log.read_text("utf-8", "replace")

    def deliver(self, address: str, content: bytes) -> str:
        """The code of the reply that decides on a message, or "vanished"."""
        try:
            smtp = Smtp(self.wire)
            reply = smtp.greeting
            for command in ("EHLO client.example", "MAIL FROM:<a@b.example>",
                            f"RCPT TO:<{address}>"):
                if reply.code // 100 == 2:
                    reply = smtp.command(command)
            if reply.code == 250:
                reply = smtp.data(content)
        except Vanished:
            return "vanished"
        return str(reply.code)
