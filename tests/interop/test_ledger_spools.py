#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spools and the ledger: they wait for it, however long it stands still, and
go once it has what is in them; sessions are kept beside it and are shown as
before. And what nobody but its own user can do to its files.
"""

import ctypes
import dataclasses
import fcntl
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.instance import Mailbox
from harness.ledger import deliver, in_one_world
from harness.place import Place
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from test_ledger import Told
from test_restante_owner import ADMIN, GROUP, HANDLER, TwoUsers

SIGNER = 54325
MIB = 1024 * 1024
DAY = 24 * 3600
FLOCK = struct.Struct("hhqqi4x")  # of an OFD lock, 64 bits
FILLER = (b"activity time=%s program=smtp-journal peer=192.0.2.1 "
          b"outcome=idle messages=0 octets=0\n")


def stamp(ago: float = 0) -> bytes:
    """A time, so many seconds ago."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() - ago)).encode()


def spool_folder(w: Told, mailbox: Mailbox) -> Path:
    """Where its spools are."""
    return w.instance.folder(mailbox) / "spool"


def spools(w: Told, mailbox: Mailbox) -> list[str]:
    """Their names, the oldest first."""
    return sorted(path.name for path in spool_folder(w, mailbox).iterdir())


def fill(w: Told, mailbox: Mailbox, days: int = 0) -> int:
    """Make the newest spool a full one, as old as that: how many lines."""
    path = spool_folder(w, mailbox) / spools(w, mailbox)[-1]
    line = FILLER % stamp(60)
    lines = MIB // len(line) + 1
    with open(path, "ab") as file:
        file.write(line * lines)
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return lines


def sessions(w: Told, mailbox: Mailbox) -> list[dict]:
    """What `restante activity` shows of it."""
    return json.loads(w.instance.restante("activity", mailbox.id,
                                          "--json").stdout)


def they_wait(w: Told) -> None:
    """A month without a sequencer; then one run, and the sweep."""
    mailbox = w.instance.create_mailbox("waits")
    w.ledger.run()
    said = w.deliver(mailbox, 2)
    for _ in range(3):
        fill(w, mailbox, days=30)
        said |= w.deliver(mailbox, 1)
        w.instance.restante("sweep")
    equal(spools(w, mailbox), [f"local.{n}" for n in range(1, 5)],
          "spools that the ledger has not entered")
    w.ledger.run()
    w.instance.restante("sweep")
    equal(spools(w, mailbox), ["local.4"], "spools that it has entered")
    equal(w.account(mailbox).kept, said, "kept")
    w.ledger.run()
    memory = (w.ledger.path / "memory" / mailbox.id).read_text()
    equal(memory.count("spool name=local."), 1, "spools in memory")


def what_came_late_is_waited_for(w: Told) -> None:
    """Who had an older spool open appends to it once it was entered."""
    mailbox = w.instance.create_mailbox("late")
    said = w.deliver(mailbox, 1)
    fill(w, mailbox)
    said |= w.deliver(mailbox, 1)
    w.ledger.run()
    first = spool_folder(w, mailbox) / "local.1"
    late = f"kept ulid={'0' * 25}1 octets=1 sha256={'0' * 64} by=writer " \
        f"time={stamp().decode()}\n"
    with open(first, "a", encoding="ascii") as file:
        file.write(late)
    w.instance.restante("sweep")
    check(first.exists(), "it went with a line that was not entered")
    w.ledger.run()
    w.instance.restante("sweep")
    check(not first.exists(), "it stays, and was entered")
    equal(w.account(mailbox).kept, said | {"0" * 25 + "1": "0" * 64}, "kept")


