# SPDX-License-Identifier: GPL-3.0-or-later
"""The people of a storm: those who append, those who collect, and the killer.

Every session is a handler of its own, started for it; its pid is registered
as long as the process lives, so that the killer can find it at any moment,
also while it enters the index after its last answer.
"""

import collections
import contextlib
import os
import random
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.instance import Instance, Mailbox
from harness.pop3 import Pop3, Refused
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.wire import Vanished, Wire
from storm_ledger import Ledger, compose

PATIENCE = 60.0  # seconds until a worker gives a handler up
MOST_FETCHED = 30


class Living:
    """The handlers that run now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.processes: dict[int, tuple[str, float]] = {}
        self.killed: collections.Counter = collections.Counter()

    def enter(self, process: subprocess.Popen, name: str) -> None:
        """It has been started."""
        with self.lock:
            self.processes[process.pid] = name, time.monotonic()

    def leave(self, process: subprocess.Popen) -> int:
        """Wait for its end; the pid is not ours any more after that."""
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self.lock:
            del self.processes[process.pid]
        return process.wait()

    def kill_one(self, rng: random.Random) -> bool:
        """Kill one of them, whichever, whatever it is doing."""
        with self.lock:
            if not self.processes:
                return False
            pid = rng.choice(list(self.processes))
            os.kill(pid, signal.SIGKILL)
            self.killed[self.processes[pid][0]] += 1
            return True

    def kill_all(self) -> None:
        """End what is stuck when all is over."""
        with self.lock:
            for pid in self.processes:
                os.kill(pid, signal.SIGKILL)

    def describe(self) -> list[str]:
        """Who is there, and since when."""
        now = time.monotonic()
        with self.lock:
            return [f"{name} (pid {pid}) for {now - since:.1f} s"
                    for pid, (name, since) in self.processes.items()]


def still_running(conf: Path) -> list[str]:
    """Processes started with that configuration file: a dialler outlives its
    session by a moment."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().split(b"\0")
            if os.fsencode(conf) in words:
                found.append(f"{file.parent.name} {os.fsdecode(words[0])}")
    return found


