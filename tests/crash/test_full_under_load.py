#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is filled to its last block and freed again and again while
senders deliver and a collector collects, for FULL_SECONDS. Whoever is refused
is told to try again; what was acknowledged is there and whole, or collected.
"""

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.behind import Behind
from harness.instance import Instance
from harness.mounts import small_disk
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Failure, Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.wire import Vanished
from storm_ledger import compose, recognise

SECONDS = float(os.environ.get("FULL_SECONDS", "6"))
SIZE = 24 << 20
SENDERS = 3


class Load:
    """Senders, a collector, and somebody who fills the disk."""

    def __init__(self, place: Place, report: Report) -> None:
        require_private_mounts()
        self.report = report
        self.disk = small_disk(place, "disk", SIZE)
        self.instance = Instance(place, store=self.disk / "store",
                                 limits={"reserve": 0})
        self.mailbox = self.instance.create_mailbox()
        place.give(self.disk)
        place.become_user()
        self.end = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.last = 0
        self.acknowledged: set[int] = set()
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []

    def number(self) -> int:
        """Of the next message."""
        with self.lock:
            self.last += 1
            return self.last

    # --- what goes on ----------------------------------------------------------

    def send(self) -> None:
        """One message after the other, a session each."""
        rng = random.Random(threading.get_ident())
        while time.monotonic() < self.end:
            number = self.number()
            session = Behind(self.instance, "smtp-journal")
            said = session.deliver(self.mailbox.address, compose(number, rng))
            session.end()
            with self.lock:
                self.outcomes[said] += 1
                if said == "250":
                    self.acknowledged.add(number)
                elif said[0] not in "4v":
                    self.faults.append(f"told {said}")

    def collect(self) -> set[int]:
        """Everything there is; it is deleted."""
        session = Behind(self.instance, "pop3-serve")
        numbers: set[int] = set()
        try:
            pop3 = Pop3(session.wire)
            pop3.login(self.mailbox.id, self.mailbox.password)
            for at in pop3.list():
                number = recognise(pop3.retr(at))
                check(number is not None, "a message is not whole")
                numbers.add(number)
                pop3.dele(at)
            self.leaving |= numbers
            pop3.quit()
            self.gone |= numbers
        finally:
            session.end()
        return numbers

    def keep_collecting(self) -> None:
        """All the time; a collector who is refused comes again."""
        while time.monotonic() < self.end:
            try:
                self.collect()
                self.outcomes["collected"] += 1
            except (Refused, Vanished) as why:
                self.outcomes[f"collector: {type(why).__name__}"] += 1
            except Failure as why:
                self.faults.append(str(why))

    def fill(self) -> None:
        """Every block, then none; how long it stays so is chance."""
        filler = self.disk / "filler"
        while time.monotonic() < self.end:
            with open(filler, "wb", buffering=0) as file:
                try:
                    while time.monotonic() < self.end:
                        file.write(bytes(65536))
                except OSError:
                    self.outcomes["filled"] += 1
                time.sleep(random.random() / 4)
            filler.unlink()
            time.sleep(random.random() / 8)

    # --- what must hold ----------------------------------------------------------

    def run(self) -> None:
        """All at once; then what is left is looked at."""
        acts: list[Callable[[], None]] = [*[self.send] * SENDERS,
                                          self.keep_collecting, self.fill]
        threads = [threading.Thread(target=act) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(self.faults, [], "faults")
        unsure, gone = set(self.leaving), set(self.gone)
        self.instance.restante("sweep")
        numbers = self.collect()
        equal(self.acknowledged - unsure - numbers, set(),
              "acknowledged and lost")
        equal(gone & numbers, set(), "deleted and back")
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")
        for word in ("250", "452", "filled", "collected"):
            check(self.outcomes[word], f"no {word}: {self.outcomes}")
        for word, n in sorted(self.outcomes.items()):
            self.report.figure(f"full-{word.replace(' ', '')}", n)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """One run."""
    yield "full-under-load", lambda: Load(place, report).run()


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