def who_holds_a_spool_is_told_of(w: Told) -> None:
    """Not for a moment, however long nothing was signed; after 15 minutes. What
    stands there waits, and so does an adoption with what it has to say.
    """
    mailbox = w.instance.create_mailbox("held")
    said = w.deliver(mailbox, 2)
    w.ledger.sign()
    w.collect(mailbox, 1)
    memory = w.ledger.path / "memory" / mailbox.id
    path = spool_folder(w, mailbox) / spools(w, mailbox)[-1]
    with open(path, "r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, FLOCK.pack(
            fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        w.ledger.make_due()
        log = w.ledger.run("--adopt", mailbox.id)
        check("is locked for longer than it may be" in log, log)
        check("somebody holds its spools" not in log, f"for a moment: {log}")
        account = w.account(mailbox)
        equal((account.behind[0], account.missing, account.gone),
              ("adopt", {}, {}), "while it is held")
        text = memory.read_text()
        at = text.index("held since=") + len("held since=")
        memory.write_text(f"{text[:at]}2020{text[at + 4:]}")
        log = w.ledger.run()
        check("somebody holds its spools" in log, f"after 15 minutes: {log}")
    equal(w.ledger.run(), "", "what a run says then")
    account = w.account(mailbox)
    equal((set(account.kept), len(account.collected), account.missing),
          (set(said), 1, {}), "then")
    w.ledger.sign()
    equal(stranger.verify(w.ledger.path / "host").kinds["adopted"], 1, "told")
    w.instance.restante("ledger", "verify", mailbox.id)


def torn_places_cover_nothing(w: Told) -> None:
    """`taken` of the ledger's folder, as a power cut may leave it."""
    mailbox = w.instance.create_mailbox("torn")
    w.deliver(mailbox, 1)
    fill(w, mailbox)
    w.deliver(mailbox, 1)
    w.ledger.run()
    taken = w.ledger.of(mailbox) / "taken"
    whole = taken.read_text()
    for text in ("", whole[:-1], whole[:-5], whole.replace("=local", "=loca"),
                 whole + "x"):
        taken.write_text(text)
        w.instance.restante("sweep")
        equal(spools(w, mailbox), ["local.1", "local.2"], f"with {text!r}")
    w.ledger.run()
    equal(taken.read_text(), whole, "put right by the next run")
    w.instance.restante("sweep")
    equal(spools(w, mailbox), ["local.2"], "then")


def without_a_ledger(w: Told) -> None:
    """Nobody has ever run one: 14 days, as before."""
    mailbox = w.instance.create_mailbox("none")
    w.deliver(mailbox, 1)
    fill(w, mailbox, days=13)
    w.deliver(mailbox, 1)
    w.instance.configure(ledger={"path": w.instance.root / "nowhere"})
    w.instance.restante("sweep")
    equal(spools(w, mailbox), ["local.1", "local.2"], "after 13 days")
    then = time.time() - 15 * DAY
    os.utime(spool_folder(w, mailbox) / "local.1", (then, then))
    w.instance.restante("sweep")
    equal(spools(w, mailbox), ["local.2"], "after 15 days")
    w.instance.configure(ledger={"path": w.ledger.path})


def under_undo(w: Told, name: str) -> tuple[Mailbox, str]:
    """A mailbox with two messages, and the one that is collected first."""
    mailbox = w.instance.create_mailbox(name)
    w.instance.restante("mailbox", "set", mailbox.id, "undo=30")
    return mailbox, min(w.deliver(mailbox, 2))


def collect_long_ago(w: Told, mailbox: Mailbox) -> None:
    """One, and the spool that says so may go."""
    w.collect(mailbox, 1)
    fill(w, mailbox, days=15)
    w.deliver(mailbox, 1)


def undo_ends(w: Told, mailbox: Mailbox, ulid: str) -> None:
    """It goes when its days are over, and nobody misses it."""
    equal(spools(w, mailbox), ["local.2"], "spools")
    w.ledger.run()
    gone, = (w.instance.folder(mailbox) / "gone").glob(f"{ulid}*")
    gone.unlink()
    equal(w.ledger.look(), "", "what a look says then")
    w.ledger.sign()
    account = w.account(mailbox)
    equal((account.missing, account.gone), ({}, {ulid: "former"}), "said of it")
    w.instance.restante("ledger", "verify", mailbox.id)


def what_left_before_the_first_ledger_has_left(w: Told) -> None:
    """It lies there under undo, and the spool that says who took it has gone."""
    mailbox, ulid = under_undo(w, "older than its ledger")
    w.instance.configure(ledger={"path": w.instance.root / "nowhere"})
    collect_long_ago(w, mailbox)
    w.instance.restante("sweep")
    w.instance.configure(ledger={"path": w.ledger.path})
    undo_ends(w, mailbox, ulid)


def what_left_behind_an_old_copy_has_left(w: Told) -> None:
    """The ledger that said who took it was lost, and a copy of before is
    resumed.
    """
    mailbox, ulid = under_undo(w, "left behind a copy")
    w.ledger.run()
    copy = w.instance.root / "of before"
    w.ledger.of(mailbox).rename(copy)
    shutil.copytree(copy, w.ledger.of(mailbox))
    for path in [w.ledger.of(mailbox), *w.ledger.of(mailbox).rglob("*")]:
        w.place.give(path)
    collect_long_ago(w, mailbox)
    w.ledger.run()
    w.instance.restante("sweep")
    shutil.rmtree(w.ledger.of(mailbox))
    copy.rename(w.ledger.of(mailbox))
    w.ledger.run("--resume", mailbox.id, "--reason", "an old copy")
    undo_ends(w, mailbox, ulid)


def sessions_are_kept(w: Told) -> None:
    """Each once, before it is taken, between, and when its spool is gone."""
    mailbox = w.instance.create_mailbox("sessions")
    w.deliver(mailbox, 2)
    w.collect(mailbox, 1)
    before = sessions(w, mailbox)
    equal(sorted(s["program"] for s in before),
          ["pop3-serve", "smtp-journal"], "sessions")
    w.ledger.run()
    equal(sessions(w, mailbox), before, "taken")
    n = fill(w, mailbox)
    w.deliver(mailbox, 1)
    equal(len(sessions(w, mailbox)), 3 + n, "taken in part")
    w.ledger.run()
    w.instance.restante("sweep")
    equal(spools(w, mailbox), ["local.2"], "spools")
    equal(len(sessions(w, mailbox)), 3 + n, "their spool is gone")
    since = ["--since", stamp(30).decode()]
    recent = json.loads(w.instance.restante("activity", mailbox.id, "--json",
                                            *since).stdout)
    equal(len(recent), 3, "of the last half minute")


def old_sessions_go(w: Told) -> None:
    """Files of days that are over, when a new one is begun."""
    mailbox = w.instance.create_mailbox("old")
    w.deliver(mailbox, 1)
    w.ledger.run()
    folder = w.ledger.of(mailbox) / "activity"
    today = next(folder.iterdir())
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 89 * DAY))
    for name in ("2020-02-29.1", f"{day}.1", "no day"):
        (folder / name).write_bytes(today.read_bytes())
    today.unlink()
    w.deliver(mailbox, 1)
    w.ledger.run()
    equal(sorted(path.name for path in folder.iterdir()),
          sorted([f"{day}.1", "no day", today.name[:-1] + "2"]), "files")


