#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes, at any moment of a run with senders, mail clients through
both proxies, a collector, changes of the password, sweeps, runs of the ledger,
undo, messages that expire, and ledgers that take the place of others.

The run is written down by shadow.c; then, for each of POWER_CUTS moments, one
of the disks that could be found after it is made (disk_model.py) and opened by
the real programs. What was promised before the cut must hold: every message
acknowledged is there and whole, none comes back whose deletion was, the last
password shown opens the mailbox, and sweeping leaves nothing unfinished. The
ledger, which lies on the same disk, goes on without an alarm, extends each
checkpoint that it had published, and misses nothing. The seed is printed;
POWER_CUT_SEED repeats a run's choices. POWER_CUT_ROUNDS makes the run longer.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from cut_story import Promises, Story
from disk_model import Disk
from harness.behind import Behind
from harness.clock import Clock, boot_again
from harness.instance import Instance
from harness.ledger import Ledger
from harness.nets import OtherHost
from harness.place import Place
from harness.pop3 import Pop3
from harness.published import Published, no_alarm
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.shadow import Journal, Record, build
from harness.tools import SYSTEM_PATH
from storm_ledger import recognise
from storm_proxies import TARGETS

CUTS = int(os.environ.get("POWER_CUTS", "60"))
ROUNDS = int(os.environ.get("POWER_CUT_ROUNDS", "8"))


