#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handler that was taken over may write what handlers may write: spools,
names in tmp/, cur/ and gone/, the lock file. As its user everything hostile is
put there, one thing at a time; then whoever is stronger, or has a password,
comes by: sweep, settle, the console, every shell command, a sender, a login.
None of them may hang, end by a signal, change a key or a setting, or touch
what lies outside the mailbox.

TAKEOVER_SANITIZED is an installation built with --enable-asan --enable-ubsan:
then those programs come by, and none may touch memory that is not its own.
"""

import contextlib
import copy
import dataclasses
import errno
import fcntl
import hashlib
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import takeover_attacks
from harness.console import run_cgi
from harness.deadline import until
from harness.instance import Mailbox
from harness.ledger import Ledger
from harness.place import Place
from harness.pop3 import Refused
from harness.report import Failure, Report, Skip, check, equal
from harness.sanitized import Sanitized
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.tools import SYSTEM_PATH
from harness.web_servers import with_console
from harness.wire import Vanished
from takeover_attacks import ATTACKS, STRANGER_KEY
from test_restante_owner import ADMIN, GROUP, HANDLER, TwoUsers

SANITIZED = os.environ.get("TAKEOVER_SANITIZED")
SECONDS = 600 if SANITIZED else 300  # nothing takes longer, on whatever machine
FINE = {0, 1, 64, 67, 69, 75, 77}  # what a command may end with
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
RECOVERY_KEY = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"

def ofd_lock(path: Path) -> int:
    """All of a file, for as long as the descriptor lives."""
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)

    def had() -> bool:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, whole)
        except BlockingIOError:
            return False
        return True
    until(had, 300, f"the lock on {path}")
    return fd


@contextlib.contextmanager
def as_handler(folder: Path, act: Callable[[], object]) -> Iterator[None]:
    """Somebody who has done this, and lives until we are through."""
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        status = b"?"
        try:
            os.close(done[1])
            os.setgroups([])
            os.setresgid(GROUP, GROUP, GROUP)
            os.setresuid(HANDLER, HANDLER, HANDLER)
            os.chdir(folder)
            act()
            status = b"."
        except Exception as why:  # pylint: disable=broad-except
            status = repr(why).encode()
        os.write(ready[1], status)
        os.read(done[0], 1)
        os._exit(0)
    os.close(done[0])
    try:
        equal(os.read(ready[0], 1000), b".", "the attack")
        yield
    finally:
        os.close(done[1])
        os.waitpid(child, 0)
        os.close(ready[0])
        os.close(ready[1])


class Takeover:
    """One store of two users, a mailbox for each attack."""

    def __init__(self, place: Place, report: Report) -> None:
        if os.geteuid() != 0:
            raise Skip("needs root, for users of its own")
        self.place, self.report = place, report
        self.two = TwoUsers(place)
        self.ledger = Ledger(self.two.instance)
        self.instance = with_console(self.two.instance, auth="web-server")
        self.console = copy.copy(self.instance)
        self.console.place = dataclasses.replace(
            self.instance.place, uid=ADMIN, as_user={
                "user": ADMIN, "group": GROUP, "extra_groups": []})
        os.chown(self.instance.root / "console", ADMIN, GROUP)
        self.treasure = self.instance.root / "treasure"
        self.treasure.write_text("of the stronger user\n")
        os.chown(self.treasure, ADMIN, GROUP)
        self.treasure.chmod(0o600)
        takeover_attacks.TREASURE = str(self.treasure)
        self.servers = Xinetd(self.instance, [
            ("smtp-journal", "--tls=starttls"),
            ("pop3-serve", "--tls=starttls")])
        self.slowest = 0.0

    # --- a mailbox, and what must stay as it is --------------------------------

    def mailbox(self) -> Mailbox:
        """One with messages, and one of them collected."""
        mailbox = self.two.create()
        self.deliver(mailbox, 250)
        self.deliver(mailbox, 250)
        pop3 = self.instance.pop3(self.servers.ports[1], mailbox)
        pop3.retr(1)
        pop3.dele(1)
        pop3.quit()
        return mailbox

    def treasures(self, mailbox: Mailbox) -> dict[str, tuple]:
        """Keys, settings, and what lies outside."""
        folder = self.instance.folder(mailbox)
        found = {}
        for path in [self.treasure, self.instance.store / "format",
                     *folder.glob("*.conf"), *folder.glob("*.age*"),
                     *folder.glob("*.key"), *(folder / "lost").iterdir()]:
            st = path.lstat()
            found[path.name] = (
                st.st_uid, st.st_gid, st.st_mode, st.st_nlink,
                hashlib.sha256(path.read_bytes()).hexdigest())
        check("mailbox.conf" in found and "identity.age" in found,
              f"{sorted(found)}")
        return found

    # --- who comes by ----------------------------------------------------------

    def timed(self, what: str, act: Callable[[], object]) -> None:
        """Not for ever."""
        begun = time.monotonic()
        try:
            act()
        except (subprocess.TimeoutExpired, TimeoutError) as why:
            raise Failure(f"{what} hangs: {why}") from why
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def command(self, *args: str, text: str = "", uid: int = 0) -> None:
        """A shell command; it may refuse, and may not be ended."""
        who = {"user": uid, "group": GROUP, "extra_groups": []} if uid else {}

        def run() -> None:
            done = subprocess.run(
                [*self.two.command, *args], input=text, text=True, cwd="/",
                capture_output=True, check=False, timeout=SECONDS,
                env={"PATH": SYSTEM_PATH}, errors="replace", **who)
            check(done.returncode in FINE,
                  f"{args} ended with {done.returncode}: {done.stderr}")
            check("\x1b" not in done.stdout + done.stderr,
                  f"{args}: an escape reaches the terminal")
        self.timed(f"restante {' '.join(args)}", run)

    def upgrade(self) -> None:
        """Where it sees no process but its own, none of which it waits for."""
        def run() -> None:
            done = subprocess.run(
                ["unshare", "--pid", "--fork", "--mount-proc",
                 *self.two.command, "store", "upgrade"], text=True, cwd="/",
                capture_output=True, check=False, timeout=SECONDS,
                env={"PATH": SYSTEM_PATH}, errors="replace")
            check(done.returncode in FINE,
                  f"store upgrade ended with {done.returncode}: "
                  f"{done.stderr}")
        self.timed("restante store upgrade", run)

    def enter(self, ident: str) -> None:
        """The sequencer, and who reads what it has written."""
        def run() -> None:
            done = subprocess.run(
                [self.place.prefix / "libexec/restante/ledger", "-c",
                 self.instance.conf, "--once"], text=True, cwd="/",
                capture_output=True, check=False, timeout=SECONDS,
                env={"PATH": SYSTEM_PATH}, errors="replace",
                **self.instance.place.as_user)
            check(done.returncode in FINE,
                  f"ledger ended with {done.returncode}: {done.stderr}")
        self.timed("ledger", run)
        self.command("ledger", "show", ident)
        self.command("ledger", "verify", ident)

    def pages(self, mailbox: Mailbox) -> None:
        """What the console shows."""
        for path in ("/", "/activity", "/system", f"/mailbox/{mailbox.id}",
                     f"/mailbox/{mailbox.id}/recipients",
                     f"/mailbox/{mailbox.id}/password",
                     f"/mailbox/{mailbox.id}/connect",
                     f"/mailbox/{mailbox.id}/evidence",
                     f"/mailbox/{mailbox.id}/reset", "/account",
                     f"/mailbox/{mailbox.id}/delete"):
            def ask(path: str = path) -> None:
                run = run_cgi(self.console, "GET", path, REMOTE_USER="anna")
                equal(run.status, 0, f"console.cgi {path}: {run.log}")
                check(run.page, f"console.cgi {path}: no page, {run.log}")
                check(b"<script>" not in run.said, f"{path}: markup")
            self.timed(f"console.cgi {path}", ask)

    def deliver(self, mailbox: Mailbox, want: int | None = None) -> None:
        """A sender; may be put off, not turned away."""
        def send() -> None:
            smtp = self.instance.smtp(self.servers.ports[0], timeout=SECONDS)
            reply = smtp.deliver(mailbox.address, MESSAGE)
            check(reply.code == want if want else
                  reply.code == 250 or reply.code // 100 == 4, f"{reply}")
            smtp.quit()
        self.timed("smtp-journal", send)

    def collect(self, mailbox: Mailbox) -> None:
        """A login; it may be refused for now."""
        def login() -> None:
            with contextlib.suppress(Refused, Vanished):
                pop3 = self.instance.pop3(self.servers.ports[1], mailbox,
                                          timeout=SECONDS)
                for number in list(pop3.list())[:5]:
                    with contextlib.suppress(Refused):
                        pop3.retr(number)
                pop3.quit()
        self.timed("pop3-serve", login)

    def all_come_by(self, mailbox: Mailbox) -> None:
        """Whoever reads what others wrote, and changes no key."""
        ident, out = mailbox.id, self.instance.root / "out"
        shutil_rmtree(out)
        out.mkdir()
        os.chown(out, ADMIN, GROUP)
        self.command("sweep")
        self.command("sweep", uid=HANDLER)
        self.command("settle")
        self.enter(ident)
        self.command("status")
        self.command("config", "check")
        self.command("config", "init")
        self.upgrade()
        for words in ("list", "list --porcelain"):
            self.command("mailbox", *words.split())
        for words in ("show", "settings", "recipient list", "target list"):
            self.command("mailbox", *words.split(), ident)
        self.command("mailbox", "test", ident)
        self.command("activity", ident)
        self.command("activity", ident, "--outcome", "x")
        self.command("activity")
        self.command("admin", "add", "berta", "--one-time")
        self.command("admin", "list")
        self.command("admin", "remove", "berta")
        self.command("mailbox", "export", ident, "--format", "eml", str(out),
                     text=mailbox.password + "\n")
        self.pages(mailbox)
        self.deliver(mailbox)
        self.collect(mailbox)
        self.command("sweep")

    def settings_are_changed(self, mailbox: Mailbox) -> None:
        """By who may, there and back."""
        for words in ("set {} description=x", "set {} description=",
                      "target add {} *.example", "target remove {} *.example",
                      "recipient add {} " + RECOVERY_KEY,
                      "recipient remove {} " + RECOVERY_KEY + " --yes",
                      "alias {}", "alias {} --remove"):
            self.command("mailbox", *words.format(mailbox.id).split())

    def keys_are_changed(self, mailbox: Mailbox) -> None:
        """By who may; nobody else's key gets in."""
        ident = mailbox.id
        self.settings_are_changed(mailbox)
        for words, text in (("passwd", mailbox.password), ("passwd --cancel",
                            ""), ("passwd", mailbox.password),
                            ("rekey", mailbox.password), ("suspend", ""),
                            ("reset --messages 100000", ident)):
            name, *options = words.split()
            self.command("mailbox", name, ident, *options, text=text + "\n")
        conf = (self.instance.folder(mailbox) / "mailbox.conf").read_text()
        check(STRANGER_KEY not in conf, conf)
        equal(len(re.findall(r"age1[0-9a-z]+", conf)), 1, "recipients")
        self.command("mailbox", "delete", ident, "--yes")

    def attacked(self, act: Callable[[], object]) -> None:
        """All of it, for one attack."""
        mailbox = self.mailbox()
        before = self.treasures(mailbox)
        with as_handler(self.instance.folder(mailbox), act):
            self.all_come_by(mailbox)
            equal(self.treasures(mailbox), before, "keys and settings")
            self.keys_are_changed(mailbox)
            equal(self.treasure.read_text(), "of the stronger user\n",
                  "what lies outside")
        shutil_rmtree(self.instance.folder(mailbox))

    # --- attacks that need more ------------------------------------------------

    def locks_held(self) -> None:
        """Every lock that there is, for as long as it takes."""
        held: list[int] = []

        def hold() -> None:
            seen = set()
            for path in [Path("lock"), Path("seen"), *Path().glob("spool/*"),
                         *Path().glob("tmp/*"), *Path().glob("cur/*")]:
                if path.stat().st_ino not in seen:  # two names of one file
                    held.append(ofd_lock(path))
                seen.add(path.stat().st_ino)
        mailbox = self.mailbox()
        before = self.treasures(mailbox)
        with as_handler(self.instance.folder(mailbox), hold):
            self.all_come_by(mailbox)
            self.command("mailbox", "delete", mailbox.id, "--yes")
            equal(self.treasures(mailbox), before, "keys and settings")

    def rights(self) -> None:
        """What only the owner may: none of it can be done."""
        mailbox = self.mailbox()

        def refused(act: Callable[[], object]) -> None:
            try:
                act()
            except OSError as why:
                if why.errno in (errno.EACCES, errno.EPERM):
                    return
                raise
            raise Failure("it could be done")

        self.command("mailbox", "alias", mailbox.id)
        alias, = os.listdir(self.instance.store / "aliases")

        def attempt() -> None:
            for name in ("mailbox.conf", "identity.age", "seen.key",
                         "admin.spool"):
                refused(lambda name=name: open(name, "r+b"))
                refused(lambda name=name: os.truncate(name, 0))
                refused(lambda name=name: os.unlink(name))
                refused(lambda name=name: os.chmod(name, 0o666))
                refused(lambda name=name: os.rename("lock", name))
            refused(lambda: os.mkdir("index"))
            refused(lambda: os.rename("spool", "away"))
            refused(lambda: os.rename("cur", "lost"))
            refused(lambda: os.mkdir("lost/x"))
            refused(lambda: os.symlink(self.treasure, "identity.age.next"))
            refused(lambda: os.mkdir("../mbx-" + "0" * 32))
            refused(lambda: os.rename("../../format", "../../format.old"))
            refused(lambda: os.symlink("../mailboxes/" + mailbox.id,
                                       "../../aliases/aaaaaaaaaa"))
            refused(lambda: os.unlink(f"../../aliases/{alias}"))
            refused(lambda: os.rename("../../aliases", "../../away"))
        with as_handler(self.instance.folder(mailbox), attempt):
            pass

    def no_database(self) -> None:
        """No program of ours could open one: a log forged by whoever may write
        to an environment is carried out by whoever recovers it.
        """
        programs = [path for path in
                    (self.place.prefix / "libexec/restante").iterdir()
                    if os.access(path, os.X_OK)]
        check(len(programs) >= 6, f"{programs}")
        for path in programs:
            said = subprocess.run(["ldd", path], capture_output=True,
                                  text=True, check=False).stdout
            check("libdb" not in said, f"{path.name} links {said}")

    def forged_database(self) -> None:
        """What a format 1 mailbox had, with a log in it that, carried out,
        writes another recipient into mailbox.conf: nobody looks at it.
        """
        mailbox = self.mailbox()
        folder = self.instance.folder(mailbox)
        before = self.treasures(mailbox)
        index = folder / "index"
        index.mkdir()
        (index / "log.0000000001").write_bytes(
            log_that_writes(folder / "mailbox.conf",
                            f"recipients = {{'{STRANGER_KEY}'}}\n"))
        for n in range(1, 5):
            (index / f"__db.{n:03}").write_bytes(bytes(8192))
        for path in (index, *index.iterdir()):
            os.chown(path, HANDLER, GROUP)
        self.all_come_by(mailbox)
        equal(self.treasures(mailbox), before, "keys and settings")
        self.keys_are_changed(mailbox)

    def end(self) -> None:
        """How long the slowest took."""
        self.servers.stop()
        self.report.figure("takeover-slowest", f"{self.slowest:.1f} s")