def killed_amid_sessions(w: Told) -> None:
    """At each point of a run: each session is there once."""
    program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
        "libexec/restante/ledger"
    mailbox = w.instance.create_mailbox("killed")
    n = 0
    for point in range(1, 16):
        w.deliver(mailbox, 1)
        n += 1
        folder = w.ledger.of(mailbox) / "activity"
        for path in folder.iterdir() if point % 4 == 0 else ():
            path.unlink()
            n = 1
        w.ledger.run(want=None, program=program,
                     RESTANTE_FAULT_POINT=str(point))
        w.ledger.run()
        equal(len(sessions(w, mailbox)), n, f"sessions after point {point}")


# --- rights -----------------------------------------------------------------


def as_user(uid: int, what: Callable[[], object]) -> int:
    """The errno with which it failed; 0: it could be done."""
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(GROUP, GROUP, GROUP)
        os.setresuid(uid, uid, uid)
        try:
            what()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def write_over(path: Path) -> None:
    """One octet."""
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, b"x", 0)


def exchange(path: Path, other: Path) -> None:
    """RENAME_EXCHANGE."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, bytes(path), -100, bytes(other), 2) < 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def attempts(path: Path, own: Path) -> dict[str, Callable[[], object]]:
    """What somebody may try to do to a name; own: a place of theirs."""
    away = own / "away"
    tried: dict[str, Callable[[], object]] = {
        "mv": lambda: os.rename(path, away),
        "mv-beside": lambda: os.rename(path, path.with_name("beside")),
        "mv-over": lambda: os.rename(own / "file", path),
        "exchange": lambda: exchange(path, own / "file"),
        "ln": lambda: os.link(path, away),
        "mkdir": lambda: os.mkdir(path.with_name("new")),
        "create": lambda: os.close(os.open(path.with_name("new"),
                                           os.O_CREAT | os.O_WRONLY)),
        "symlink": lambda: os.symlink("x", path.with_name("new")),
        "chown": lambda: os.chown(path, os.getuid(), -1),
        "chmod": lambda: os.chmod(path, 0o777),
        "utime": lambda: os.utime(path, (1, 1)),
        "setxattr": lambda: os.setxattr(path, "user.x", b"y"),
    }
    if path.is_dir():
        return tried | {"rmdir": lambda: os.rmdir(path)}
    return tried | {"pwrite": lambda: write_over(path),
                    "truncate": lambda: os.truncate(path, 1),
                    "append": lambda: os.close(
                        os.open(path, os.O_WRONLY | os.O_APPEND)),
                    "unlink": lambda: os.unlink(path)}


def facts(root: Path) -> dict[str, tuple]:
    """Everything below, names, owners, modes and octets."""
    return {str(path): (stat.filemode(path.lstat().st_mode),
                        path.lstat().st_uid, path.lstat().st_mtime_ns,
                        path.read_bytes() if path.is_file() else b"")
            for path in (root, *root.rglob("*"))}


class ThreeUsers(TwoUsers):
    """And a signer, whose place lies in a folder of root's."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.path = self.instance.root / "lib" / "ledger"
        self.path.parent.mkdir(mode=0o755)
        self.path.mkdir()
        os.chown(self.path, SIGNER, GROUP)
        self.path.chmod(0o2750)
        self.instance.configure(ledger={"path": self.path})

    def sign(self) -> None:
        """A run."""
        done = subprocess.run(
            [self.instance.place.handler("ledger"), "-c",
             str(self.instance.conf), "--once"], capture_output=True,
            text=True, check=False, timeout=300, cwd="/", user=SIGNER,
            group=GROUP, extra_groups=[])
        equal((done.returncode, done.stderr), (0, ""), "a run of the signer")

    def filled(self) -> Mailbox:
        """A mailbox with a ledger that has all that there is."""
        mailbox = self.create()
        services = [("smtp-journal", "--tls=starttls"),
                    ("pop3-serve", "--tls=starttls")]
        with Xinetd(self.instance, services) as servers:
            deliver(self.instance, servers.ports[0], mailbox, 3)
            equal(len(self.instance.collect(servers.ports[1], mailbox)), 3,
                  "collected")
            servers.idle()
        self.sign()
        return mailbox


