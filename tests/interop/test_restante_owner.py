#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command and who calls it: root becomes the store's owner, handlers
of another user work in what it has made, strangers are told so; and a person
at a terminal, whose password nobody sees.
"""

import dataclasses
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.mounts import add_users
from harness.place import Place
from harness.report import Failure, Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.tools import SYSTEM_PATH

# Nobody on this machine has these numbers: no name, no groups of its own.
ADMIN, HANDLER, GROUP, STRANGER = 54321, 54323, 54322, 54324
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"

SHARED = {"tmp", "cur", "gone", "spool", "lock", "seen", "uids"}


def a_directory_of_roots(place: Place) -> None:
    """A mount point is root's: it becomes the administrator's, if nothing is
    in it; else init, check and status say what is wrong.
    """
    add_users(place, {"restante": HANDLER, "restante-admin": ADMIN}, HANDLER)
    conf, store = place.root / "roots.conf", place.root / "mount-point"
    command = [str(place.prefix / "bin/restante"), "-c", str(conf)]
    conf.write_text(f"store = '{store}'\n")

    def run(*args: str) -> subprocess.CompletedProcess:
        return subprocess.run([*command, *args], text=True, check=False,
                              capture_output=True, cwd="/",
                              env={"PATH": SYSTEM_PATH})

    (store / "lost+found").mkdir(parents=True)
    done = run("config", "init")
    equal(done.returncode, 0, f"init: {done.stderr}")
    for path in (store, store / "format", store / "mailboxes"):
        equal((path.stat().st_uid, path.stat().st_gid), (ADMIN, HANDLER),
              f"owner of {path.name}")
    for path in (store, *store.iterdir()):
        os.chown(path, 0, 0)
    for args, want in ((("config", "init"), 64), (("config", "check"), 64),
                       (("status",), 1)):
        done = run(*args)
        check("belongs to root" in done.stderr + done.stdout and
              f"chown -R restante-admin:restante {store}" in
              done.stderr + done.stdout, f"{args}: {done.stderr}")
        equal(done.returncode, want, f"{args}: {done.stderr}")


def a_name_without_a_domain(place: Place) -> None:
    """No mailbox is made whose address no sender finds; what was set as it is
    is what was meant.
    """
    conf, store = place.root / "short.conf", place.root / "short"
    conf.write_text(f"store = '{store}'\nruntime = '{place.root}'\n")

    def run(*args: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["unshare", "--uts", "sh", "-c", 'hostname mail && exec "$@"',
             "sh", place.prefix / "bin/restante", "-c", conf, *args],
            text=True, check=False, capture_output=True, cwd="/",
            env={"PATH": SYSTEM_PATH})

    equal(run("config", "init").returncode, 0, "init")
    for args in (("mailbox", "create", "m"), ("config", "check")):
        done = run(*args)
        equal(done.returncode, 64, f"{args}: {done.stdout}")
        check(f"{conf}: hostname is not set" in done.stderr, done.stderr)
    equal(list((store / "mailboxes").iterdir()), [], "mailboxes")
    conf.write_text(f"hostname = 'mail'\n{conf.read_text()}")
    done = run("mailbox", "create", "m")
    equal(done.returncode, 0, done.stderr)
    check(re.search("^address: mbx-[0-9a-f]{32}@mail$", done.stdout, re.M),
          done.stdout)


class TwoUsers:
    """A store of one user, handlers of another, and root."""

    def __init__(self, place: Place) -> None:
        root = place.folder("two-users")
        store = root / "store"
        store.mkdir(mode=0o700)
        os.chown(store, ADMIN, GROUP)
        caller = dataclasses.replace(place, root=root, as_user={})
        self.instance = Instance(caller, "instance", store=store)
        self.instance.place = dataclasses.replace(
            place, root=root, uid=HANDLER, gid=GROUP, as_user={
                "user": HANDLER, "group": GROUP, "extra_groups": []})
        for path in (self.instance.tls.key, self.instance.root / "run"):
            os.chown(path, HANDLER, GROUP)
        self.command = [str(place.prefix / "bin/restante"), "-c",
                        str(self.instance.conf)]

    def run(self, *args: str, text: str = "", want: int = 0,
            uid: int = 0, gid: int = 0) -> str:
        """Run the command as somebody; what it printed."""
        who = {"user": uid, "group": gid, "extra_groups": []} if uid else {}
        done = subprocess.run([*self.command, *args], input=text, text=True,
                              capture_output=True, check=False, timeout=300,
                              cwd="/", env={"PATH": SYSTEM_PATH}, **who)
        equal(done.returncode, want, f"{args} as {uid}: {done.stderr}")
        return done.stdout + done.stderr

    def create(self) -> Mailbox:
        """A mailbox made by root."""
        said = dict(line.split(": ", 1) for line in self.run(
            "mailbox", "create", "m", "--same-name",
            "--porcelain").splitlines())
        return Mailbox(said["id"], said["address"], said["password"])

    def check_rights(self, folder: Path) -> None:
        """Owner, group and mode of each part, as docs/store.md has them."""
        for path in (folder, *folder.iterdir()):
            st = path.stat()
            shared = path.name in SHARED
            mode = (0o2770 if shared else 0o2750) \
                if stat.S_ISDIR(st.st_mode) else (0o660 if shared else 0o640)
            equal((st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)),
                  (ADMIN, GROUP, mode), f"{path.name}: owner, group, mode")

    def root_becomes_the_owner(self) -> None:
        """What root makes is the owner's, down to the last file."""
        mailbox = self.create()
        store = self.instance.store
        for path in (store, store / "format", store / "mailboxes",
                     store / "aliases"):
            equal((path.stat().st_uid, path.stat().st_gid), (ADMIN, GROUP),
                  f"owner of {path.name}")
        equal(stat.S_IMODE(store.stat().st_mode), 0o2750, "mode of the store")
        self.check_rights(self.instance.folder(mailbox))
        self.run("mailbox", "set", mailbox.id, "name=n")
        self.run("mailbox", "passwd", mailbox.id, text=mailbox.password + "\n")
        self.check_rights(self.instance.folder(mailbox))

    def handlers_work_in_it(self) -> None:
        """Received and collected by one user, looked after by the other."""
        mailbox = self.create()
        folder = self.instance.folder(mailbox)
        services = [("smtp-journal", "--tls=starttls"),
                    ("pop3-serve", "--tls=starttls")]
        with Xinetd(self.instance, services) as servers:
            for _ in range(2):
                smtp = self.instance.smtp(servers.ports[0])
                smtp.deliver(mailbox.address, MESSAGE).want(250)
                smtp.quit()
            equal(len(self.instance.collect(servers.ports[1], mailbox)), 2,
                  "collected")
            smtp = self.instance.smtp(servers.ports[0])
            smtp.deliver(mailbox.address, MESSAGE).want(250)
            smtp.quit()
            servers.idle()
        self.run("sweep")
        check(f"{mailbox.id}\tactive\t1\t" in
              self.run("mailbox", "list", "--porcelain"), "the counters")
        out = self.instance.root / "out"
        out.mkdir()
        os.chown(out, ADMIN, GROUP)
        self.run("mailbox", "export", mailbox.id, "--format", "eml", str(out),
                 text=mailbox.password + "\n")
        equal(len(list(out.iterdir())), 1, "exported")
        self.exports_to_nowhere(mailbox)
        self.run("mailbox", "suspend", mailbox.id)
        self.run("mailbox", "reset", mailbox.id, text=mailbox.id + "\n")
        self.run("mailbox", "delete", mailbox.id, "--yes")
        check(not folder.exists(), "not all of it was deleted")
        equal([name for name in os.listdir(folder.parent) if name[0] == "."],
              [], "left behind")

    def exports_to_nowhere(self, mailbox: Mailbox) -> None:
        """Root's own folder is closed to the owner, who is told so: 77."""
        closed = self.instance.root / "roots"
        closed.mkdir(mode=0o700)
        for path, what in ((closed, "write there"),
                           (closed / "x", "go there or make it")):
            said = self.run("mailbox", "export", mailbox.id, "--format",
                            "eml", str(path), text=mailbox.password + "\n",
                            want=77)
            check(f"may not {what}" in said and "choose a directory" in said,
                  said)

    def strangers_are_told(self) -> None:
        """No permission is 77, at once, and names whose it is."""
        mailbox = self.create()
        for args in (("mailbox", "list"), ("mailbox", "create", "x"),
                     ("sweep",)):
            said = self.run(*args, want=77, uid=STRANGER, gid=STRANGER)
            check("belongs to" in said and "root" in said, said)
        # A handler's user may look, and change nothing.
        said = self.run("mailbox", "list", "--porcelain", uid=HANDLER,
                        gid=GROUP)
        check(mailbox.id in said, said)
        for args in (("suspend", mailbox.id), ("set", mailbox.id, "name=x"),
                     ("passwd", mailbox.id)):
            self.run("mailbox", *args, want=77, uid=HANDLER, gid=GROUP,
                     text=mailbox.password + "\n")
        self.check_rights(self.instance.folder(mailbox))

    def files_of_the_caller(self) -> None:
        """An identity that only root can read is read by root."""
        file = self.instance.root / "root.key"
        said = subprocess.run(["age-keygen", "-o", str(file)], check=True,
                              stderr=subprocess.PIPE, text=True).stderr
        file.chmod(0o600)
        recipient = re.search("age1[0-9a-z]+", said)[0]
        said = self.run("mailbox", "create", "rooted", "--porcelain",
                        "--recipient", recipient)
        ident = re.search("id: (.*)", said)[1]
        said = self.run("mailbox", "passwd", ident, "--recovery-identity",
                        str(file))
        check(said.startswith("password: "), said)


