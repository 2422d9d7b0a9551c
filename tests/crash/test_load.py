#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load beyond the limits, under a real xinetd: 500 connections at once against
100 instances, a flood from one address, more senders than there is room for.
The number of processes and their memory stay within bounds, and honest clients
get through; how long they take is told beside what they take alone.

LOAD_SECONDS (1) says how long they are measured each time; from 10 on there
are 500 senders instead of 60, and all is tried with both proxies.
"""

import contextlib
import functools
import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from harness.instance import Instance
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from load_honest import Honest, message
from load_watch import Watch

SECONDS = float(os.environ.get("LOAD_SECONDS", "1"))
FLOOD = 500
INSTANCES = 100
PER_SOURCE = 20
N_HONEST = 4
LIMIT = 3  # seconds for a command: what a flooder may hold a place
LONG = SECONDS >= 10
SENDERS, ROOM = (500, 100) if LONG else (60, 12)
SESSION_KIB = 8 * 1024  # resident, of a session that has done nothing
MOST_KIB = 24 * 1024  # of any
PROXIES = ("smtp-proxy", "pop3-proxy")
HANDLERS = ("smtp-journal", "pop3-serve", *(PROXIES if LONG else ()))


@contextlib.contextmanager
def flood(port: int, sources: int, again: bool) -> Iterator[dict[str, int]]:
    """FLOOD connections while the block runs; what they met, behind it."""
    met: dict[str, int] = {}
    with subprocess.Popen(
            [sys.executable, str(HERE / "load_flood.py"), str(port),
             str(FLOOD), str(sources), str(int(again))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            equal(process.stdout.readline(), b"ready\n", "the flood says")
            yield met
        finally:
            process.stdin.close()
            met.update(json.loads(process.stdout.read() or "{}"))


class Site:
    """An instance with something to collect, and its acceptors."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(
            place, limits={"command-timeout": LIMIT},
            proxy={"idle-timeout": LIMIT})
        self.mailboxes = [self.instance.create_mailbox(f"load {n}")
                          for n in range(N_HONEST)]
        with self.acceptor("smtp-journal") as server:
            smtp = self.instance.smtp(server.port)
            for mailbox in self.mailboxes:
                smtp.deliver(mailbox.address, message("first")).want(250)
            smtp.quit()

    def acceptor(self, handler: str, instances: int = INSTANCES,
                 per_source: int = PER_SOURCE) -> Xinetd:
        """A handler under xinetd, with limits."""
        return Xinetd(self.instance, [(handler, "--tls=starttls")],
                      instances=instances, per_source=per_source)

    def honest(self, handler: str, port: int) -> Honest:
        """Honest clients of that handler for a while."""
        honest = Honest(self.instance, port, handler)
        if handler in PROXIES:  # beyond the greeting they need a server
            return honest.work(honest.greet, self.mailboxes, SECONDS)
        action = honest.send if handler == "smtp-journal" else honest.collect
        return honest.work(action, self.mailboxes, SECONDS)

    def tell(self, handler: str, what: str, value: object) -> None:
        """A figure."""
        self.report.figure(f"load-{handler}-{what}", value)


def bounded(watch: Watch, handler: str, limit: int) -> None:
    """Processes and memory stayed within the bounds."""
    each = 2 if handler in PROXIES else 1  # a dialler
    check(watch.sessions <= limit,
          f"{watch.sessions} sessions where {limit} are allowed")
    check(watch.processes <= each * limit, f"{watch.processes} processes")
    check(watch.resident <= watch.processes * SESSION_KIB +
          N_HONEST * MOST_KIB, f"memory: {watch}")
    check(watch.peak <= MOST_KIB, f"one with {watch.peak} KiB")


def alone(site: Site, handler: str) -> None:
    """Honest clients without a load."""
    with site.acceptor(handler) as server, Watch(server.process.pid) as watch:
        site.tell(handler, "alone", site.honest(handler, server.port))
    site.tell(handler, "alone-cost", watch)


def one_address(site: Site, handler: str) -> None:
    """500 from one address, that come again: they get no more than its part."""
    with (site.acceptor(handler) as server,
          Watch(server.process.pid) as watch,
          flood(server.port, 1, again=True) as met):
        honest = site.honest(handler, server.port)
    site.tell(handler, "one-address", honest)
    site.tell(handler, "one-address-cost", watch)
    site.report.note(f"they met {met}; honest clients met {dict(honest.met)}")
    check(not honest.met, f"honest clients were turned away: {honest.met}")
    # A session may outlive its last word by a moment.
    bounded(watch, handler, PER_SOURCE + 2 * N_HONEST)


def all_places(site: Site, handler: str) -> None:
    """500 from 50 addresses have all places, until their time is up."""
    with (site.acceptor(handler) as server,
          Watch(server.process.pid) as watch,
          flood(server.port, 50, again=False) as met):
        honest = site.honest(handler, server.port)
    site.tell(handler, "all-places", honest)
    site.tell(handler, "all-places-cost", watch)
    site.report.note(f"they met {met}; honest clients met {dict(honest.met)}")
    check(watch.sessions > INSTANCES * 3 // 4,
          f"no more than {watch.sessions} sessions at once: no load")
    bounded(watch, handler, INSTANCES)


def more_senders(site: Site) -> None:
    """All of them get rid of their message, and each is there once."""
    mailbox = site.instance.create_mailbox("many senders")
    with site.acceptor("smtp-journal", ROOM, ROOM) as server:
        honest = Honest(site.instance, server.port, "smtp-journal",
                        backs_off=True)
        with Watch(server.process.pid) as watch:
            honest.all_at_once([functools.partial(
                honest.until_done, honest.send, number, f"s{number}", mailbox)
                for number in range(SENDERS)])
        server.idle()
    site.tell("smtp-journal", f"{SENDERS}-senders-{ROOM}-places", honest)
    site.tell("smtp-journal", f"{SENDERS}-senders-cost", watch)
    equal(len(site.instance.kept(mailbox)), SENDERS, "messages")
    check(watch.sessions <= ROOM, f"{watch.sessions} sessions")
    check(watch.resident <= ROOM * MOST_KIB and watch.peak <= MOST_KIB,
          f"memory: {watch}")


def cases(place: Place, report: Report, _args: Namespace) -> Iterator[Case]:
    """Each handler alone, and under each kind of load."""
    site = Site(place, report)
    for handler in HANDLERS:
        for case in (alone, one_address, all_places):
            yield (f"load-{case.__name__.replace('_', '-')}-{handler}",
                   functools.partial(case, site, handler))
    yield "load-more-senders", lambda: more_senders(site)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
