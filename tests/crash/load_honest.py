# SPDX-License-Identifier: GPL-3.0-or-later
"""Honest clients: they send or collect again and again, and come back when
they are turned away. Each takes the time from its first try to the end.
"""

import collections
import itertools
import re
import ssl
import threading
import time
from collections.abc import Callable

from harness.instance import Instance, Mailbox
from harness.pop3 import Pop3
from harness.report import Failure, check
from harness.smtp import Smtp
from harness.wire import Vanished, Wire
from load_watch import percentiles

RETRY = 0.1  # seconds until one that was turned away comes back
DOUBLINGS = 5  # of one that backs off
PATIENCE = 60.0
# A connection too many for xinetd's queue of 64 is one for the client alone,
# which hears nothing: so it gives up after this, where it is to be patient.
SILENCE = 10.0
BUSY = re.compile(r"reply 4\d\d |\[SYS/TEMP\]|\[IN-USE\]")


def message(token: str) -> bytes:
    """About 4 KiB that nobody sends twice."""
    return (f"Subject: {token}\r\n\r\n" + "An honest line.\r\n" * 240).encode()


class Honest:
    """Several of them, each from an address of its own."""

    def __init__(self, instance: Instance, port: int, handler: str,
                 backs_off: bool = False) -> None:
        self.instance, self.port = instance, port
        self.backs_off = backs_off  # as mail servers do
        self.is_smtp = handler.startswith("smtp")
        self.waits: list[float] = []
        self.sent: list[str] = []
        self.met: collections.Counter = collections.Counter()
        self.troubles: list[str] = []
        self.lock = threading.Lock()

    def connect(self, number: int) -> Wire:
        """From 127.0.2.<number + 1>."""
        source = f"127.0.2.{1 + number % 250}"
        return Wire.connect(self.port,
                            SILENCE if self.backs_off else PATIENCE,
                            source=source)

    def send(self, number: int, token: str, mailbox: Mailbox) -> None:
        """One message by SMTP under TLS."""
        wire = self.connect(number)
        try:
            smtp = Smtp(wire, self.instance.context)
            smtp.deliver(mailbox.address, message(token)).want(250)
            smtp.quit()
        finally:
            wire.close()
        with self.lock:
            self.sent.append(token)

    def collect(self, number: int, _token: str, mailbox: Mailbox) -> None:
        """The first message of the mailbox by POP3 under TLS."""
        wire = self.connect(number)
        try:
            pop3 = Pop3(wire, self.instance.context)
            pop3.login(mailbox.id, mailbox.password)
            check(pop3.list() and pop3.retr(1), "there is no message")
            pop3.quit()
        finally:
            wire.close()

    def greet(self, number: int, _token: str, _mailbox: Mailbox) -> None:
        """TLS, and QUIT: as far as a proxy goes without a login."""
        wire = self.connect(number)
        try:
            if self.is_smtp:
                Smtp(wire, self.instance.context).quit()
            else:
                Pop3(wire, self.instance.context).quit()
        finally:
            wire.close()

    def until_done(self, action: Callable[[int, str, Mailbox], None],
                   number: int, token: str, mailbox: Mailbox) -> None:
        """Try until it is done, and note how long that took."""
        begun = time.monotonic()
        for tries in itertools.count():
            try:
                action(number, token, mailbox)
                break
            except (Vanished, OSError, ssl.SSLError) as why:
                self.turned_away(type(why).__name__, begun)
            except Failure as why:
                if not BUSY.search(str(why)):
                    raise
                self.turned_away(str(why)[:40], begun)
            time.sleep(RETRY * 2 ** min(tries, DOUBLINGS)
                       if self.backs_off else RETRY)
        with self.lock:
            self.waits.append(time.monotonic() - begun)

    def turned_away(self, how: str, begun: float) -> None:
        """Note it; there is an end to patience."""
        with self.lock:
            self.met[how] += 1
        check(time.monotonic() - begun < PATIENCE,
              f"not served within {PATIENCE:g} s: {how}")

    def work(self, action: Callable[[int, str, Mailbox], None],
             mailboxes: list[Mailbox], seconds: float) -> "Honest":
        """One client for each mailbox, for that long and once at least."""
        def one(number: int, mailbox: Mailbox) -> None:
            end = time.monotonic() + seconds
            for turn in itertools.count():
                self.until_done(action, number, f"h{number}-{turn}", mailbox)
                if time.monotonic() >= end:
                    break
        self.all_at_once([lambda pair=pair: one(*pair)
                          for pair in enumerate(mailboxes)])
        return self

    def all_at_once(self, tasks: list[Callable[[], None]]) -> None:
        """Each in a thread; none may fail."""
        def guarded(task: Callable[[], None]) -> None:
            try:
                task()
            except Exception as why:  # pylint: disable=broad-except
                self.troubles.append(f"{type(why).__name__}: {why}")
        threads = [threading.Thread(target=guarded, args=(task,), daemon=True)
                   for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not self.troubles, f"{len(self.troubles)} honest clients "
              f"failed: {self.troubles[:3]}")

    def __str__(self) -> str:
        return percentiles(self.waits) + (
            f", turned away {self.met.total()} times" if self.met else "")
