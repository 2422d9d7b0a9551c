#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random walks over what happens to a mailbox's passwords and keys, with the
commands killed at any of their steps. After each step Debian's age says what
opens what: the password last used opens, a new one that was shown opens until
another is used, a retired one never again; and a recovery key that was removed
with the password has no key that mail is sealed to, in any copy of
identity.recovery.age that ever lay there.

KEY_WALKS walks (default 15), of KEY_WALK_STEPS steps, from KEY_WALK_SEED on.
Kills are counted for each command and fault point that it was seen to pass,
and every third step makes a mailbox ready for what was hit least and aims there;
KEY_WALK_BEFORE is a folder with what earlier runs have printed, whose kills
count. Of 5,000 walks each must have 50.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.place import HANDLERS, Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.tools import SYSTEM_PATH, tool, tool_env
from key_aim import Aim
from key_oracle import Oracle
from walk_disk import Disk, disk_if_root

WALKS = int(os.environ.get("KEY_WALKS", "15"))
STEPS = int(os.environ.get("KEY_WALK_STEPS", "14"))
SEED = int(os.environ.get("KEY_WALK_SEED", "1"))
WORKERS = int(os.environ.get("KEY_WALK_WORKERS", os.cpu_count() or 1))
KILLS = WALKS // 100  # of each point in each command that passes it
KILLED, WRONG = -9, 77
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


AIM = Aim()  # of this worker


@dataclass(frozen=True)
class World:
    """What may be true: the password in force, and one that waits."""

    force: str
    waits: str | None = None


@dataclass
class Recovery:
    """A recovery key, and what was said of it last."""

    identity: Path
    recipient: str
    with_key: bool = False  # a recipient, and the key is sealed to it
    removed: bool = False  # with the password


