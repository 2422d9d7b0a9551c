#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A storm: 16 senders, 4 mail clients behind the proxies and one collector for
each of 3 mailboxes, all through real handlers, of which a random one is killed
with KILL every 50 ms, and so are the runs of the ledger and of the sweep. In the middle of it a mailbox is copied once each with
tar, cp and rsync. Then: every
acknowledged message is there once and whole, in the store or collected; so is
every message that the real server got or a client fetched; nothing is still
stuck 8 seconds after the storm; and each copy opens elsewhere, on another disk,
with everything acknowledged before it was begun, with what happened, and its
passwords as they were.

STORM_SECONDS (30) and STORM_KILLS (200) say how long it lasts at least. The
proxies need a second host, and that needs root.
"""

import contextlib
import functools
import os
import random
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.mounts import small_disk
from harness.nets import OtherHost
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check
from harness.script import (NAMESPACE, Case, require_private_mounts,
                            run_script)
from harness.servers import Spawner
from harness.wire import Wire
from storm_copies import Copy, check_past, make_copy, open_copy
from storm_proxies import Clients
from storm_sequencer import Sequencer
from storm_workers import Storm, still_running

N_SENDERS = 16
N_CLIENTS = 4
N_MAILBOXES = 3
SECONDS = float(os.environ.get("STORM_SECONDS", "30"))
PATIENCE = max(240.0, 4 * SECONDS)  # on whatever machine
KILLS = int(os.environ.get("STORM_KILLS", "200"))
KILL_EVERY = 0.05
TOLD_IN_CLEAR = ("smtp-journal", "pop3-serve")
STUCK_AFTER = 8.0


class Weather:
    """The storm as the cases see it."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(place)
        mailboxes = [self.instance.create_mailbox(f"storm {n}")
                     for n in range(N_MAILBOXES)]
        self.disk = place.root
        if os.environ.get(NAMESPACE):
            self.disk = small_disk(place, "elsewhere", 1 << 30, 65536)
        self.retired = {mailbox.id: mailbox.password for mailbox in mailboxes}
        for mailbox in mailboxes:
            self.use_new_password(mailbox)
        self.storm = Storm(self.instance, mailboxes)
        self.sequencer = Sequencer(self.instance, self.storm)
        self.clients: Clients | None = None
        self.copies: list[Copy] = []
        self.troubles: dict[str, str] = {}
        self.threads: list[threading.Thread] = []

    def use_new_password(self, mailbox: Mailbox) -> None:
        """Used, and not settled: what is copied is a mark and a file."""
        said = self.instance.restante("mailbox", "passwd", mailbox.id,
                                      text=mailbox.password + "\n").stdout
        mailbox.password = said.split()[1]
        server = Spawner(self.instance, "pop3-serve", "--tls=starttls")
        pop3 = Pop3(Wire(server.open()[0]), self.instance.context)
        pop3.login(mailbox.id, mailbox.password)
        pop3.quit()
        server.close()

    def bring_clients(self, stack: contextlib.ExitStack) -> None:
        """The real server, and the proxies in front of it."""
        require_private_mounts()
        other = stack.enter_context(OtherHost())
        self.instance.configure(proxy={"upstream-ca": self.instance.tls.ca})
        self.clients = Clients(self.storm, other)

    def _tasks(self) -> list[Callable[[random.Random], object]]:
        """What everybody does, each with listeners of his own."""
        storm, clients = self.storm, self.clients

        def of(handler: str, what: Callable, *args: object) -> Callable:
            mode = "starttls" if handler in TOLD_IN_CLEAR else "implicit"
            spawner = Spawner(self.instance, handler, f"--tls={mode}")
            return functools.partial(what, spawner, *args)

        tasks = [of("smtp-journal", storm.append) for _ in range(N_SENDERS)]
        tasks += [of("pop3-serve", storm.empty, m) for m in storm.mailboxes]
        tasks.append(self.sequencer.work)
        if clients:
            for _ in range(N_CLIENTS // 2):
                tasks += [of("smtp-proxy", clients.send),
                          of("pop3-proxy", clients.fetch)]
        return tasks

    def rage(self) -> None:
        """Let it happen."""
        storm = self.storm
        self.instance.place.become_user()
        began = time.monotonic()
        for seed, task in enumerate(self._tasks()):
            self._start(storm.work, seed, task)
        self._start(storm.kill, KILL_EVERY)
        events = self._start(self._disturb, began)
        while time.monotonic() - began < PATIENCE:
            time.sleep(0.05)
            if (time.monotonic() - began >= SECONDS and
                    self._killed() >= KILLS and not events.is_alive()):
                break
        storm.over.set()
        self.report.figure("storm-seconds", f"{time.monotonic() - began:.0f}")
        check(self._killed() >= KILLS,
              f"only {self._killed()} of {KILLS} kills came about")

    def _start(self, what: Callable, *args: object) -> threading.Thread:
        thread = threading.Thread(target=what, args=args, daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def _copy_when_filled(self, program: str, mailbox: Mailbox) -> Copy:
        """Nobody collects until there is something to be copied."""
        self.storm.spared = mailbox
        until(lambda: self._waiting(mailbox) >= 10, PATIENCE / 4,
              "some messages wait in the mailbox to be copied")
        self.storm.spared = None
        return make_copy(self.instance, self.storm.ledger, program, mailbox,
                         self.disk)

    def _waiting(self, mailbox: Mailbox) -> int:
        now = time.monotonic()
        return len(self.storm.ledger.due(mailbox.id, now, now))

    def _killed(self) -> int:
        return sum(self.storm.living.killed.values())

    def _disturb(self, began: float) -> None:
        """Copies, spread over the storm."""
        boxes = self.storm.mailboxes
        plan = [("tar", 0.2, boxes[0]), ("cp", 0.4, boxes[1]),
                ("rsync", 0.7, boxes[2])]
        for name, when, mailbox in plan:
            time.sleep(max(0.0, began + when * SECONDS - time.monotonic()))
            try:
                self.copies.append(self._copy_when_filled(name, mailbox))
            except Exception as why:  # pylint: disable=broad-except
                self.troubles[name] = f"{type(why).__name__}: {why}"

    def calm_down(self) -> None:
        """Everybody ends what he has begun, within 8 seconds."""
        end = time.monotonic() + STUCK_AFTER
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        stuck = self.storm.living.describe()
        self.storm.living.kill_all()
        check(not stuck, f"still there after {STUCK_AFTER:g} s: {stuck}")
        until(lambda: not still_running(self.instance.conf),
              max(0.1, end - time.monotonic()),
              f"all have ended: {still_running(self.instance.conf)}")

    def collect_the_rest(self) -> None:
        """Whatever is left is fetched; then every account must balance."""
        storm, rng = self.storm, random.Random()
        if self.clients:
            self.clients.settle()
        server = Spawner(self.instance, "pop3-serve", "--tls=starttls")
        for mailbox in storm.mailboxes:
            check(storm.collect(server, mailbox, rng, most=10 ** 9,
                                everything=True),
                  f"{mailbox.id} cannot be collected: {storm.outcomes}")
            check(not self.instance.kept(mailbox),
                  f"{mailbox.id} is not empty after everything was deleted")
        lost = [key for key, entry in storm.ledger.entries.items()
                if entry.acknowledged < entry.leaving == float("inf")]
        check(not lost, f"{len(lost)} acknowledged messages are lost: "
              f"{lost[:5]}")

    def no_violation(self) -> None:
        """Nothing twice, nothing damaged, nothing that came back."""
        found = self.storm.ledger.violations
        check(not found, f"{len(found)} violations: {found[:5]}")

    def sweep(self) -> None:
        """Afterwards sweeping leaves nothing in tmp/. A run takes so many
        tickets and so long; after hours of storm it takes several.
        """
        left = self._in_tmp()
        while left:
            self.instance.restante("sweep")
            before, left = left, self._in_tmp()
            check(left < before, f"{left} names in tmp/, and no fewer after "
                  "another sweep")

    def _in_tmp(self) -> int:
        return sum(len(os.listdir(self.instance.folder(mailbox) / "tmp"))
                   for mailbox in self.storm.mailboxes)

    def copy(self, program: str) -> None:
        """One copy opens, with all that was due."""
        check(program not in self.troubles, self.troubles.get(program, ""))
        copy = next(c for c in self.copies if c.program == program)
        check_past(self.instance, copy, self.retired[copy.mailbox.id])
        number = open_copy(self.instance, self.storm.ledger, copy)
        self.report.figure(f"storm-copy-{program}", f"{number} messages, "
                           f"{len(copy.due)} due, {copy.took:.3f} s")

    def figures(self) -> None:
        """What happened, in numbers."""
        storm, say = self.storm, self.report.figure
        killed = storm.living.killed
        say("storm-kills", f"{self._killed()} ({dict(killed)})")
        say("storm-ledger", self.sequencer.figure())
        say("storm-sessions", storm.outcomes["sessions"])
        say("storm-acknowledged", storm.ledger.count("acknowledged"))
        say("storm-collected", storm.ledger.count("gone"))
        if self.clients:
            say("storm-sent-by-proxy", self.clients.n_accepted)
            say("storm-fetched-by-proxy",
                len(storm.clock.waits.get("fetch", [])))
        say("storm-longest-wait", f"{max(storm.clock.longest.values()):.3f} s")
        for kind, waits in sorted(storm.clock.waits.items()):
            waits.sort()
            say(f"storm-wait-{kind}", f"median {waits[len(waits) // 2]:.3f} s, "
                f"99 % {waits[len(waits) * 99 // 100]:.3f} s, "
                f"longest {waits[-1]:.3f} s of {len(waits)}")
        for outcome, number in sorted(storm.outcomes.items()):
            self.report.note(f"{number} times {outcome}")


def cases(place: Place, report: Report, _args: Namespace) -> Iterator[Case]:
    """In this order: each builds on the one before."""
    weather = Weather(place, report)
    with contextlib.ExitStack() as stack:
        yield "storm-proxies", lambda: weather.bring_clients(stack)
        yield "storm-kills", weather.rage
        yield "storm-nothing-stuck", weather.calm_down
    yield "storm-nothing-lost", weather.collect_the_rest
    yield "storm-once-and-whole", weather.no_violation
    for program in ("tar", "cp", "rsync"):
        yield f"storm-copy-{program}", lambda p=program: weather.copy(p)
    yield "storm-swept", weather.sweep
    yield "storm-signed", weather.sequencer.signed_to_the_end
    yield "storm-no-alarm", weather.sequencer.no_alarm
    weather.figures()


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
