# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail clients in a storm: they send and fetch through the proxies, and the
ledger is told what the clients and the real server saw of it.
"""

import random
import threading
from pathlib import Path

from harness.instance import Mailbox
from harness.nets import THEIRS, OtherHost
from harness.pop3 import Pop3, Refused
from harness.servers import Spawner
from harness.smtp import Smtp
from storm_ledger import compose
from storm_upstream import message, user_name
from storm_workers import Storm

TARGETS = (f"{THEIRS}:4465,tls=implicit", f"{THEIRS}:4995,tls=implicit")


class Clients:
    """Those who send and fetch, and the server behind."""

    def __init__(self, storm: Storm, other: OtherHost) -> None:
        self.storm = storm
        self.lock = threading.Lock()
        self.acknowledged: set[int] = set()
        self.unsent: set[int] = set()
        self.n_accepted = 0
        self.accounts: list[tuple[Mailbox, int, int]] = []
        instance = storm.instance
        self.sink = instance.root / "sink"
        self.sink.touch()
        other.serve("storm_upstream", THEIRS, instance.tls.certificate,
                    instance.tls.key, self.sink)
        for mailbox in storm.mailboxes:
            for target in TARGETS:
                instance.restante("mailbox", "target", "add", mailbox.id,
                                  target)

    # --- sending

    def send(self, spawner: Spawner, rng: random.Random) -> None:
        """One connection with a few messages."""
        storm, mailbox = self.storm, rng.choice(self.storm.mailboxes)
        with storm.session(spawner, "smtp-proxy") as wire:
            smtp = Smtp(wire, storm.instance.context, implicit=True)
            with storm.clock.wait("proxy-login"):
                reply = smtp.auth_plain(f"joe%{THEIRS}:4465%{mailbox.id}")
            if reply.code != 235:
                self._login_failed(str(reply), "535")
                return
            for _ in range(rng.choice((1, 1, 2, 4))):
                if not self._send_one(smtp, mailbox, rng):
                    return
            smtp.command("QUIT")

    def _login_failed(self, said: str, wrong: str) -> None:
        self.storm.outcomes[f"proxy login {said}"] += 1
        if wrong in said:
            self.storm.ledger.violation(f"right password: {said}")

    def _send_one(self, smtp: Smtp, mailbox: Mailbox,
                  rng: random.Random) -> bool:
        """False where the session is over."""
        ledger = self.storm.ledger
        number = ledger.new([mailbox.id])
        with self.storm.clock.wait("pass"):
            reply = smtp.deliver("to@example.org", compose(number, rng))
        if reply.code == 250:
            self.acknowledged.add(number)
            ledger.acknowledge([mailbox.id], number)
        elif reply.code == 554:
            ledger.refuse(mailbox.id, number)
        else:
            self.storm.outcomes[f"smtp-proxy {reply}"] += 1
        if reply.code == 451:
            self.unsent.add(number)
        return reply.code in (250, 554)

    # --- fetching

    def fetch(self, spawner: Spawner, rng: random.Random) -> None:
        """One connection that fetches what is new, or most of an old box."""
        storm = self.storm
        mailbox, first, count = self._account(rng)
        with storm.session(spawner, "pop3-proxy") as wire:
            pop3 = Pop3(wire, storm.instance.context, implicit=True)
            try:
                with storm.clock.wait("proxy-login"):
                    pop3.login(f"{user_name(first, count)}%{THEIRS}:4995%"
                               f"{mailbox.id}", "secret")
            except Refused as why:
                self._login_failed(str(why), "[AUTH]")
                return
            for place in pop3.list():
                if rng.random() < 0.9:
                    self._fetch_one(pop3, mailbox, place, first + place - 1)
            pop3.command("QUIT")

    def _account(self, rng: random.Random) -> tuple[Mailbox, int, int]:
        """A user who was there before, or a new one with his messages."""
        with self.lock:
            if self.accounts and rng.random() < 0.4:
                return rng.choice(self.accounts)
            mailbox = rng.choice(self.storm.mailboxes)
            count = rng.choice((1, 2, 5))
            first = self.storm.ledger.reserve([mailbox.id], count)
            self.accounts.append((mailbox, first, count))
            return self.accounts[-1]

    def _fetch_one(self, pop3: Pop3, mailbox: Mailbox, place: int,
                   number: int) -> None:
        ledger = self.storm.ledger
        ledger.begin_fetch(mailbox.id, number)
        try:
            with self.storm.clock.wait("fetch"):
                content = pop3.top(place, 99999999) if number % 3 == 0 \
                    else pop3.retr(place)
        except Refused as why:
            self.storm.outcomes[f"pop3-proxy {why}"] += 1
            return
        if content != message(number):
            ledger.violation(f"{number} came to the client as {content!r}")
        ledger.end_fetch(mailbox.id, number)

    # --- afterwards

    def settle(self) -> None:
        """What the server has got, against what was kept and said."""
        ledger = self.storm.ledger
        accepted: set[int] = set()
        for line in self.sink.read_text("ascii").splitlines():
            verdict, _, number = line.partition(" ")
            if verdict == "damaged":
                ledger.violation("the server got a damaged message")
            elif verdict == "accepted":
                accepted.add(int(number))
        self.n_accepted = len(accepted)
        for mailbox, number in list(ledger.entries):
            if number in accepted:
                ledger.acknowledge([mailbox], number)
        unsent = accepted & self.unsent
        if unsent:
            ledger.violation(f"sent, although the client was told that they "
                             f"were not: {sorted(unsent)[:5]}")
        if not self.acknowledged <= accepted:
            ledger.violation("never sent, although the client was told so: "
                             f"{sorted(self.acknowledged - accepted)[:5]}")