@dataclass
class Walk:
    """One mailbox from its creation on."""

    instance: Instance
    oracle: Oracle
    rng: random.Random
    folder: Path = None
    ident: str = ""
    worlds: set[World] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    recovery: list[Recovery] = field(default_factory=list)
    copies: set[bytes] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    store: Path = None
    disk: Disk | None = None
    keys: list[Recovery] = field(default_factory=list)
    target: tuple[str, str] | None = None  # what is to be hit next
    calm: bool = False  # nothing is killed

    # --- running our programs -------------------------------------------------

    def run(self, *args: str, text: str = "", kill: bool = True
            ) -> subprocess.CompletedProcess:
        """A command, maybe killed at one of its steps."""
        log = self.instance.logs / "faults"
        log.unlink(missing_ok=True)
        command = " ".join([word for word in args if word.isalpha()
                            or word.startswith("--c")][:3])
        env = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8",
               "RESTANTE_FAULT_LOG": str(log)}
        if kill and not self.calm:
            env |= self.where(command)
        program = self.instance.place.prefix / HANDLERS / "mailbox-tool"
        done = subprocess.run(
            [program, "-c", self.instance.conf, *args], input=text, text=True,
            check=False, capture_output=True, env=env,
            **self.instance.place.as_user)
        points = log.read_text().split() if log.exists() else []
        if kill:
            AIM.learn(command, points, done.returncode == KILLED)
        self.told.append(f"{' '.join(args)}: {done.returncode} "
                         f"{done.stderr.strip()[:100]}")
        return done

    def where(self, command: str) -> dict[str, str]:
        """Where it is killed."""
        if self.target and self.target[0] == command:
            return {"RESTANTE_FAULT_POINT": self.target[1]}
        if self.target or self.rng.random() >= 0.6:
            return {}
        return {"RESTANTE_FAULT_POINT": AIM.choose(command, self.rng)}

    def mailbox(self, command: str, *args: str, text: str = "",
                kill: bool = True) -> subprocess.CompletedProcess:
        """One on this mailbox."""
        return self.run("mailbox", *command.split(), self.ident, *args,
                        text=text, kill=kill)

    def want(self, done: subprocess.CompletedProcess, *codes: int) -> int:
        """How it ended, one of these or killed."""
        check(done.returncode in (*codes, KILLED),
              f"ended with {done.returncode}: {done.stderr}")
        return done.returncode

    # --- what may be true -----------------------------------------------------

    def may(self, killed: bool, become) -> None:
        """Each world becomes others; killed, it may have stayed as well."""
        after = {new for world in self.worlds for new in become(world)}
        self.worlds = after | (self.worlds if killed else set())

    def password(self) -> str:
        """One that must open, whatever is true."""
        common = set.intersection(*({w.force, w.waits} for w in self.worlds))
        if not common - {None, "?"}:
            self.check_all()
            common = {w.force for w in self.worlds}
        return min(common - {None, "?"})

    def used(self, password: str, killed: bool = False) -> None:
        """Given to a command, a password that waits is as good as used."""
        self.may(killed, lambda w: [World(password)]
                 if password == w.waits else [w])

    @staticmethod
    def new_password(done: subprocess.CompletedProcess) -> str | None:
        """What was shown, also by one that was killed then."""
        said = re.search("^password: (.*)$", done.stdout, re.M)
        return said[1] if said else None

    # --- steps ----------------------------------------------------------------

    def passwd(self) -> None:
        """A new password; an unused one gives way."""
        password = self.password()
        done = self.mailbox("passwd", text=password + "\n")
        self.used(password, done.returncode == KILLED)
        self.note_new(done)

    def passwd_by_recovery(self) -> None:
        """The same by a recovery key."""
        able = [r for r in self.recovery if r.with_key]
        if able:
            self.note_new(self.mailbox(
                "passwd", "--recovery-identity",
                str(self.rng.choice(able).identity)))

    def note_new(self, done: subprocess.CompletedProcess) -> None:
        """What was shown waits; killed before, somebody's unknown one may."""
        killed = self.want(done, 0) == KILLED
        new = self.new_password(done)
        if new:
            self.shown.append(new)
        self.may(killed and not new, lambda w: [World(w.force, new or "?")])

    def login(self, password: str = "") -> None:
        """With any password that was ever shown."""
        password = password or self.rng.choice(self.shown)
        out = self.instance.root / "out"
        done = self.mailbox("export", "--format", "eml", str(out),
                            text=password + "\n")
        shutil.rmtree(out, ignore_errors=True)
        if self.want(done, 0, WRONG) == KILLED:
            self.used(password, killed=True)
            return
        if done.returncode == WRONG:
            self.worlds = {w for w in self.worlds
                           if password not in (w.force, w.waits)}
        else:
            self.worlds = {w if password == w.force else World(password)
                           for w in self.worlds
                           if password in (w.force, w.waits)}
        check(self.worlds, f"login with {password}: {done.returncode}")

    def confirm(self) -> None:
        """The waiting one takes over, if anybody has seen it."""
        if any(w.waits == "?" for w in self.worlds):
            return
        done = self.mailbox("passwd", "--confirm")
        if self.want(done, 0, 64, 75) not in (0, KILLED):
            self.worlds = {w for w in self.worlds if not w.waits}
            return
        self.may(done.returncode == KILLED, lambda w: [
            World(w.waits) if w.waits else w])

    def cancel(self) -> None:
        """The waiting one goes."""
        done = self.mailbox("passwd", "--cancel")
        if self.want(done, 0, 64, 75) not in (0, KILLED):
            self.worlds = {w for w in self.worlds if not w.waits}
            return
        self.may(done.returncode == KILLED, lambda w: [World(w.force)])

    def rekey(self) -> None:
        """Another key, the same password."""
        password = self.password()
        done = self.mailbox("rekey", text=password + "\n")
        if self.want(done, 0, 64, 75) not in (0, KILLED):
            self.worlds = {w for w in self.worlds if w.waits}

    def recipient_add(self) -> None:
        """A recovery key, with the password or without."""
        if len(self.recovery) < len(self.keys):
            key = self.keys[len(self.recovery)]
            self.recovery.append(Recovery(key.identity, key.recipient))
        r = self.rng.choice(self.recovery)
        with_key = self.rng.random() < 0.7
        password = self.password() if with_key else ""
        done = self.mailbox("recipient add", r.recipient,
                            *(["--password"] if with_key else []),
                            text=password + "\n")
        self.want(done, 0, 64, 75)
        self.used(password, done.returncode != 0)
        if done.returncode == 0 and with_key:
            for other in self.recovery:  # sealed to all that are named
                other.with_key |= other.recipient in self.recipients()
        if r.recipient in self.recipients():
            r.removed = False

    def recipient_remove(self) -> None:
        """One goes, for good with the password."""
        if not self.recovery:
            return
        r = self.rng.choice(self.recovery)
        with_key = self.rng.random() < 0.7
        named = r.recipient in self.recipients()
        password = self.password() if with_key else ""
        done = self.mailbox(
            "recipient remove", r.recipient,
            *(["--password"] if with_key else ["--yes"]),
            text=password + "\n")
        self.want(done, 0, 64, 75)
        if done.returncode == 0:
            r.with_key, r.removed = False, with_key
        elif done.returncode == KILLED and named:
            r.with_key = False  # it may have been sealed to the others
            r.removed = with_key and r.recipient not in self.recipients()

    def reset(self) -> None:
        """Given until it is through: the key of before is lost/'s."""
        old, before = self.recipients()[0], self.files()
        for command in ("suspend", "reset", "activate"):
            done = None
            while done is None or done.returncode == KILLED:
                done = self.mailbox(command, text=self.ident + "\n",
                                    kill=done is None)
                new = self.new_password(done)
                if command == "reset" and new:
                    self.shown.append(new)
            equal(done.returncode, 0, f"{command}: {done.stderr}")
        self.check_lost(old, before)
        self.worlds = {World(self.shown[-1])}

    def suspend(self) -> None:
        """Any other command settles, too."""
        self.mailbox("suspend")
        self.mailbox("activate", kill=False)

    def settle(self) -> None:
        """The timer comes, and once more where it was killed."""
        if self.want(self.run("settle"), 0) == KILLED:
            self.want(self.run("settle", kill=False), 0)

    def chmod(self) -> None:
        """Its files get other times and rights."""
        for name in ("identity.age", "identity.age.next"):
            path = self.folder / name
            if path.exists():
                path.chmod(0o600)
                os.utime(path)
                path.chmod(0o640)

    def places(self) -> list[Path]:
        """Where the store may lie."""
        root = self.instance.root
        return [root / "store", root / "moved",
                *([self.disk.point / "store"] if self.disk else [])]

    def copy(self) -> None:
        """The store is on another disk, or in another place, from now on."""
        self.move(self.rng.choice(
            [to for to in self.places() if to != self.store]))

    def move(self, to: Path) -> None:
        """By one of the programs that people copy with."""
        way = self.rng.choice((["cp", "-a"], ["rsync", "-a"], ["cp", "-r",
                               "--preserve=mode,ownership,links"]))
        slash = "/." if way[0] == "cp" else "/"
        program = tool(way[0])
        subprocess.run([program, *way[1:], f"{self.store}{slash}", to],
                       check=True, env=tool_env(program))
        shutil.rmtree(self.store)
        self.store = to
        self.instance.configure(store=to)
        self.folder = to / "mailboxes" / self.ident

    def remount(self) -> None:
        """Its file system has another device number from now on."""
        if not self.disk:
            return
        if self.store != self.places()[-1]:
            self.move(self.places()[-1])
        self.disk.remount()

    def deliver(self) -> None:
        """A message, as a receiver keeps one."""
        ulid = "01" + "".join(self.rng.choices(CROCKFORD, k=24))
        path = self.folder / "cur" / f"{ulid},W=3.age"
        self.oracle.seal(self.recipients(), b"x\r\n", path)
        self.instance.place.give(path)

    # --- what is on the disk ----------------------------------------------------

    def recipients(self) -> list[str]:
        """Whom mail is sealed to now."""
        return re.findall("age1[0-9a-z]+",
                          (self.folder / "mailbox.conf").read_text())

    def files(self) -> dict[str, bytes]:
        """The envelopes."""
        return {name: (self.folder / name).read_bytes()
                for name in ("identity.age", "identity.age.next",
                             "identity.recovery.age")
                if (self.folder / name).exists()}

    def opened_by(self, envelope: bytes | None) -> str | None:
        """Which of the passwords shown opens it; "?": none of them. What opens
        with one opens with no other: age takes a passphrase where it is the
        only recipient, and refuses the file otherwise.
        """
        if envelope is None:
            return None
        likely = {p for w in self.worlds for p in (w.force, w.waits)}
        for password in sorted(self.shown[::-1],
                               key=lambda p: p not in likely):
            if self.oracle.keys_by_password(envelope, password):
                return password
        return "?"

    # --- what must hold ---------------------------------------------------------

    def check_all(self) -> None:
        """What was used is put in force, then age says what opens."""
        self.copies |= {content for name, content in self.files().items()
                        if "recovery" in name}
        self.settle()
        files = self.files()
        world = World(self.opened_by(files["identity.age"]),
                      self.opened_by(files.get("identity.age.next")))
        check(world in self.worlds, f"{world} is none of {self.worlds}; "
              f"shown: {self.shown}")
        self.worlds = {world}
        own = self.recipients()[0]
        lines = self.oracle.keys_by_password(files["identity.age"],
                                             world.force)
        check(own in self.oracle.recipients(lines), "mail is sealed to a key "
              "that the password does not open")
        self.check_recovery(own, files.get("identity.recovery.age"))

    def check_recovery(self, own: str, envelope: bytes | None) -> None:
        """Who has the key has it; who was removed has it in no copy."""
        for r in self.recovery:
            if r.with_key and r.recipient in self.recipients():
                lines = self.oracle.keys_by_identity(envelope, r.identity)
                check(own in self.oracle.recipients(lines),
                      f"{r.identity.name} does not open the key")
            if r.removed:
                for copy in self.copies:
                    lines = self.oracle.keys_by_identity(copy, r.identity)
                    check(own not in self.oracle.recipients(lines),
                          f"{r.identity.name} was removed and opens the key")

    def check_lost(self, old: str, before: dict[str, bytes]) -> None:
        """What was in force, and what waited, is kept; nothing retired is.
        A password that a killed command has used may have been put in force
        by the first command of a reset: lost/ then says which world it was.
        """
        kept = [path.read_bytes()
                for path in (self.folder / "lost" / old).glob("identity*")]
        worlds = {w for w in self.worlds if w.force == "?" or
                  any(self.oracle.keys_by_password(content, w.force)
                      for content in kept)}
        check(worlds, "lost/ has not the password in force")
        as_before = {w for w in worlds if w.force == "?" or
                     self.oracle.keys_by_password(before["identity.age"],
                                                  w.force)}
        check(before["identity.age"] in kept or
              (not as_before and before.get("identity.age.next") in kept),
              "identity.age is not in lost/")
        live = {p for w in worlds for p in (w.force, w.waits)}
        for content in kept:
            check(self.opened_by(content) in live | {"?"},
                  "a retired password opens what is in lost/")

    def check_retired(self) -> None:
        """Each password that was ever shown, and is none now, is tried."""
        (world,) = self.worlds
        for content in self.files().values():
            for password in {*self.shown} - {world.force, world.waits}:
                check(not self.oracle.keys_by_password(content, password),
                      f"{password} was retired and opens")

    def check_mail(self) -> None:
        """All that is there opens with the password, by age alone."""
        (world,) = self.worlds
        lines = self.oracle.keys_by_password(self.files()["identity.age"],
                                             world.force)
        for message in (self.folder / "cur").iterdir():
            check(self.oracle.opens(message, lines),
                  f"{message.name} does not open")

    # --- all of it --------------------------------------------------------------

    def begin(self) -> None:
        """A mailbox."""
        said = self.run("mailbox", "create", "--porcelain", "walk",
                        kill=False).stdout
        self.ident = re.search("^id: (.*)$", said, re.M)[1]
        self.shown = [re.search("^password: (.*)$", said, re.M)[1]]
        self.worlds = {World(self.shown[0])}
        self.store = Path(self.instance.settings["store"])
        self.folder = self.store / "mailboxes" / self.ident

    def make_ready(self) -> None:
        """A password that waits, often used; a recovery key, sealed to."""
        self.calm = True
        if self.target[0].startswith("mailbox recipient remove") and \
                not self.recovery:
            self.recipient_add()
        self.passwd()
        if self.rng.random() < 0.7 and self.shown[-1] in {
                w.waits for w in self.worlds}:
            self.login(self.shown[-1])
        self.calm = False

    def aimed(self) -> None:
        """The command, and the point, that was hit least."""
        self.target = AIM.least(self.rng)
        if not self.target:
            return
        self.told.append(f"- at {self.target}")
        self.make_ready()
        words = self.target[0].split()
        steps = {"passwd": self.passwd, "export": self.login,
                 "--confirm": self.confirm, "--cancel": self.cancel,
                 "rekey": self.rekey, "add": self.recipient_add,
                 "remove": self.recipient_remove, "reset": self.reset,
                 "suspend": self.suspend, "activate": self.reset,
                 "settle": self.settle}
        steps["export" if "export" in words else words[-1]]()
        self.target = None

    def go(self) -> None:
        """Step by step."""
        steps = {self.passwd: 5, self.login: 6, self.confirm: 2,
                 self.cancel: 2, self.rekey: 3, self.recipient_add: 3,
                 self.recipient_remove: 2, self.passwd_by_recovery: 2,
                 self.reset: 1, self.settle: 1, self.suspend: 1,
                 self.chmod: 1, self.copy: 1, self.remount: 1,
                 self.deliver: 2}
        self.begin()
        for step in self.rng.choices(list(steps), list(steps.values()),
                                     k=STEPS):
            if self.rng.random() < 0.33:
                step = self.aimed
            self.told.append(f"- {step.__name__}")
            step()
            # Not behind each: what is pending meets what comes next.
            if self.rng.random() < 0.6:
                self.told.append("- check")
                self.check_all()
        self.check_all()
        if self.rng.random() < 0.2:
            self.check_retired()
        self.check_mail()