def nothing_can_be_done(place: Place, report: Report) -> None:
    """Each attempt at each name, by each user that is not the signer."""
    if os.geteuid() != 0:
        raise Skip("needs root, to be several users")
    users = ThreeUsers(place)
    mailbox = users.filled()
    for uid in (HANDLER, ADMIN):
        try_everything(users, uid, report)
    account = stranger.verify(users.path / mailbox.id)
    equal((len(account.kept), len(account.collected)), (3, 3), "entered")


def try_everything(users: ThreeUsers, uid: int, report: Report) -> None:
    """In a folder beside the place, which is theirs."""
    own = users.instance.root / f"own-{uid}"
    own.mkdir()
    (own / "file").write_text("x")
    for path in (own, own / "file"):
        os.chown(path, uid, GROUP)
    before, tried = facts(users.path), 0
    for path in (users.path, *sorted(users.path.rglob("*"))):
        for name, what in attempts(path, own).items():
            check(as_user(uid, what) != 0, f"{name} of {path} can be done")
            tried += 1
    equal(facts(users.path), before, "the ledger's files")
    check(as_user(uid, (users.path / "key").read_bytes) != 0, "key is read")
    check(as_user(uid, lambda: os.listdir(users.path / "memory")) != 0,
          "memory is read")
    report.figure(f"ledger-attempts-of-{uid}", tried)


