# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done before the power goes: senders, mail clients through both
proxies, a collector, a change of password; where there is a ledger its runs,
sweeps, undo, messages that expire, ledgers in the place of others; and what was
promised meanwhile.
"""

import base64
import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

from harness.clock import Clock
from harness.instance import Instance, Mailbox
from harness.ledger import Ledger
from harness.nets import THEIRS, OtherHost
from harness.pop3 import Pop3
from harness.servers import Spawner
from harness.shadow import Journal, Record
from harness.smtp import Smtp
from harness.wire import Wire
from storm_ledger import compose, recognise
from storm_upstream import user_name

SENDERS = 2


class Promises:
    """What is known of the mailbox, mark by mark."""

    def __init__(self, password: str) -> None:
        self.kept: set[int] = set()  # must be there
        self.leaving: set[int] = set()  # may be there
        self.gone: set[int] = set()  # must not
        self.passwords = [password]  # the last one opens the mailbox
        self.published: set[bytes] = set()  # checkpoints of the mailbox

    def hear(self, r: Record) -> None:
        """Fold a mark in."""
        word, *rest = r.name.split()
        numbers = set(map(int, rest)) \
            if word not in ("password", "published") else set()
        if word == "kept":
            self.kept |= numbers
            self.leaving -= numbers
        elif word == "back":
            self.gone -= numbers
            self.leaving |= numbers
        elif word == "published":
            self.published.add(base64.b64decode(rest[0]))
        elif word == "leaving":
            self.kept -= numbers
            self.leaving |= numbers
        elif word == "gone":
            self.leaving -= numbers
            self.gone |= numbers
        elif word == "password":
            self.passwords.append(rest[0])


@dataclass
class Story:
    """One run under shadow.c."""

    instance: Instance
    mailbox: Mailbox
    journal: Journal
    library: Path
    rng: random.Random
    sides: dict[str, Spawner] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    last: int = 0
    ledger: Ledger | None = None
    clock: Clock | None = None
    dead: str = ""  # a mailbox that was deleted, and has a ledger
    days: int = 0
    left: list[int] = field(default_factory=list)  # of these none is back yet

    def begin(self, other: OtherHost) -> None:
        """Everybody is there."""
        tls = self.instance.tls
        other.serve("cut_upstream", THEIRS, tls.certificate, tls.key,
                    self.journal.path)
        wrap = ["env", *(f"{name}={value}"
                         for name, value in self.env().items())]
        for name in ("smtp-journal", "pop3-serve", "smtp-proxy", "pop3-proxy"):
            self.sides[name] = Spawner(self.instance, name, "--tls=implicit",
                                       wrap=wrap)

    def env(self) -> dict[str, str]:
        """For a program of ours."""
        return {"LD_PRELOAD": str(self.library),
                "SHADOW_JOURNAL": str(self.journal.path)}

    def tell(self, rounds: int) -> None:
        """All of it."""
        for turn in range(rounds):
            senders = [threading.Thread(target=self.send, args=(seed,))
                       for seed in self.rng.sample(range(10**6), SENDERS)]
            for sender in senders:
                sender.start()
            self.pass_on()
            self.fetch()
            for sender in senders:
                sender.join()
            if turn % 2:
                self.collect()
            if self.ledger:
                self.enter()
                self.sweep()
            if turn % 4 == 3:
                self.change_password()
            if self.ledger and turn % 4 == 3:
                self.expire()
            if self.ledger and turn % 4 == 1:
                self.undo()
            if self.ledger and turn % 2 == 0:
                self.succeed()

    # --- who speaks ----------------------------------------------------------

    def number(self) -> int:
        """Of the next message."""
        with self.lock:
            self.last += 1
            return self.last

    def wire(self, side: str) -> Wire:
        """A client's end."""
        with self.lock:
            client, _ = self.sides[side].open()
        return Wire(client)

    def send(self, seed: int) -> None:
        """Two copies by SMTP."""
        rng = random.Random(seed)
        smtp = Smtp(self.wire("smtp-journal"), self.instance.context,
                    implicit=True)
        for _ in range(2):
            number = self.number()
            smtp.deliver(self.mailbox.address, compose(number, rng)).want(250)
            self.journal.mark(f"kept {number}")
        smtp.quit()

    def pass_on(self) -> None:
        """One message that the real server takes, one that it refuses."""
        smtp = Smtp(self.wire("smtp-proxy"), self.instance.context,
                    implicit=True)
        smtp.auth_plain(f"joe%{THEIRS}:4465%{self.mailbox.id}").want(235)
        smtp.deliver("to@example.org", compose(self.number(), self.rng)
                     ).want(250)
        refused = compose(self.number(), self.rng)
        smtp.deliver("to@example.org", refused.replace(b"storm", b"refuse", 1)
                     ).want(554)
        smtp.quit()

    def fetch(self) -> None:
        """Two messages from the real server, the second one twice."""
        first, second = self.number(), self.number()
        pop3 = Pop3(self.wire("pop3-proxy"), self.instance.context,
                    implicit=True)
        pop3.login(f"{user_name(first, 2)}%{THEIRS}:4995%{self.mailbox.id}",
                   "secret")
        for at, number in ((1, first), (2, second), (2, second)):
            pop3.retr(at)
            self.journal.mark(f"kept {number}")
        pop3.quit()

    def collect(self) -> None:
        """Fetch half of what is there and delete it."""
        pop3 = Pop3(self.wire("pop3-serve"), self.instance.context,
                    implicit=True)
        pop3.login(self.mailbox.id, self.mailbox.password)
        messages = {at: recognise(pop3.retr(at)) for at in pop3.list()}
        chosen = self.rng.sample(sorted(messages), len(messages) // 2)
        for at in chosen:
            pop3.dele(at)
        numbers = " ".join(str(messages[at]) for at in chosen)
        self.journal.mark(f"leaving {numbers}")
        pop3.quit()
        self.journal.mark(f"gone {numbers}")
        self.left += [messages[at] for at in chosen]

    # --- the ledger ------------------------------------------------------------

    def enter(self, **env: str) -> None:
        """A run of the ledger, which signs."""
        self.ledger.make_due()
        env = env or self.env()
        self.ledger.run(**env)
        note = (self.ledger.of(self.mailbox) / "checkpoint").read_bytes()
        self.journal.mark(f"published {base64.b64encode(note).decode()}")

    def succeed(self) -> None:
        """Another ledger in the place of one; the dead mailbox's is dropped. Each
        is killed somewhere, and the next run goes on with it.
        """
        program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
            "libexec/restante/ledger"
        self.journal.mark("acting")
        for act in (("--adopt", self.mailbox.id), ("--resume", "host"),
                    ("--resume", self.mailbox.id), ("--drop", self.dead)):
            self.ledger.run(*act, "--reason", "a test", want=None,
                            program=program, **self.env(),
                            RESTANTE_FAULT_POINT=str(self.rng.randint(1, 30)))
            self.enter()
        self.journal.mark("acted")

    def sweep(self) -> None:
        """As the timer does."""
        self.instance.restante("sweep", env=self.env())

    def undo(self) -> None:
        """All that was deleted comes back."""
        numbers = " ".join(map(str, self.left))
        self.journal.mark(f"back {numbers}")
        self.instance.restante("mailbox", "undo", self.mailbox.id,
                               env=self.env())
        self.journal.mark(f"kept {numbers}")
        self.left = []

    def expire(self) -> None:
        """All that waits is had and left there; its day comes."""
        pop3 = Pop3(self.wire("pop3-serve"), self.instance.context,
                    implicit=True)
        pop3.login(self.mailbox.id, self.mailbox.password)
        had = [recognise(pop3.retr(at)) for at in pop3.list()]
        pop3.quit()
        self.enter()
        numbers = " ".join(map(str, had))
        self.journal.mark(f"leaving {numbers}")
        for _ in range(2):
            self.days += 1
            self.clock.ahead(self.days * 24 * 3600)
            listed = self.ledger.of(self.mailbox) / "expired"
            if listed.exists():
                os.utime(listed, (0, 0))
            both = f"{self.library} {self.clock.env['LD_PRELOAD']}"
            self.enter(**{**self.env(), **self.clock.env, "LD_PRELOAD": both})
        self.sweep()
        self.journal.mark(f"gone {numbers}")
        self.left += had

    def change_password(self) -> None:
        """A new one, shown and confirmed."""
        said = self.instance.restante(
            "mailbox", "passwd", self.mailbox.id,
            text=self.mailbox.password + "\n", env=self.env()).stdout
        self.mailbox.password = said.split()[1]
        self.journal.mark(f"password {self.mailbox.password}")
        self.instance.restante("mailbox", "passwd", self.mailbox.id,
                               "--confirm", env=self.env())
