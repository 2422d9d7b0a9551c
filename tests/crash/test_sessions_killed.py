#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every session killed at every step of what it does to the store. A clean run
is counted, then the same is done with KILL at step 1, 2, 3 …; after each, what
lies in tmp/ and cur/ must be a state of docs/store.md, the next collector must
find every message that was promised, whole and once, and none that was deleted
for good, and the sweep must leave nothing.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.nets import THEIRS, OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Failure, Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Spawner
from harness.shadow import Journal
from harness.smtp import Smtp
from harness.wire import Vanished, Wire
from storm_ledger import compose, recognise
from storm_proxies import TARGETS
from storm_upstream import user_name

WAITING = 2  # messages that lie in the mailbox before each step


class Sessions:
    """An instance, real servers behind, and sessions that are killed."""

    def __init__(self, place: Place, report: Report, other: OtherHost) -> None:
        self.report = report
        self.instance = Instance(place)
        self.instance.configure(proxy={"upstream-ca": self.instance.tls.ca})
        self.mailbox = self.instance.create_mailbox()
        for target in TARGETS:
            self.instance.restante("mailbox", "target", "add",
                                   self.mailbox.id, target)
        self.journal = Journal(self.instance.root / "journal")
        tls = self.instance.tls
        other.serve("cut_upstream", THEIRS, tls.certificate, tls.key,
                    self.journal.path)
        place.become_user()
        self.steps = self.instance.logs / "steps"
        self.rng = random.Random(1)
        self.last = 0
        self.promised: set[int] = set()
        self.deleted: set[int] = set()

    # --- the driver ----------------------------------------------------------

    def all_steps(self, story: Callable[[dict[str, str]], None]) -> None:
        """Kill it at every step."""
        self.steps.unlink(missing_ok=True)
        self.prepare()
        story({"RESTANTE_FAULT_LOG": str(self.steps)})
        names = self.steps.read_text().split()
        check(names, "no steps")
        for step, name in enumerate(names, 1):
            self.prepare()
            try:
                story({"RESTANTE_FAULT_POINT": str(step)})
                self.verify()
            except Exception as why:
                raise Failure(f"killed at {step}, {name}: "
                              f"{type(why).__name__} {why}") from why
        self.report.figure(f"{story.__name__}-steps", len(names))

    def prepare(self) -> None:
        """A mailbox with a few messages, and their tickets for the index."""
        self.instance.empty(self.mailbox)
        self.promised, self.deleted = set(), set()
        self.deliver({}, WAITING)

    def open(self, handler: str, env: dict[str, str]) -> tuple:
        """A client under TLS, and the handler, in whose way env stands."""
        side = Spawner(self.instance, handler, "--tls=implicit", wrap=[
            "env", *(f"{name}={value}" for name, value in env.items())])
        client, process = side.open()
        side.close()
        return Wire(client), process

    def heard_from_upstream(self) -> None:
        """What the real server has is promised, whatever the client heard."""
        for record in self.journal.records():
            self.promised.add(int(record.name.split()[1]))
        os.truncate(self.journal.path, 0)

    # --- what is killed ---------------------------------------------------------

    def number(self) -> int:
        """Of the next message."""
        self.last += 1
        return self.last

    def deliver(self, env: dict[str, str], messages: int = 1) -> None:
        """smtp-journal."""
        wire, process = self.open("smtp-journal", env)
        try:
            smtp = Smtp(wire, self.instance.context, implicit=True)
            for _ in range(messages):
                number = self.number()
                smtp.deliver(self.mailbox.address, compose(number, self.rng)
                             ).want(250)
                self.promised.add(number)
            smtp.quit()
        except Vanished:
            pass
        process.wait(300)

    def pass_on(self, env: dict[str, str]) -> None:
        """smtp-proxy, a message that is taken and one that is refused."""
        wire, process = self.open("smtp-proxy", env)
        try:
            smtp = Smtp(wire, self.instance.context, implicit=True)
            smtp.auth_plain(f"joe%{THEIRS}:4465%{self.mailbox.id}").want(235)
            smtp.deliver("to@example.org", compose(self.number(), self.rng)
                         ).want(250)
            refused = compose(self.number(), self.rng)
            smtp.deliver("to@example.org",
                         refused.replace(b"storm", b"refuse", 1)).want(554)
            smtp.quit()
        except Vanished:
            pass
        process.wait(300)
        self.heard_from_upstream()

    def fetch(self, env: dict[str, str]) -> None:
        """pop3-proxy, two messages."""
        wire, process = self.open("pop3-proxy", env)
        first, second = self.number(), self.number()
        try:
            pop3 = Pop3(wire, self.instance.context, implicit=True)
            pop3.login(f"{user_name(first, 2)}%{THEIRS}:4995"
                       f"%{self.mailbox.id}", "secret")
            for at, number in ((1, first), (2, second)):
                pop3.retr(at)
                self.promised.add(number)
            pop3.quit()
        except Vanished:
            pass
        process.wait(300)

    def collect(self, env: dict[str, str]) -> None:
        """pop3-serve, the first message fetched and deleted."""
        wire, process = self.open("pop3-serve", env)
        try:
            pop3 = Pop3(wire, self.instance.context, implicit=True)
            pop3.login(self.mailbox.id, self.mailbox.password)
            number = recognise(pop3.retr(1))
            pop3.dele(1)
            self.promised.discard(number)
            pop3.quit()
            self.deleted.add(number)
        except (Vanished, Refused):
            pass
        process.wait(300)

    # --- what must hold ----------------------------------------------------------

    def verify(self) -> None:
        """A legal state, and after the next ones in what was promised."""
        folder = self.instance.folder(self.mailbox)
        kept = Counter(name[:26] for name in os.listdir(folder / "cur"))
        tickets = Counter(name[:26] for name in os.listdir(folder / "tmp"))
        check(all(n == 1 for n in (*kept.values(), *tickets.values())),
              f"a message under two names: {kept} {tickets}")
        wire, process = self.open("pop3-serve", {})
        pop3 = Pop3(wire, self.instance.context, implicit=True)
        pop3.login(self.mailbox.id, self.mailbox.password)
        numbers = [recognise(pop3.retr(at)) for at in pop3.list()]
        pop3.quit()
        process.wait(300)
        equal(self.promised - set(numbers), set(), "promised and lost")
        equal(self.deleted & set(numbers), set(), "deleted and back")
        equal(sorted(set(numbers)), sorted(numbers), "each whole and once")
        self.instance.restante("sweep")
        equal(os.listdir(folder / "tmp"), [], "in tmp/ after the sweep")
        equal(len(os.listdir(folder / "cur")), len(numbers), "in cur/")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Each session, at each of its steps."""
    stories = ("deliver", "collect", "pass_on", "fetch")
    try:
        require_private_mounts()
    except Exception as why:  # pylint: disable=broad-except
        report.skip("killed-sessions", str(why))
        return
    with OtherHost() as other:
        sessions = Sessions(place, report, other)
        for name in stories:
            story = getattr(sessions, name)
            yield (f"killed-{name.replace('_', '-')}",
                   lambda story=story: sessions.all_steps(story))


if __name__ == "__main__":
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True,
                        private_net=True))
