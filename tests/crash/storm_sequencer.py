# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger in a storm: its runs and the sweep's go on all the while, and are
killed like everybody. What was signed once is there to the end, and nothing
that a storm does is an alarm.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

import stranger
from harness.instance import Instance
from harness.ledger import Ledger
from harness.report import check, equal
from storm_workers import Storm

ALARMS = ("Who changed it", "is gone", "is not whole", "before the ledger",
          "assert", "bug")


class Sequencer:
    """Who runs the ledger and the sweep in turn."""

    def __init__(self, instance: Instance, storm: Storm) -> None:
        self.instance, self.storm = instance, storm
        self.ledger = Ledger(instance)
        self.published: dict[str, set[bytes]] = {
            mailbox.id: set() for mailbox in storm.mailboxes}
        self.killed = 0
        self.log = instance.root / "sequencer.log"

    def work(self, rng: random.Random) -> None:
        """A run of one of the two; then what it has published is kept."""
        if rng.random() < 0.3:
            self._start(rng, "sweep",
                        self.instance.place.prefix / "bin/restante", "sweep")
        else:
            self.ledger.make_due()
            self._start(rng, "ledger", self.instance.place.handler("ledger"),
                        "--once")
        self._keep_published()
        self.storm.over.wait(rng.uniform(0, 0.5))

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

    def _keep_published(self) -> None:
        for name, notes in self.published.items():
            path = self.ledger.path / name / "checkpoint"
            if path.exists():
                notes.add(path.read_bytes())

    def signed_to_the_end(self) -> None:
        """Every ledger holds, and extends whatever was published of it."""
        self.ledger.make_due()
        self.ledger.run()
        for name, notes in self.published.items():
            account = stranger.verify(self.ledger.path / name)
            equal(account.unproved, 0, f"{name}: sessions without a proof")
            self._extends(self.ledger.path / name, notes)
        self.instance.restante("ledger", "verify")

    def _extends(self, folder: Path, notes: set[bytes]) -> None:
        entries = (folder / "entries").read_bytes().split(b"\n")[:-1]
        leaves = [stranger.leaf(entry) for entry in entries]
        vkey = (folder / "vkey").read_text()
        check(len(notes) > 1, f"{folder.name}: no two checkpoints: no test")
        for note in notes:
            _, size, root = stranger.read_note(note, vkey)
            check(stranger.root(leaves[:size]) == root,
                  f"{folder.name}: {size} entries are not what was signed")

    def no_alarm(self) -> None:
        """Nobody was robbed: no line of the log says so."""
        lines = [line for line in self.log.read_text("utf-8", "replace")
                 .splitlines() if any(word in line for word in ALARMS)]
        check(not lines, f"{len(lines)} alarms: {lines[:3]}")

    def figure(self) -> str:
        """How much it had to do."""
        entries = sum((self.ledger.path / name / "tiles").stat().st_size // 32
                      for name in self.published)
        return f"{entries} entries, {self.killed} runs killed, " \
            f"{sum(map(len, self.published.values()))} checkpoints"
