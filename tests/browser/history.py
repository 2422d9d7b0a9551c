# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes with a past: two weeks of mail sent through smtp-journal and
collected through pop3-serve, each told by libfaketime what day it is.
"""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.pop3 import Pop3
from harness.report import Failure
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.tools import TREE
from harness.wire import Wire

DAYS = 14
LIBRARY = "usr/lib/*-linux-gnu/faketime/libfaketime.so.1"


@dataclass
class Past:
    """What one mailbox is called and what has happened to it."""

    name: str
    description: str = ""
    days: Sequence[int] = ()  # messages of each day, the oldest first
    size: int = 2000  # octets of a message
    collected: int | None = None  # days ago; None: never
    suspended: bool = False
    targets: Sequence[str] = ()
    settings: Sequence[str] = ()  # of `mailbox set`, when all has happened


SOME = (
    Past("Acme GmbH, Microsoft 365", "Journal rule of the whole tenant",
         (1, 2, 0, 3, 1, 0, 0, 2, 3, 1, 2, 0, 0, 2), 9000, 0),
    Past("Law firm Bianchi & Partners", "", (0,) * 9 + (1, 0, 0, 1, 0), 30000,
         5, settings=("quota=70000", "rate=100M")),
    Past("Old Exchange 2016", "Switched off at the end of the year",
         (1, 0, 2, 0, 1) + (0,) * 9, 3000, 6, True),
)
MANY = SOME + (
    Past("Sales team laptops", "Outlook behind the proxies",
         targets=("mail.example.com", "*.example.net")),
    Past("Branch office Bolzano", "Postfix, always_bcc",
         (5, 6, 4, 7, 5, 1, 0) * 2, 4000, 0, settings=("quota=10G",)),
    Past("Contabilità", "Fatture e ricevute", (3, 2, 3, 4, 2, 0, 0) * 2, 6000,
         0),
    Past("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter"
         "beamtengesellschaft", "One very long word", (1,) * 14, 1000, 0),
    Past("Management board (journal report, kept apart from everybody "
         "else's mail by order of the works council)", "A long name",
         (0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), 1000, 0),
    Past("ארכיון הדואר של המשרד", "Right to left", (1, 1, 0, 1, 2, 0, 0) * 2,
         2000, 0),
    Past("Support queue", "support@ and help@", (9, 8, 12, 10, 9, 3, 2) * 2,
         1500, 0),
    Past("Warehouse scanners", "", (0,) * 13 + (1,), 120000,
         settings=("quota=100000", "rate=130000")),
    Past("Google Workspace, schools", "", (6, 7, 6, 6, 5, 0, 0) * 2, 3000, 1),
)


def faketime() -> Path:
    """The library, on the system or in the tree."""
    for root in (Path("/"), TREE):
        for path in root.glob(LIBRARY):
            return path
    raise Failure("no libfaketime: run tests/support/unpack_tools.py")


class Days:
    """Opens sessions of any day; a day is a number of days ago."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.lock = Lock()
        self.spawners: dict[tuple[str, int], Spawner] = {}

    def _spawner(self, handler: str, day: int) -> Spawner:
        if (handler, day) not in self.spawners:
            wrap = ["env", f"LD_PRELOAD={faketime()}",
                    f"FAKETIME=-{day}d", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
            self.spawners[handler, day] = Spawner(
                self.instance, handler, "--tls=starttls",
                wrap=wrap if day else ())
        return self.spawners[handler, day]

    def open(self, handler: str, day: int) -> tuple[Wire, subprocess.Popen]:
        """A connection to a handler that takes that day for today."""
        with self.lock:
            client, process = self._spawner(handler, day).open()
        return Wire(client), process

    def close(self) -> None:
        """There are no more sessions."""
        for spawner in self.spawners.values():
            spawner.close()


class Life:
    """One mailbox lives through its past."""

    def __init__(self, days: Days, past: Past) -> None:
        self.days = days
        self.past = past
        options = [f"--description={past.description}",
                   *(f"--target={target}" for target in past.targets)]
        self.mailbox = days.instance.create_mailbox(past.name, *options)

    def _send(self, day: int, n: int) -> None:
        wire, handler = self.days.open("smtp-journal", day)
        smtp = Smtp(wire, self.days.instance.context)
        lines = ("x" * 76 + "\r\n") * (self.past.size // 78)
        for number in range(n):
            text = (f"From: a@sender.example\r\nTo: b@sender.example\r\n"
                    f"Subject: {self.mailbox.id} {day} {number}\r\n\r\n"
                    f"{lines}")
            smtp.deliver(self.mailbox.address, text.encode()).want(250)
        smtp.quit()
        handler.wait(300)

    def _collect(self, day: int) -> None:
        wire, handler = self.days.open("pop3-serve", day)
        pop3 = Pop3(wire, self.days.instance.context)
        pop3.login(self.mailbox.id, self.mailbox.password)
        for number in pop3.list():
            pop3.retr(number)
            pop3.dele(number)
        pop3.quit()
        handler.wait(300)

    def _is_collected(self, day: int) -> bool:
        last = self.past.collected
        return last is not None and day < DAYS - 1 and (
            day == last or (day > last and day % 3 == 0))

    def live(self) -> Mailbox:
        """Day by day; what is sent after the last collection waits."""
        for i, n in enumerate(self.past.days):
            day = DAYS - 1 - i
            if self._is_collected(day):
                self._collect(day)
            if n:
                self._send(day, n)
        if self.past.settings:
            self.days.instance.restante("mailbox", "set", self.mailbox.id,
                                        *self.past.settings)
        if self.past.suspended:
            self.days.instance.restante("mailbox", "suspend", self.mailbox.id)
        return self.mailbox


def make_history(instance: Instance, pasts: Sequence[Past]) -> list[Mailbox]:
    """The mailboxes, with all that has happened to them."""
    days = Days(instance)
    try:
        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(lambda past: Life(days, past).live(), pasts))
    finally:
        days.close()