class Terminal:
    """The command on a pseudo-terminal of its own."""

    def __init__(self, instance: Instance, *args: str) -> None:
        self.seen = b""
        self.status: int | None = None
        place = instance.place
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if place.as_user:
                os.setgroups([])
                os.setresgid(*[place.gid] * 3)
                os.setresuid(*[place.uid] * 3)
            command = str(place.prefix / "bin/restante")
            os.execve(command, [command, "-c", str(instance.conf), *args],
                      {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8"})

    def read(self, seconds: float) -> bool:
        """More of what it shows; False at its end."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            raise Failure(f"nothing more is shown behind {self.seen!r}")
        try:
            got = os.read(self.fd, 4096)
        except OSError:
            got = b""
        self.seen += got
        return got != b""

    def until(self, text: bytes) -> None:
        """Wait for this text."""
        while text not in self.seen:
            check(self.read(20), f"ended without {text!r}: {self.seen!r}")

    def echoes(self) -> bool:
        """Does the terminal show what is typed?"""
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def silent(self) -> None:
        """Wait until it does not."""
        end = time.monotonic() + 20
        while self.echoes():
            check(time.monotonic() < end, "the terminal echoes a password")
            time.sleep(0.01)

    def type(self, text: str) -> None:
        """As a person would."""
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """Read to the end; the wait status."""
        while self.read(20):
            pass
        self.status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return self.status


class Person:
    """Somebody at a terminal."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def password_is_not_shown(self) -> None:
        """Asked for, typed, and nowhere on the screen."""
        mailbox = self.instance.create_mailbox()
        for password, status in ((mailbox.password, 0), ("wrong-one", 77)):
            terminal = Terminal(self.instance, "mailbox", "passwd", mailbox.id)
            terminal.until(b"Old password of the mailbox: ")
            terminal.silent()
            terminal.type(password + "\n")
            equal(os.waitstatus_to_exitcode(terminal.end()), status, "status")
            check(password.encode() not in terminal.seen,
                  "the password was shown")
            equal(b"password: " in terminal.seen.replace(b"\r", b""),
                  status == 0, "a new password")

    def interrupted(self) -> None:
        """Ctrl-C ends it, and the terminal echoes again."""
        mailbox = self.instance.create_mailbox()
        before = sorted(os.listdir(self.instance.folder(mailbox)))
        terminal = Terminal(self.instance, "mailbox", "passwd", mailbox.id)
        terminal.until(b"mailbox: ")
        terminal.silent()
        terminal.type("half a pass\x03")
        end = time.monotonic() + 20
        while not terminal.echoes():
            check(time.monotonic() < end, "the terminal stays silent")
            time.sleep(0.01)
        status = terminal.end()
        check(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT,
              f"wait status {status}")
        equal(sorted(os.listdir(self.instance.folder(mailbox))), before,
              "files of the mailbox")

    def asked_before_deleting(self) -> None:
        """The question says what goes, and another answer is no."""
        mailbox = self.instance.create_mailbox("to go")
        self.instance.restante("mailbox", "suspend", mailbox.id)
        for answer, status in (("yes", 64), (mailbox.id, 0)):
            terminal = Terminal(self.instance, "mailbox", "delete", mailbox.id)
            terminal.until(b"Type the id")
            check(b"(to go) holds 0 messages" in terminal.seen, terminal.seen)
            terminal.type(answer + "\n")
            equal(os.waitstatus_to_exitcode(terminal.end()), status, answer)
            equal(self.instance.folder(mailbox).exists(), status != 0,
                  "the mailbox")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Root, users, terminals."""
    names = ["root_becomes_the_owner", "handlers_work_in_it",
             "strangers_are_told", "files_of_the_caller"]
    if os.geteuid() != 0 or not place.as_user:
        def skipped() -> None:
            raise Skip("needs root, to be several users")
        for name in names:
            yield f"owner-{name.replace('_', '-')}", skipped
        yield "owner-a-directory-of-roots", skipped
        yield "owner-a-name-without-a-domain", skipped
    else:
        users = TwoUsers(place)
        for name in names:
            yield f"owner-{name.replace('_', '-')}", getattr(users, name)
        yield ("owner-a-directory-of-roots",
               lambda: a_directory_of_roots(place))
        yield ("owner-a-name-without-a-domain",
               lambda: a_name_without_a_domain(place))
    person = Person(Instance(place))
    for name in ("password_is_not_shown", "interrupted",
                 "asked_before_deleting"):
        yield f"terminal-{name.replace('_', '-')}", getattr(person, name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