class PowerCut:
    """One run, and the disks after it."""

    def __init__(self, place: Place, report: Report) -> None:
        require_private_mounts()
        self.report = report
        self.seed = int(os.environ.get("POWER_CUT_SEED") or
                        random.randrange(1 << 32))
        report.note(f"POWER_CUT_SEED={self.seed}")
        self.disk = place.folder("disk")
        self.instance = Instance(place, store=self.disk / "store")
        self.ledger = Ledger(self.instance, self.disk / "ledger")
        # In memory: what fsync does to a real disk is not the question here.
        self.folder = place.folder("cuts")
        subprocess.run(["mount", "-t", "tmpfs", "none", self.folder],
                       check=True)
        place.give(self.folder)
        self.found = self.folder / "disk"
        self.store = self.found / "store"
        self.entered = self.found / "ledger"
        self.conf = self.instance.variant("cut", store=self.store,
                                          ledger={"path": self.entered})
        self.most_copies = 1
        self.mailbox = self.instance.create_mailbox()
        self.library = build(place)

    # --- an order that no run shows ------------------------------------------

    def what_was_found_is_synced(self) -> None:
        """former/, made by a run that was killed before it synced its name: no
        file goes there before that is done.
        """
        self.ledger.run()
        folder = self.ledger.of(self.mailbox)
        (folder / "former").mkdir()
        self.instance.place.give(folder / "former")
        journal = Journal(self.instance.root / "found")
        self.ledger.run("--adopt", self.mailbox.id,
                        LD_PRELOAD=str(self.library),
                        SHADOW_JOURNAL=str(journal.path))
        done = [record.what for record in journal.records() if
                record.what == "rename" and record.name == "entries" or
                record.what == "sync" and
                record.inode == folder.stat().st_ino]
        equal(done[:2], ["sync", "rename"], "of the folder, of its entries")

    # --- the run -------------------------------------------------------------

    def record(self) -> tuple[Disk, Promises, Journal]:
        """Have everything done once."""
        instance = self.instance
        instance.configure(proxy={"upstream-ca": instance.tls.ca})
        mailbox = self.mailbox
        for target in TARGETS:
            instance.restante("mailbox", "target", "add", mailbox.id, target)
        instance.restante("mailbox", "set", mailbox.id, "undo=90", "expire=1")
        self.ledger.run()
        dead = self.deleted()
        disk, promises = Disk(self.disk), Promises(mailbox.password)
        journal = Journal(instance.root / "journal")
        story = Story(instance, mailbox, journal, self.library,
                      random.Random(self.seed), ledger=self.ledger,
                      clock=Clock(instance.place), dead=dead)
        with OtherHost() as other:
            story.begin(other)
            story.tell(ROUNDS)
        boot_again(instance.place)
        return disk, promises, journal

    def deleted(self) -> str:
        """The id of a mailbox of which there is but a ledger."""
        mailbox = self.instance.create_mailbox()
        self.ledger.run()
        for words in (("suspend",), ("delete", "--yes")):
            self.instance.restante("mailbox", words[0], mailbox.id, *words[1:])
        self.ledger.sign()
        return mailbox.id

    # --- the disks -------------------------------------------------------------

    def cut_everywhere(self) -> None:
        """At chosen moments, each disk opened anew."""
        disk, promises, journal = self.record()
        self.instance.place.become_user()
        records = list(journal.records())
        rng = random.Random(self.seed)
        moments = sorted([*rng.choices(range(len(records)), k=CUTS - CUTS // 4),
                          *rng.choices(acting(records), k=CUTS // 4)])
        for at, record in enumerate(records):
            if record.what == "mark":
                promises.hear(record)
            else:
                disk.do(record)
            for turn in range(moments.count(at) if at in moments else 0):
                self.cut(disk, promises, f"{self.seed} {at} {turn}")
        self.report.figure("power-cuts", CUTS)
        self.report.figure("power-cut-operations", len(records))
        self.report.figure("power-cut-most-copies", self.most_copies)

    def cut(self, disk: Disk, promises: Promises, seed: str) -> None:
        """One disk."""
        shutil.rmtree(self.found, ignore_errors=True)
        disk.after_cut(random.Random(seed), self.found)
        try:
            self.verify(promises)
        except Exception as why:
            kept = self.instance.root / "failed"
            shutil.copytree(self.found, kept, dirs_exist_ok=True)
            raise type(why)(f"cut {seed}: {why}") from why

    def verify(self, promises: Promises) -> None:
        """What was promised holds."""
        numbers = self.collect(promises.passwords[-1])
        equal(promises.kept - set(numbers), set(), "acknowledged and gone")
        equal(promises.gone & set(numbers), set(), "deleted and back")
        self.most_copies = max([self.most_copies,
                                *map(numbers.count, set(numbers))])
        equal(len(self.waiting()), len(numbers), "in cur/")
        stays = self.waiting() - self.expired()
        self.sweep()
        folder = self.store / "mailboxes" / self.mailbox.id
        equal(os.listdir(folder / "tmp"), [], "in tmp/ after the sweep")
        equal(self.waiting(), stays, "in cur/ after the sweep")
        self.is_entered(promises)

    def waiting(self) -> set[str]:
        """ULIDs of what lies in cur/."""
        folder = self.store / "mailboxes" / self.mailbox.id / "cur"
        return {name[:26] for name in os.listdir(folder)}

    def expired(self) -> set[str]:
        """ULIDs of what the ledger has listed for the sweep."""
        listed = self.entered / self.mailbox.id / "expired"
        return {line.split("ulid=")[1][:26] for line in
                listed.read_text().splitlines()} if listed.exists() else set()

    def is_entered(self, promises: Promises) -> None:
        """The ledger goes on: no alarm, nothing taken back or missing."""
        self.ledger.make_due(self.entered)
        no_alarm(self.start("libexec/restante/ledger", "--once"))
        published = Published(self.entered)
        published.notes = {self.mailbox.id: set(promises.published)}
        published.look()
        if promises.published:
            published.extended()
        self.start("bin/restante", "ledger", "verify", "--content")

    def collect(self, password: str) -> list[int]:
        """The numbers of what is there; all of it must be whole."""
        session = Behind(self.instance, "pop3-serve", self.conf)
        pop3 = Pop3(session.wire)
        pop3.login(self.mailbox.id, password)
        numbers = []
        for at, size in pop3.list().items():
            content = pop3.retr(at)
            equal(len(content), size, "octets")
            number = recognise(content)
            check(number is not None, f"a message is not whole: {content!r}")
            numbers.append(number)
        pop3.quit()
        equal(session.end(), 0, "pop3-serve ended with")
        return numbers

    def sweep(self) -> None:
        """As the timer does."""
        self.start("bin/restante", "sweep")

    def start(self, program: str, *args: str) -> str:
        """One of ours on what was found; its log."""
        done = subprocess.run([self.instance.place.prefix / program, "-c",
                               self.conf, *args], text=True,
                              env={"PATH": SYSTEM_PATH}, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        equal(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done.stderr


def acting(records: list[Record]) -> list[int]:
    """Where one ledger takes the place of another."""
    found, now = [], False
    for at, record in enumerate(records):
        if record.what == "mark":
            now = record.name == "acting" or now and record.name != "acted"
        elif now:
            found.append(at)
    return found


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """One run."""
    power = PowerCut(place, report)
    yield "power-cut-order", power.what_was_found_is_synced
    yield "power-cut", power.cut_everywhere


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True,
                        private_net=True))