def log_that_writes(target: Path, content: str) -> bytes:
    """As Berkeley DB keeps it: a header, __fop_write (145), its commit (10)."""
    def counted(octets: bytes) -> bytes:
        return struct.pack("<I", len(octets)) + octets

    def record(body: bytes, at: int, before: int) -> bytes:
        return struct.pack("<IIII", before, 12 + len(body) + 4, 0, at) + body
    txn = 0x80000009
    write = struct.pack("<IIII", 145, txn, 0, 0) + \
        counted(bytes(target) + b"\0") + counted(b"") + bytes(16) + \
        counted(content.encode()) + bytes(4)
    commit = struct.pack("<IIIIIII", 10, txn, 1, 28, 1, 1800000000, 0) + \
        counted(b"")
    head = record(struct.pack("<IIII", 0x040988, 19, 1 << 20, 0o660), 0, 0)
    return head + record(write, 28, 0) + record(commit, 28 + len(write), 28)


def shutil_rmtree(path: Path) -> None:
    """Whatever lies there, names that are no UTF-8 too."""
    subprocess.run(["rm", "-rf", path], check=True)


def stories(takeover: Takeover) -> Iterator[Case]:
    """Every attack."""
    yield "takeover-rights", takeover.rights
    for act in ATTACKS:
        yield f"takeover-{act.__name__.replace('_', '-')}", \
            lambda act=act: takeover.attacked(act)
    yield "takeover-locks-held", takeover.locks_held
    yield "takeover-no-database", takeover.no_database
    yield "takeover-forged-database", takeover.forged_database


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """As the programs are, or with sanitizers in them."""
    sanitized = Sanitized(place, Path(SANITIZED)) if SANITIZED else None
    takeover = Takeover(sanitized.place if sanitized else place, report)

    def watched(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            if sanitized:
                sanitized.check()
    for name, act in stories(takeover):
        yield name, lambda act=act: watched(act)
    takeover.end()


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