@dataclass
class Site:
    """What a worker makes once: a certificate takes as long as a walk."""

    instance: Instance
    disk: Disk | None
    keys: list[Recovery]


SITES: dict[int, Site] = {}


def make_recovery(instance: Instance, number: int) -> Recovery:
    """A key, as a person makes one."""
    path = instance.root / f"recovery{number}.key"
    said = subprocess.run([tool("age-keygen"), "-o", path], check=True,
                          stderr=subprocess.PIPE, text=True).stderr
    instance.place.give(path)
    return Recovery(path, re.search("age1[0-9a-z]+", said)[0])


def site_of_worker(place: Place) -> Site:
    """Its instance, its disk, and the recovery keys of its walks."""
    if os.getpid() not in SITES:
        disk = disk_if_root(place, f"disk{os.getpid()}")
        place.become_user()
        instance = Instance(place, f"worker{os.getpid()}")
        SITES[os.getpid()] = Site(instance, disk, [
            make_recovery(instance, number) for number in range(3)])
    return SITES[os.getpid()]


def walk(place: Place, number: int) -> tuple[int, Counter]:
    """One walk, with a mailbox of its own that goes with it; whose the kills
    are so far, and what they are.
    """
    site = site_of_worker(place)
    w = Walk(site.instance, Oracle(site.instance.root), random.Random(number),
             disk=site.disk, keys=site.keys)
    try:
        w.go()
    except Exception as why:
        raise AssertionError(f"walk {number}: {why}\n" +
                             "\n".join(w.told)) from why
    shutil.rmtree(w.folder)
    if w.store == w.places()[-1]:
        w.move(w.places()[0])
    return os.getpid(), AIM.kills


def walks(place: Place, report: Report) -> None:
    """As many at once as there are processors, or KEY_WALK_WORKERS."""
    of_worker: dict[int, Counter] = {}
    with ProcessPoolExecutor(WORKERS) as pool:
        for worker, kills in pool.map(walk, [place] * WALKS,
                                      range(SEED, SEED + WALKS)):
            of_worker[worker] = kills
    total: Counter = Counter()
    for kills in of_worker.values():
        total.update(kills)
    report.figure("key-walks", WALKS)
    report.figure("key-walk-kills", total.total())
    for (command, point), n in sorted(total.items()):
        report.note(f"killed {n} times: {command} at {point}")
    check(total.total() > WALKS, f"only {total.total()} kills")
    total.update(AIM.before)
    least = min(total, key=total.__getitem__)
    report.figure("key-walk-points", len(total))
    report.figure("key-walk-least-killed",
                  f"{total[least]} ({least[0]} at {least[1]})")
    check(total[least] >= KILLS, f"{least} only {total[least]} times")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """The one there is."""
    yield "key-walk", lambda: walks(place, report)


if __name__ == "__main__":
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
