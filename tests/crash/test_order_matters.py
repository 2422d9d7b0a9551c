#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of order taken away, and the power cut campaign has to notice.

One run with senders, a mail client through the proxy, collectors, sweeps, runs
of the ledger and changes of the password is written down by shadow.c. A rule of
order is an fsync in the right place: leaving its records out makes the very
disks that a program without it would leave. With all of them none of ORDER_CUTS
(30) disks may break a promise; without one the search goes on until a disk
does. The names are those of docs/store-protocol.md; the model shows the rules
that are no fsync. ORDER_SEED, which is printed, chooses the run, the disks, and
four of the rules; ORDER_ALL=1 takes each away.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from cut_story import Promises, Story
from disk_model import Disk, Folder
from harness.behind import Behind
from harness.clock import boot_again
from harness.deadline import until
from harness.instance import Instance
from harness.ledger import Ledger
from harness.nets import THEIRS, OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.published import Published, no_alarm
from harness.report import Failure, Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Spawner
from harness.shadow import Journal, Record, build
from harness.smtp import Smtp
from harness.tools import SYSTEM_PATH
from harness.wire import Vanished, Wire
from storm_ledger import compose, recognise
from storm_proxies import TARGETS

CUTS = int(os.environ.get("ORDER_CUTS", "30"))
MOST = max(1500, 25 * CUTS)  # until one is noticed: few are needed
ROUNDS = int(os.environ.get("ORDER_ROUNDS", "3"))
ALL = os.environ.get("ORDER_ALL") == "1"


@dataclass
class Rule:
    """Which records a program without it would not have made."""

    name: str
    folder: str  # whose fsync: of this folder, or of the files in it
    files: bool = False
    sweeping: bool = False  # by sweep alone; else by everybody else
    ledger: bool = False  # the ledger is asked, and no collector

    def takes_away(self, r: Record, named: dict[int, str],
                   sweeping: bool) -> bool:
        """Is this one of them?"""
        where = ("in " if self.files else "") + self.folder
        return r.what == "sync" and sweeping == self.sweeping and \
            named.get(r.inode) == where


RULES = [
    Rule("the-commit-point", "cur"),
    Rule("a-proxys-copy-before-upstream", "tmp"),
    Rule("CARRY_SYNC", "spool", files=True),
    Rule("SPOOL_DIR", "spool"),
    Rule("MARK_SYNC", "lock", files=True),
    Rule("SHOW_LAST", "mailbox"),
    Rule("KEEP_SYNC", "cur", sweeping=True),
    Rule("entries-before-memory", "ledger", files=True, ledger=True),
    Rule("memory-before-it-is-published", "memory", files=True, ledger=True),
]


@dataclass
class Heard(Promises):
    """And passwords: one that was used retires those before it."""

    kept: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    passwords: list[str] = field(default_factory=list)
    published: set[bytes] = field(default_factory=set)
    used: int = 0

    def hear(self, r: Record) -> None:
        """Fold a mark in."""
        word, *rest = r.name.split()
        if word == "used":
            self.used = self.passwords.index(rest[0])
        elif word not in ("sweeps", "swept"):
            super().hear(r)


class Ordered(Story):
    """One thing after the other."""

    def tell(self, rounds: int) -> None:
        """All of it."""
        for _ in range(rounds):
            self.send(self.rng.randrange(10**6))
            self.pass_on()
            self.new_password()
            self.collect()
            self.journal.mark(f"used {self.mailbox.password}")
            self.stand_behind_the_link()
            self.die_behind_the_link()
            self.enter()
            self.sweep()

    def die_behind_the_link(self) -> None:
        """Upstream has taken it, and its copy's name in cur/ is not durable:
        the one in tmp/ is, and sweep is the next to come by.
        """
        smtp, handler = self.proxy("RESTANTE_FAULT_POINT=delivery.linked")
        try:
            smtp.deliver("to@example.org", compose(self.number(), self.rng))
        except Vanished:
            pass
        equal(handler.wait(300), -signal.SIGKILL, "smtp-proxy ended with")

    def stand_behind_the_link(self) -> None:
        """The same, but it lives: nobody removes its name in tmp/, whatever
        it has in cur/ already.
        """
        smtp, handler = self.proxy("RESTANTE_FAULT_STOP=delivery.linked")
        tmp = self.instance.folder(self.mailbox) / "tmp"
        with ThreadPoolExecutor(1) as client:
            said = client.submit(smtp.deliver, "to@example.org",
                                 compose(self.number(), self.rng))
            try:
                until(lambda: is_stopped(handler.pid), 300,
                      "it stands behind the link")
                pending = max(tmp.glob("*,P.age"))
                self.sweep()
                check(pending.exists(), "its name in tmp/ was removed")
            finally:
                handler.send_signal(signal.SIGCONT)
            said.result().want(250)
        smtp.quit()
        equal(handler.wait(300), 0, "smtp-proxy ended with")

    def proxy(self, setting: str) -> tuple[Smtp, subprocess.Popen[bytes]]:
        """One session of smtp-proxy, logged in."""
        wrap = ["env", setting, *(f"{name}={value}"
                                  for name, value in self.env().items())]
        client, handler = Spawner(self.instance, "smtp-proxy",
                                  "--tls=implicit", wrap=wrap).open()
        smtp = Smtp(Wire(client), self.instance.context, implicit=True)
        smtp.auth_plain(f"joe%{THEIRS}:4465%{self.mailbox.id}").want(235)
        return smtp, handler

    def new_password(self) -> None:
        """Shown, and not confirmed: the next login uses it."""
        said = self.instance.restante(
            "mailbox", "passwd", self.mailbox.id,
            text=self.mailbox.password + "\n", env=self.env()).stdout
        self.mailbox.password = said.split()[1]
        self.journal.mark(f"password {self.mailbox.password}")

    def sweep(self) -> None:
        """As the timer does."""
        self.journal.mark("sweeps")
        self.instance.restante("sweep", env=self.env())
        self.journal.mark("swept")


