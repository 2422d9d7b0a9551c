# SPDX-License-Identifier: GPL-3.0-or-later
"""Many senders at once that write down what was acknowledged, and nothing else.

Each message is new, so each may be collected once at most, and each that was
answered with 250 must be. The account is kept outside the system that is
tested: it outlives whatever happens in there.
"""

import hashlib
import itertools
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from harness.deadline import until
from harness.pop3 import Pop3
from harness.report import Failure, check
from harness.smtp import Smtp
from harness.wire import Wire, tls_context

TOKEN = re.compile(rb"^X-Load: (\S+)\r$", re.MULTILINE)
PER_CONNECTION = 3


def message(token: str) -> bytes:
    """A message that nobody sends twice, of 1 to 60 KiB."""
    dice = random.Random(token)
    lines = (dice.randbytes(30).hex() for _ in range(dice.randint(16, 1000)))
    return "\r\n".join([f"X-Load: {token}", "Subject: load", "",
                        *lines, ""]).encode()


def digest(content: bytes) -> str:
    """What the account holds of a message."""
    return hashlib.sha256(content).hexdigest()


class Load:
    """Senders in threads, from `with` to its end."""

    def __init__(self, name: str, ca: str, address: str, port: int = 25,
                 workers: int = 6) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.context = tls_context(ca)
        self.acknowledged: dict[str, str] = {}
        self.unexpected: list[str] = []
        self.deferred = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(number,),
                                         daemon=True)
                        for number in range(workers)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No new message; those under way get their answer."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def reach(self, more: int, seconds: float = 60) -> dict[str, str]:
        """Wait until so many more are acknowledged; all that are by then."""
        goal = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= goal, seconds,
              f"{self.name}: {more} more messages acknowledged, "
              f"{len(self.acknowledged)} so far")
        return dict(self.acknowledged)

    def _send(self, worker: int) -> None:
        numbers = itertools.count()
        while not self.stopping.is_set():
            try:
                self._connection(worker, numbers)
            except (OSError, ssl.SSLError, Failure) as why:
                # A host that is going down or coming up may hang up and may
                # say 4xx. No 5xx: that message would be lost.
                if re.search(r"reply 5\d\d", str(why)):
                    self.unexpected.append(str(why))
                self.deferred += 1
                self.stopping.wait(0.05)

    def _connection(self, worker: int, numbers: itertools.count) -> None:
        wire = Wire.connect(self.port, 20)
        try:
            smtp = Smtp(wire, self.context)
            for number in itertools.islice(numbers, PER_CONNECTION):
                if self.stopping.is_set():
                    break
                self._message(smtp, f"{self.name}-{worker}-{number}")
            smtp.quit()
        finally:
            wire.close()

    def _message(self, smtp: Smtp, token: str) -> None:
        content = message(token)
        smtp.deliver(self.address, content).want(250)
        self.acknowledged[token] = digest(content)

    def check_replies(self) -> None:
        """Nothing was refused for good."""
        check(not self.unexpected,
              f"{len(self.unexpected)} refused for good: {self.unexpected[:3]}")


def collect(pop3: Pop3, delete: bool = True) -> list[tuple[str, str]]:
    """Everything in a mailbox: tokens and digests, in order."""
    found = []
    for number, size in pop3.list().items():
        content = pop3.retr(number)
        check(len(content) == size, f"LIST said {size}, RETR gave {len(content)}")
        token = TOKEN.search(content)
        check(token, f"a message that nobody sent: {content[:200]!r}")
        found.append((token.group(1).decode(), digest(content[token.start():])))
        if delete:
            pop3.dele(number)
    pop3.quit()
    return found


def compare(found: list[tuple[str, str]], acknowledged: dict[str, str]) -> None:
    """Each acknowledged message is there, once and whole."""
    times: dict[str, int] = {}
    for token, _ in found:
        times[token] = times.get(token, 0) + 1
    digests = dict(found)
    lost = [token for token in acknowledged if token not in digests]
    changed = [token for token, wanted in acknowledged.items()
               if token in digests and digests[token] != wanted]
    twice = [token for token, count in times.items() if count > 1]
    check(not lost and not changed and not twice,
          f"of {len(acknowledged)} acknowledged {len(lost)} lost {lost[:5]}, "
          f"{len(changed)} changed {changed[:5]}; twice: {twice[:5]}")


def flood(port: int, connections: int, sources: int,
          seconds: float) -> tuple[float, int]:
    """Open so many connections at once, from several addresses of loopback.

    How long connecting took, and how many were greeted before they were closed
    or the time was over. All are closed in the end.
    """
    begun = time.monotonic()
    wires = []
    for number in range(connections):
        with suppress(OSError):
            wires.append(Wire(socket.create_connection(
                ("127.0.0.1", port), 5, (f"127.0.1.{1 + number % sources}", 0))))
    took = time.monotonic() - begun
    greeted = 0
    for wire in wires:
        left = seconds - (time.monotonic() - begun)
        wire.sock.settimeout(max(left, 0.01))
        with suppress(OSError, Failure):
            greeted += wire.line().startswith(b"220")
    for wire in wires:
        wire.close()
    return took, greeted


def eventually(action: Callable[[], object], seconds: float,
               what: str) -> object:
    """Try until it does not fail; the last failure at the deadline."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (OSError, ssl.SSLError, Failure) as why:
            if time.monotonic() > end:
                raise Failure(f"not within {seconds:g} s: {what}: {why}") \
                    from why
            time.sleep(0.1)