class Clock:
    """The longest wait of each kind."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self.waits: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def wait(self, kind: str) -> Iterator[None]:
        """Measure what is done within, unless it fails."""
        begin = time.monotonic()
        yield
        took = time.monotonic() - begin
        self.waits.setdefault(kind, []).append(took)
        self.longest[kind] = max(took, self.longest.get(kind, 0.0))


class Storm:
    """What all workers share."""

    def __init__(self, instance: Instance, mailboxes: list[Mailbox]) -> None:
        self.instance = instance
        self.mailboxes = mailboxes
        self.ledger = Ledger()
        self.living = Living()
        self.clock = Clock()
        self.over = threading.Event()
        self.spared: Mailbox | None = None  # nobody collects from this one
        self.outcomes: collections.Counter = collections.Counter()

    @contextlib.contextmanager
    def session(self, spawner: Spawner, name: str) -> Iterator[Wire]:
        """A connection to a new handler, which has ended afterwards."""
        client, process = spawner.open()
        self.living.enter(process, name)
        wire = Wire(client, PATIENCE)
        try:
            yield wire
        except Vanished:
            self.outcomes[f"{name} vanished"] += 1
        except TimeoutError:
            self.ledger.violation(f"{name} said nothing for {PATIENCE} s")
        finally:
            wire.close()
            with self.clock.wait(f"{name}-end"):
                status = self.living.leave(process)
            if status not in (0, 75, -signal.SIGKILL):
                self.ledger.violation(f"{name} ended with {status}")

    def append(self, spawner: Spawner, rng: random.Random) -> None:
        """One connection with a few messages, some to two mailboxes."""
        with self.session(spawner, "smtp-journal") as wire:
            smtp = Smtp(wire, self.instance.context)
            for _ in range(rng.choice((1, 1, 2, 4))):
                to = rng.sample(self.mailboxes, rng.choice((1, 1, 1, 2)))
                self._append_one(smtp, to, rng)
            smtp.command("QUIT")

    def _append_one(self, smtp: Smtp, to: list[Mailbox],
                    rng: random.Random) -> None:
        ids = [mailbox.id for mailbox in to]
        number = self.ledger.new(ids)
        content = compose(number, rng)
        with self.clock.wait("keep"):
            reply = smtp.deliver([mailbox.address for mailbox in to], content)
        if reply.code == 250:
            self.ledger.acknowledge(ids, number)
        elif 400 <= reply.code < 500:
            self.outcomes[f"smtp-journal {reply}"] += 1
            smtp.command("RSET")
        else:
            self.ledger.violation(f"smtp-journal said {reply}")

    def collect(self, spawner: Spawner, mailbox: Mailbox, rng: random.Random,
                most: int = MOST_FETCHED, everything: bool = False) -> bool:
        """One connection that fetches, and deletes most of what it fetched.

        True where it was answered to the end.
        """
        with self.session(spawner, "pop3-serve") as wire:
            began = time.monotonic()
            pop3 = Pop3(wire, self.instance.context)
            if not self._log_in(pop3, mailbox):
                return False
            fetched, whole = self._fetch(pop3, mailbox, most)
            numbers = self.ledger.seen(mailbox.id, began,
                                       list(fetched.values()), whole)
            if len(numbers) < len(fetched):
                return False
            leaving = []
            for place, number in zip(fetched, numbers):
                if everything or rng.random() < 0.7:
                    pop3.dele(place)
                    leaving.append(number)
            self.ledger.leave(mailbox.id, leaving)
            try:
                with self.clock.wait("quit"):
                    pop3.command("QUIT")
            except Refused as why:
                self.outcomes[f"pop3-serve QUIT {why}"] += 1
                return False
            self.ledger.confirm(mailbox.id, leaving)
            return True
        return False

    def _log_in(self, pop3: Pop3, mailbox: Mailbox) -> bool:
        try:
            with self.clock.wait("login"):
                pop3.login(mailbox.id, mailbox.password)
        except Refused as why:
            if "[AUTH]" in str(why):
                self.ledger.violation(f"{mailbox.id}: right password, {why}")
            self.outcomes[f"pop3-serve {why}"] += 1
            return False
        return True

    def _fetch(self, pop3: Pop3, mailbox: Mailbox,
               most: int) -> tuple[dict[int, bytes], bool]:
        """The messages by their places, and whether these are all."""
        fetched = {}
        listed = pop3.list()
        for place, size in list(listed.items())[:most]:
            try:
                content = pop3.retr(place)
            except Refused as why:
                self.ledger.violation(f"{mailbox.id}: RETR {place}: {why}")
                continue
            if len(content) != size:
                self.ledger.violation(f"{mailbox.id}: LIST said {size}, RETR "
                                      f"gave {len(content)} octets")
            fetched[place] = content
        return fetched, len(fetched) == len(listed)

    def work(self, seed: int, task: Callable[[random.Random], object]) -> None:
        """What one worker does until the storm is over."""
        rng = random.Random(seed)
        try:
            while not self.over.is_set():
                task(rng)
                self.outcomes["sessions"] += 1
        except Exception as why:  # pylint: disable=broad-except
            self.ledger.violation(f"worker {seed}: {traceback.format_exc()}")
            raise SystemExit from why

    def empty(self, spawner: Spawner, mailbox: Mailbox,
              rng: random.Random) -> None:
        """Collect from one mailbox, unless it is spared just now."""
        if mailbox == self.spared:
            self.over.wait(0.05)
        else:
            self.collect(spawner, mailbox, rng)

    def kill(self, pause: float) -> None:
        """Kill somebody every `pause` seconds on average."""
        rng = random.Random()
        while not self.over.wait(rng.expovariate(1 / pause)):
            self.living.kill_one(rng)