def is_stopped(pid: int) -> bool:
    """By SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(
        ")")[2].split()[0] == "T"


class OrderMatters:
    """One run, folded again without each rule."""

    def __init__(self, place: Place, report: Report) -> None:
        require_private_mounts()
        self.report = report
        self.seed = int(os.environ.get("ORDER_SEED") or
                        random.randrange(1 << 32))
        report.note(f"ORDER_SEED={self.seed}")
        self.disk = place.folder("disk")
        self.instance = Instance(place, store=self.disk / "store")
        self.ledger = Ledger(self.instance, self.disk / "ledger")
        self.folder = place.folder("cuts")
        # In memory: what fsync does to a real disk is not the question here.
        subprocess.run(["mount", "-t", "tmpfs", "none", self.folder],
                       check=True)
        place.give(self.folder)
        self.found = self.folder / "disk"
        self.store = self.found / "store"
        self.entered = self.found / "ledger"
        self.conf = self.instance.variant("cut", store=self.store,
                                          ledger={"path": self.entered})
        self.before = self.folder / "before"
        self.record()

    def record(self) -> None:
        """Have everything done once."""
        instance = self.instance
        instance.configure(proxy={"upstream-ca": instance.tls.ca})
        self.mailbox = instance.create_mailbox()
        for target in TARGETS:
            instance.restante("mailbox", "target", "add", self.mailbox.id,
                              target)
        self.first = self.mailbox.password
        self.ledger.run()
        self.new_disk = Snapshot(self.disk, self.before)
        journal = Journal(instance.root / "journal")
        story = Ordered(instance, self.mailbox, journal,
                        build(instance.place), random.Random(self.seed),
                        ledger=self.ledger)
        with OtherHost() as other:
            story.begin(other)
            story.tell(ROUNDS)
        boot_again(instance.place)
        self.records = list(journal.records())
        self.instance.place.become_user()

    # --- the disks -------------------------------------------------------------

    def fold(self, rule: Rule | None,
             look: Callable[[int, Disk, Heard], None]) -> None:
        """Go through the run, without a rule; look at each moment."""
        disk, heard = self.new_disk(), Heard(passwords=[self.first])
        named, sweeping = names_of(disk, self.mailbox.id), False
        for at, r in enumerate(self.records):
            if r.what == "mark":
                heard.hear(r)
                sweeping = r.name == "sweeps" or \
                    (sweeping and r.name != "swept")
            elif not (rule and rule.takes_away(r, named, sweeping)):
                disk.do(r)
            if r.what == "create" and r.folder in named:
                named[r.inode] = f"in {named[r.folder]}"
            look(at, disk, heard)

    def broken(self, rule: Rule | None, most: int) -> list[str]:
        """What a disk broke, the first that did; else nothing."""
        found: list[str] = []
        for turn in range(0, most, CUTS):
            if not found:
                self.cut_at(rule, f"{self.seed} {turn}", found)
        for why in found:
            self.report.note(f"{rule.name if rule else 'all rules'}: {why}")
        return found

    def cut_at(self, rule: Rule | None, seed: str, broken: list[str]) -> None:
        """At chosen moments, in one go through the run."""
        rng = random.Random(seed)
        moments = rng.choices(range(len(self.records)), k=CUTS)

        def look(at: int, disk: Disk, heard: Heard) -> None:
            for turn in range(moments.count(at) if at in moments else 0):
                if broken:
                    return
                self.cut(disk, heard, f"{seed} {at} {turn}", broken,
                         rule is not None and rule.ledger)
        self.fold(rule, look)

    def cut(self, disk: Disk, heard: Heard, seed: str,
            broken: list[str], ledger: bool) -> None:
        """One disk."""
        shutil.rmtree(self.found, ignore_errors=True)
        disk.after_cut(random.Random(seed), self.found)
        try:
            if not ledger:
                self.verify(heard)
            self.is_entered(heard)
        except (Failure, Refused, OSError) as why:
            broken.append(f"cut {seed}: {why}")

    # --- what was promised -------------------------------------------------------

    def verify(self, heard: Heard) -> None:
        """It holds."""
        self.restante("settle")
        with ThreadPoolExecutor() as pool:  # each refusal takes its time
            check(not any(pool.map(self.opens, heard.passwords[:heard.used])),
                  "a retired password opens")
        numbers = self.collect(heard.passwords[-1])
        equal(heard.kept - set(numbers), set(), "acknowledged and gone")
        equal(heard.gone & set(numbers), set(), "deleted and back")
        self.restante("sweep")
        folder = self.store / "mailboxes" / self.mailbox.id
        for name in ("tmp", "gone"):
            equal(os.listdir(folder / name), [], f"in {name}/ after the sweep")
        equal(len(os.listdir(folder / "cur")), len(numbers), "in cur/")

    def is_entered(self, heard: Heard) -> None:
        """The ledger goes on from what it had published."""
        self.ledger.make_due(self.entered)
        no_alarm(self.start("libexec/restante/ledger", "--once"))
        published = Published(self.entered)
        published.notes = {self.mailbox.id: set(heard.published)}
        published.look()
        if heard.published:
            published.extended()

    def login(self, password: str) -> tuple[Behind, Pop3]:
        """A session."""
        session = Behind(self.instance, "pop3-serve", self.conf)
        pop3 = Pop3(session.wire)
        pop3.login(self.mailbox.id, password)
        return session, pop3

    def opens(self, password: str) -> bool:
        """Does a password that nobody ought to have?"""
        try:
            session, pop3 = self.login(password)
        except Refused:
            return False
        pop3.quit()
        session.end()
        return True

    def collect(self, password: str) -> list[int]:
        """The numbers of what is there; all of it must be whole."""
        session, pop3 = self.login(password)
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

    def restante(self, *args: str) -> None:
        """A command of a timer."""
        self.start("bin/restante", *args)

    def start(self, program: str, *args: str) -> str:
        """One of ours on what was found; its log."""
        done = subprocess.run(
            [self.instance.place.prefix / program, "-c", self.conf,
             *args], text=True, env={"PATH": SYSTEM_PATH}, check=False,
            stdin=subprocess.DEVNULL, capture_output=True)
        equal(done.returncode, 0, f"{args}: {done.stderr}")
        return done.stderr

    # --- the cases ---------------------------------------------------------------

    def with_all(self) -> None:
        """Nothing breaks."""
        equal(self.broken(None, CUTS), [], "promises that were broken")
        self.report.figure("order-operations", len(self.records))

    def without(self, rule: Rule) -> None:
        """Something does."""
        check(self.broken(rule, MOST),
              f"nobody noticed among {MOST} cuts that {rule.name} was away")


class Snapshot:
    """A store as it was before the run, to be folded onto more than once."""

    def __init__(self, store: Path, to: Path) -> None:
        self.store = store
        self.disk = Disk(store)
        self.by_inode = dict(self.disk.by_inode)
        self.durable = {inode: dict(node.durable)
                        if isinstance(node, Folder) else node.durable
                        for inode, node in self.disk.by_inode.items()}

    def __call__(self) -> Disk:
        disk = self.disk
        disk.by_inode = dict(self.by_inode)  # numbers are used again
        for inode, durable in self.durable.items():
            node = disk.by_inode[inode]
            node.durable = dict(durable) if isinstance(node, Folder) \
                else durable
            node.pending = []
        return disk


def names_of(disk: Disk, ident: str) -> dict[int, str]:
    """What the rules call what is there, by inode."""
    inode_of = {id(node): inode for inode, node in disk.by_inode.items()}
    roots = disk.root.durable
    mailbox = roots["store"].durable["mailboxes"].durable[ident]
    ledger, memory = (roots["ledger"].durable[name]
                      for name in (ident, "memory"))
    named = {inode_of[id(mailbox)]: "mailbox"}
    for name, folder in (("ledger", ledger), ("memory", memory)):
        named[inode_of[id(folder)]] = name
        for node in folder.durable.values():
            named[inode_of[id(node)]] = f"in {name}"
    for name, node in mailbox.durable.items():
        if isinstance(node, Folder):
            named[inode_of[id(node)]] = name
            for inner in node.durable.values():
                named[inode_of[id(inner)]] = f"in {name}"
        elif name == "lock":
            named[inode_of[id(node)]] = "in lock"
    return named


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """With all rules, and without some."""
    order = OrderMatters(place, report)
    yield "order-with-all-rules", order.with_all
    few = random.Random(order.seed).sample(range(len(RULES)), 4)
    for rule in RULES if ALL else [RULES[at] for at in sorted(few)]:
        yield f"order-without-{rule.name}", \
            lambda rule=rule: order.without(rule)


if __name__ == "__main__":
    # Fault points, beside what all builds do; set before anything is looked up.
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True,
                        private_net=True))
