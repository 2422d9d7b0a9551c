#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk on which each call about a name takes 10 ms (slow_disk.c). With
SLOW_MESSAGES (300) waiting, and tickets of as many of them as 300, a collector
gets in within 30 seconds, fetches, deletes and has his QUIT answered; a sender
gets his 250; sweeping ends with nothing left over; and whoever else works in the
mailbox comes through: each command, the console's pages, the sequencer.
SLOW_MESSAGES=10000 is the long run.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.behind import Behind
from harness.console import run_cgi
from harness.instance import Instance, Mailbox
from harness.ledger import Ledger
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.shadow import build
from harness.tools import tool
from harness.web_servers import with_console

MESSAGES = int(os.environ.get("SLOW_MESSAGES", "300"))
TICKETS = min(MESSAGES, 300)
DELETED = min(MESSAGES, 300)
LOGIN_SECONDS = 30
SWEEPS = 100  # each ends after 20 seconds at most
CONTENT = b"Subject: slow\r\n\r\nx\r\n"
SOURCE = Path(__file__).with_name("slow_disk.c")


class SlowDisk:
    """One mailbox, and programs for which it lies on such a disk."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = with_console(
            Instance(place), auth="web-server")
        self.ledger = Ledger(self.instance)
        self.mailbox = self.instance.create_mailbox()
        self.folder = self.instance.folder(self.mailbox)
        self.env = {"LD_PRELOAD": str(build(place, SOURCE)), "SLOW_MS": "10"}
        place.become_user()
        self.fill()

    def fill(self) -> None:
        """Messages, and tickets whose writers were killed."""
        recipient = re.search("age1[0-9a-z]+", (
            self.folder / "mailbox.conf").read_text())[0]
        sealed = subprocess.run([tool("age"), "-r", recipient], input=CONTENT,
                                capture_output=True, check=True).stdout
        for n in range(MESSAGES):
            ulid = f"01HZ{n:022d}"
            path = self.folder / "cur" / f"{ulid},W={len(CONTENT)}.age"
            path.write_bytes(sealed)
            if n < TICKETS:
                os.link(path, self.folder / "tmp" / f"{ulid}.age")

    def timed(self, what: str, act: Callable[[], object]) -> float:
        """How long it took, as a figure."""
        begun = time.monotonic()
        act()
        took = time.monotonic() - begun
        self.report.figure(f"slow-disk-{what}", f"{took:.1f} s")
        return took

    def collect(self) -> None:
        """A login that is not ended by anybody, and all that follows."""
        session = Behind(self.instance, "pop3-serve", **self.env)
        pop3 = Pop3(session.wire)
        took = self.timed("login", lambda: pop3.login(
            self.mailbox.id, self.mailbox.password))
        check(took < LOGIN_SECONDS, f"the login took {took:.1f} s")
        equal(len(pop3.list()), MESSAGES, "messages")
        self.timed("retr", lambda: equal(pop3.retr(1), CONTENT, "RETR"))
        for n in range(1, DELETED + 1):
            pop3.dele(n)
        self.timed("quit", pop3.quit)
        equal(session.end(), 0, "pop3-serve ended with")
        equal(len(self.instance.kept(self.mailbox)), MESSAGES - DELETED,
              "messages left")

    def deliver(self) -> None:
        """A sender."""
        session = Behind(self.instance, "smtp-journal", **self.env)
        equal(session.deliver(self.mailbox.address, CONTENT), "250", "told")
        session.end()

    def command(self, words: str, text: str = "") -> str:
        """One on this mailbox; what it printed."""
        command, *options = words.split(" -- ")
        return self.instance.restante(
            *command.split(), self.mailbox.id, *options, text=text,
            env=self.env).stdout

    def commands(self) -> None:
        """Whatever reads or changes a mailbox."""
        for words in ("mailbox set -- undo=7", "mailbox show", "mailbox hold",
                      "mailbox release", "mailbox alias", "activity",
                      "mailbox suspend", "mailbox activate"):
            self.timed(words.split(" -- ")[0].replace(" ", "-"),
                       lambda words=words: self.command(words))
        for words in ("settle", "status", "mailbox list", "sweep"):
            self.timed(words.replace(" ", "-"), lambda words=words:
                       self.instance.restante(*words.split(), want=None,
                                              env=self.env))

    def keys(self) -> None:
        """A new password, used; another key."""
        said = self.command("mailbox passwd", self.mailbox.password + "\n")
        new = re.search("^password: (.*)$", said, re.M)[1]
        self.command("mailbox passwd -- --confirm")
        self.command("mailbox rekey", new + "\n")
        self.mailbox = Mailbox(self.mailbox.id, self.mailbox.address, new)

    def pages(self) -> None:
        """The console."""
        for path in ("/", "/activity", "/system",
                     f"/mailbox/{self.mailbox.id}",
                     f"/mailbox/{self.mailbox.id}/evidence"):
            def ask(path: str = path) -> None:
                run = run_cgi(self.instance, "GET", path, REMOTE_USER="anna",
                              **self.env)
                equal(run.status, 0, f"{path}: {run.log}")
                check(run.page and run.page.status == 200, f"{path}: {run.log}")
            self.timed(f"page-{path.split('/')[-1] or 'overview'}", ask)

    def enter(self) -> None:
        """The sequencer, and those who read what it has entered."""
        self.timed("ledger", lambda: self.ledger.run(**self.env))
        self.command("ledger show")
        self.timed("verify", lambda: self.command("ledger verify"))

    def undo(self) -> None:
        """All that was deleted comes back."""
        def until_all_are_back() -> None:
            self.command("mailbox undo -- --since -- 2020-01-01T00:00:00Z")
        self.timed("undo", until_all_are_back)
        equal(len(self.instance.kept(self.mailbox)), MESSAGES, "messages")

    def left(self) -> int:
        """Tickets, and what has left cur/."""
        return sum(len(os.listdir(self.folder / name))
                   for name in ("tmp", "gone"))

    def sweep(self) -> None:
        """As often as it takes; each run gets further."""
        runs = 0
        while left := self.left():
            self.instance.restante("sweep", env=self.env)
            runs += 1
            check(self.left() < left, f"{left} names, and no fewer after it")
            check(runs < SWEEPS, f"{left} names left after {runs} sweeps")
        self.report.figure("slow-disk-sweeps", runs)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Who comes by."""
    slow = SlowDisk(place, report)
    yield "slow-disk-enter", slow.enter
    yield "slow-disk-commands", slow.commands
    yield "slow-disk-keys", slow.keys
    yield "slow-disk-pages", slow.pages
    yield "slow-disk-collect", slow.collect
    yield "slow-disk-undo", slow.undo
    yield "slow-disk-deliver", slow.deliver
    yield "slow-disk-sweep", slow.sweep


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
