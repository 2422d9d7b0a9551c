# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger in a storm: its runs and the sweep's go on all the while, and so do
adopt, resume and drop; all are killed like everybody. What was signed once is
there to the end, or the host's ledger says that it was dropped; and nothing that a
storm does is an alarm, or missed.
"""

import json
import os
import random
import signal
import subprocess
import time

from harness.instance import Instance
from harness.ledger import Ledger
from harness.published import Published, no_alarm
from harness.report import equal
from storm_workers import Storm

N_DEAD = 8  # ledgers of mailboxes that were deleted before


class Sequencer:
    """Who runs the ledger and the sweep in turn."""

    def __init__(self, instance: Instance, storm: Storm) -> None:
        self.instance, self.storm = instance, storm
        self.ledger = Ledger(instance)
        self.published = Published(self.ledger.path)
        self.killed = 0
        self.log = instance.root / "sequencer.log"
        self.dead = [instance.create_mailbox(f"dead {n}").id
                     for n in range(N_DEAD)]
        self.ledger.run()
        for name in self.dead:
            instance.restante("mailbox", "suspend", name)
            instance.restante("mailbox", "delete", name, "--yes")
        self.ledger.run()

    def work(self, rng: random.Random) -> None:
        """A run of one of the two; then what it has published is kept."""
        if rng.random() < 0.3:
            self._start(rng, "sweep",
                        self.instance.place.prefix / "bin/restante", "sweep")
        else:
            self.ledger.make_due()
            self._start(rng, "ledger", self.instance.place.handler("ledger"),
                        *self._task(rng))
        self.published.look()
        self.storm.over.wait(rng.uniform(0, 0.5))

    def _task(self, rng: random.Random) -> tuple[str, ...]:
        """A run; now and then another ledger in the place of one, or none."""
        name = rng.choice([mailbox.id for mailbox in self.storm.mailboxes])
        left = [name for name in self.dead if self._is_there(name)]
        drop = ("--drop", rng.choice(left)) if left else ("--once",)
        return rng.choices((("--once",), ("--adopt", name, "--reason", "storm"),
                            ("--resume", name, "--reason", "storm"),
                            ("--resume", "host", "--reason", "storm"), drop),
                           (3, 2, 1, 1, 1))[0]

    def _is_there(self, name: str) -> bool:
        return (self.ledger.path / name).exists()

    def _start(self, rng: random.Random, name: str, program: object,
               *args: str) -> None:
        """A run is short, and the one who kills seldom meets it: every other
        one is killed here.
        """
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [program, "-c", self.instance.conf, *args], stderr=log,
                stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            self.storm.living.enter(process, name)
            if rng.random() < 0.5:
                time.sleep(rng.uniform(0, 0.1))
                os.kill(process.pid, signal.SIGKILL)
            self.killed += self.storm.living.leave(process) == -signal.SIGKILL

    def signed_to_the_end(self) -> None:
        """Every ledger holds, and extends whatever was published of it."""
        for mailbox in self.storm.mailboxes:  # however few a busy host had
            self._sign()
            self.instance.restante("mailbox", "set", mailbox.id,
                                   "description=signed")
        self._sign()
        self._forget_the_dropped()
        equal(set(self.published.notes),
              {mailbox.id for mailbox in self.storm.mailboxes} |
              {name for name in self.dead if self._is_there(name)},
              "mailboxes whose ledger has published")
        self.published.extended()
        self.instance.restante("ledger", "verify")

    def _forget_the_dropped(self) -> None:
        """What they published is in the host's ledger, and that they went."""
        said = json.loads(self.instance.restante("ledger", "verify", "--json")
                          .stdout)
        for name in self.dead:
            there = self._is_there(name)
            equal([("dropped" in one, one["holds"]) for one in said
                   if one["ledger"] == name], [(not there, True)],
                  f"dropped, and holds: {name}")
            if not there:
                self.published.notes.pop(name)

    def _sign(self) -> None:
        self.ledger.make_due()
        self.ledger.run()
        self.published.look()

    def no_alarm(self) -> None:
        """In all its runs."""
        no_alarm(self.log.read_text("utf-8", "replace"))

    def figure(self) -> str:
        """How much it had to do."""
        entries = sum((self.ledger.path / name / "tiles").stat().st_size // 32
                      for name in self.published.notes)
        dropped = N_DEAD - sum(map(self._is_there, self.dead))
        former = len(list(self.ledger.path.glob("*/former/*")))
        return f"{entries} entries, {self.killed} runs killed, " \
            f"{self.published.count()} checkpoints, {former} ledgers of " \
            f"before, {dropped} dropped"
