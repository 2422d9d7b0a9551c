#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random walks over what happens to a mailbox's passwords and keys, with the
commands killed at any of their steps. After each step Debian's age says what
opens what: the password last used opens, a new one that was shown opens until
another is used, a retired one never again; and a recovery key that was removed
with the password has no key that mail is sealed to, in any copy of
identity.recovery.age that ever lay there.

KEY_WALKS walks (default 30), of KEY_WALK_STEPS steps, from KEY_WALK_SEED on.
Kills are counted for each command and fault point that it was seen to pass; what
was hit least is aimed at most. Of 5,000 walks each must have 50.
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
from key_oracle import Oracle

WALKS = int(os.environ.get("KEY_WALKS", "30"))
STEPS = int(os.environ.get("KEY_WALK_STEPS", "14"))
SEED = int(os.environ.get("KEY_WALK_SEED", "1"))
WORKERS = int(os.environ.get("KEY_WALK_WORKERS", os.cpu_count() or 1))
KILLS = WALKS // 100  # of each point in each command that passes it
KILLED, WRONG = -9, 77
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Aim:
    """Which fault points each command passes, and how often it was killed
    there: a worker learns it as it goes.
    """

    def __init__(self) -> None:
        self.kills: Counter[tuple[str, str]] = Counter()
        self.lengths: dict[str, int] = {}

    def choose(self, command: str, rng: random.Random) -> str:
        """The Nth, or, by its name, the one where it was killed least."""
        known = [p for c, p in self.kills if c == command]
        if not known or rng.random() < 0.3:
            return str(rng.randint(1, self.lengths.get(command, 12)))
        return min(known, key=lambda p: (self.kills[command, p],
                                         rng.random()))

    def learn(self, command: str, passed: list[str], killed: bool) -> None:
        """What it came past, to the end of it or not."""
        self.lengths[command] = max(self.lengths.get(command, 1), len(passed))
        for point in passed:
            self.kills[command, point] += 0
        if killed:
            self.kills[command, passed[-1]] += 1


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
        if kill and self.rng.random() < 0.6:
            env["RESTANTE_FAULT_POINT"] = AIM.choose(command, self.rng)
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

    def login(self) -> None:
        """With any password that was ever shown."""
        password = self.rng.choice(self.shown)
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
        if len(self.recovery) < 3:
            self.recovery.append(self.make_recovery())
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
        """The timer comes."""
        self.want(self.run("settle"), 0)

    def chmod(self) -> None:
        """Its files get other times and rights."""
        for name in ("identity.age", "identity.age.next"):
            path = self.folder / name
            if path.exists():
                path.chmod(0o600)
                os.utime(path)
                path.chmod(0o640)

    def copy(self) -> None:
        """The store is on another disk, or in another place, from now on."""
        to = self.store.with_name("moved" if self.store.name == "store"
                                  else "store")
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

    def deliver(self) -> None:
        """A message, as a receiver keeps one."""
        ulid = "01" + "".join(self.rng.choices(CROCKFORD, k=24))
        path = self.folder / "cur" / f"{ulid},W=3.age"
        self.oracle.seal(self.recipients(), b"x\r\n", path)
        self.instance.place.give(path)

    # --- what is on the disk ----------------------------------------------------

    def make_recovery(self) -> Recovery:
        """A key, as a person makes one."""
        path = self.instance.root / f"recovery{len(self.recovery)}.key"
        said = subprocess.run([tool("age-keygen"), "-o", path], check=True,
                              stderr=subprocess.PIPE, text=True).stderr
        self.instance.place.give(path)
        return Recovery(path, re.search("age1[0-9a-z]+", said)[0])

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
        """Which of the passwords shown opens it; "?": none of them."""
        if envelope is None:
            return None
        found = [password for password in self.shown
                 if self.oracle.keys_by_password(envelope, password)]
        check(len(found) <= 1, f"opened by {found}")
        return found[0] if found else "?"

    # --- what must hold ---------------------------------------------------------

    def check_all(self) -> None:
        """What was used is put in force, then age says what opens."""
        self.copies |= {content for name, content in self.files().items()
                        if "recovery" in name}
        self.want(self.run("settle", kill=False), 0)
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

    def go(self) -> None:
        """Step by step."""
        steps = {self.passwd: 5, self.login: 6, self.confirm: 2,
                 self.cancel: 2, self.rekey: 3, self.recipient_add: 3,
                 self.recipient_remove: 2, self.passwd_by_recovery: 2,
                 self.reset: 1, self.settle: 1, self.suspend: 1,
                 self.chmod: 1, self.copy: 1, self.deliver: 2}
        self.begin()
        for step in self.rng.choices(list(steps), list(steps.values()),
                                     k=STEPS):
            self.told.append(f"- {step.__name__}")
            step()
            # Not behind each: what is pending meets what comes next.
            if self.rng.random() < 0.6:
                self.told.append("- check")
                self.check_all()
        self.check_all()
        self.check_mail()


INSTANCES: dict[int, Instance] = {}


def instance_of_worker(place: Place) -> Instance:
    """Made once: a certificate takes as long as a walk."""
    if os.getpid() not in INSTANCES:
        place.become_user()
        INSTANCES[os.getpid()] = Instance(place, f"worker{os.getpid()}",
                                          identity={"scrypt-log-n": 10})
    return INSTANCES[os.getpid()]


def walk(place: Place, number: int) -> tuple[int, Counter]:
    """One walk, with a mailbox of its own that goes with it; whose the kills
    are so far, and what they are.
    """
    instance = instance_of_worker(place)
    w = Walk(instance, Oracle(instance.root), random.Random(number))
    try:
        w.go()
    except Exception as why:
        raise AssertionError(f"walk {number}: {why}\n" +
                             "\n".join(w.told)) from why
    shutil.rmtree(w.folder)
    for path in instance.root.glob("recovery*.key"):
        path.unlink()
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
    least = min(total, key=total.__getitem__)
    report.figure("key-walk-points", len(total))
    report.figure("key-walk-least-killed",
                  f"{total[least]} ({least[0]} at {least[1]})")
    check(total.total() > WALKS, f"only {total.total()} kills")
    check(total[least] >= KILLS, f"{least} only {total[least]} times")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """The one there is."""
    yield "key-walk", lambda: walks(place, report)


if __name__ == "__main__":
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    sys.exit(run_script(sys.modules[__name__], cases))