def only_root_ends_a_ledger(place: Place) -> None:
    """adopt, resume and drop, asked for by the handlers' user and by the
    administrators': 77, and nothing has changed; nor by the program itself.
    Root may: of a mailbox, of one that was deleted, of the host.
    """
    if os.geteuid() != 0:
        raise Skip("needs root, to be several users")
    users = ThreeUsers(dataclasses.replace(place, root=place.folder("acts")))
    mailbox, dead = users.filled(), users.create()
    users.sign()
    users.run("mailbox", "suspend", dead.id)
    users.run("mailbox", "delete", dead.id, "--yes")
    users.sign()
    before = facts(users.path)
    acts = [("adopt", mailbox.id, "--reason", "x"), ("adopt", "host"),
            ("resume", mailbox.id, "--reason", "x"),
            ("resume", "host", "--reason", "x"), ("drop", dead.id, "--yes")]
    for uid in (HANDLER, ADMIN):
        for act, *args in acts:
            said = users.run("ledger", act, *args, uid=uid, gid=GROUP,
                             want=77)
            check("only root decides" in said, said)
            ends_by_program(users, uid, f"--{act}", args[0])
        equal(facts(users.path), before, f"after {uid}")
    for act, *args in acts:
        users.run("ledger", act, *args)
    users.sign()
    users.run("ledger", "verify")


def ends_by_program(users: ThreeUsers, uid: int, *args: str) -> None:
    """The program that has the key, run by somebody who has not."""
    done = subprocess.run(
        [users.instance.place.handler("ledger"), "-c",
         str(users.instance.conf), *args, "--reason", "x"],
        capture_output=True, text=True, check=False, timeout=60, cwd="/",
        user=uid, group=GROUP, extra_groups=[])
    check(done.returncode not in (0, 70), f"{args} as {uid}: {done.stderr}")


def its_place_is_shared(w: Told) -> None:
    """Made by a run and not by tmpfiles.d: the store's group reads it."""
    path = w.instance.root / "made"
    w.instance.configure(ledger={"path": path})
    w.instance.root.chmod(0o777)
    w.ledger.run()
    mode = stat.S_IMODE(path.stat().st_mode)
    equal((oct(mode), path.stat().st_gid),
          (oct(0o2750), w.instance.store.stat().st_gid), "mode and group")
    w.instance.configure(ledger={"path": w.ledger.path})


CASES = [what_left_before_the_first_ledger_has_left,
         what_left_behind_an_old_copy_has_left,
         they_wait, who_holds_a_spool_is_told_of, what_came_late_is_waited_for,
         torn_places_cover_nothing, without_a_ledger, sessions_are_kept,
         old_sessions_go, killed_amid_sessions, its_place_is_shared]


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """One instance with one run of servers; then the users."""
    yield from in_one_world(place, Told, CASES)
    yield "rights", partial(nothing_can_be_done, place, report)
    yield "only-root-ends-a-ledger", partial(only_root_ends_a_ledger, place)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
