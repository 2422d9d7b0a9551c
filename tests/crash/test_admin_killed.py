#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command killed at every step of what it changes. A clean run is
counted, then the same is done with KILL at step 1, 2, 3 …; after each, what is
on the disk must be one of the states of docs/store.md, no message may be gone
that nobody gave up, and the command must work when it is given again. Of what
changes messages the ledger must agree, and extend whatever it has published.
"""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.behind import Behind
from harness.instance import Instance, Mailbox
from harness.ledger import Ledger
from harness.place import Place
from harness.pop3 import Pop3
from harness.published import Published, no_alarm
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.shadow import build
from harness.smtp import Smtp
from harness.tools import SYSTEM_PATH, tool

MESSAGES = 3


@dataclass
class Run:
    """One command that is to be killed, and what must hold after it."""

    args: list[str]
    text: str
    verify: Callable[[], None]


class Killed:
    """The stories; each makes a Run, which is killed at each step."""

    def __init__(self, place: Place, report: Report) -> None:
        self.place = place
        self.instance = instance = Instance(place)
        self.report = report
        self.ledger = Ledger(instance)
        self.published = Published(self.ledger.path)
        self.checkpoints = 0
        self.log = instance.logs / "faults"
        self.shown = ""  # what the killed command has printed
        # What there is before a step, and before a story.
        self.places = {"store": instance.store, "ledger": self.ledger.path}
        self.before = instance.root / "before"
        self.empty = instance.root / "empty"
        self.keep(self.empty)
        self.key = instance.root / "recovery.key"
        said = subprocess.run([tool("age-keygen"), "-o", self.key], check=True,
                              stderr=subprocess.PIPE, text=True).stderr
        place.give(self.key)
        self.recipient = re.search("age1[0-9a-z]+", said)[0]

    # --- the driver ----------------------------------------------------------

    def start(self, run: Run, **env: str) -> int:
        """Run it; how it ended."""
        command = [self.place.handler("mailbox-tool"), "-c",
                   str(self.instance.conf), *run.args]
        done = subprocess.run(command, input=run.text, text=True, check=False,
                              capture_output=True, cwd=self.instance.root,
                              env={"PATH": SYSTEM_PATH, **env},
                              **self.place.as_user)
        check(done.returncode in (0, -9), f"{run.args}: {done.stderr}")
        self.shown = done.stdout
        return done.returncode

    def all_steps(self, story: Callable[[], Run]) -> None:
        """Kill it at every step, each time in the same store."""
        self.log.unlink(missing_ok=True)
        run = story()
        self.keep(self.before)
        equal(self.start(run, RESTANTE_FAULT_LOG=str(self.log)), 0,
              "a run that is not killed")
        names = self.log.read_text().split()
        check(any(name.split(".")[0] in ("admin", "sweep") for name in names),
              f"no step of ours among {names}")
        for step, name in enumerate(names, 1):
            self.put_back(self.before)
            equal(self.start(run, RESTANTE_FAULT_POINT=str(step)), -9,
                  f"killed at {step}, {name}")
            try:
                run.verify()
                self.published.extended()
            except Exception as why:
                raise type(why)(f"killed at {step}, {name}: {why}") from why
        self.report.figure(f"{story.__name__}-steps", len(names))
        self.put_back(self.empty)

    def keep(self, folder: Path) -> None:
        """Store and ledger as they are now."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, place in self.places.items():
            self.copy(place, folder / name)

    def put_back(self, folder: Path) -> None:
        """Both: a store of before, alone, is what an alarm is for. Nothing that
        was published since is held against it.
        """
        for name, place in self.places.items():
            shutil.rmtree(place)
            self.copy(folder / name, place)
        self.checkpoints += self.published.count()
        self.published = Published(self.ledger.path)
        self.published.look()

    @staticmethod
    def copy(source: Path, target: Path) -> None:
        """With links, owners and times."""
        subprocess.run(["cp", "-a", source, target], check=True)

    # --- what they share -----------------------------------------------------

    def mailbox(self, suspended: bool = False) -> Mailbox:
        """A mailbox with messages in it."""
        mailbox = self.instance.create_mailbox()
        self.deliver(mailbox, MESSAGES)
        if suspended:
            self.run("suspend", mailbox)
        return mailbox

    def deliver(self, mailbox: Mailbox, messages: int = 1) -> None:
        """By a receiver that has counted them when we go on."""
        session = Behind(self.instance, "smtp-journal")
        smtp = Smtp(session.wire)
        smtp.ehlo()
        for _ in range(messages):
            smtp.deliver(mailbox.address, b"Subject: x\r\n\r\nx\r\n").want(250)
        smtp.quit()
        equal(session.end(), 0, "smtp-journal ended with")

    def run(self, command: str, mailbox: Mailbox, *args: str, text: str = "",
            want: int | None = 0) -> subprocess.CompletedProcess:
        """A command on a mailbox that nobody kills."""
        words = command.split()
        return self.instance.restante("mailbox", *words, mailbox.id, *args,
                                      text=text, want=want)

    def opens(self, mailbox: Mailbox, password: str) -> int:
        """How many messages the password opens; -1: it is the wrong one."""
        out = self.instance.root / "opened"
        done = self.run("export", mailbox, "--format", "eml", str(out),
                        text=password + "\n", want=None)
        check(done.returncode in (0, 77), done.stderr)
        files = list(out.glob("*"))
        for file in files:
            file.unlink()
        return len(files) if done.returncode == 0 else -1

    def new_password(self, command: str, mailbox: Mailbox, text: str) -> str:
        """What it prints."""
        return self.run(command, mailbox,
                        text=text + "\n").stdout.strip().split()[1]

    def tidy(self) -> list[str]:
        """Sweep; the mailboxes there are."""
        self.instance.restante("sweep")
        names = os.listdir(self.instance.store / "mailboxes")
        equal([name for name in names if name[0] == "."], [], "left behind")
        return names

    # --- the stories -----------------------------------------------------------

    def create(self) -> Run:
        """Nothing, or a whole mailbox."""
        before = self.tidy()

        def verify() -> None:
            new = set(self.tidy()) - set(before)
            check(len(new) <= 1, f"new: {new}")
            for ident in new:
                folder = self.instance.store / "mailboxes" / ident
                equal(sorted(os.listdir(folder)),
                      ["admin.spool", "cur", "gone", "identity.age",
                       "identity.recovery.age", "lock", "lost", "mailbox.conf",
                       "seen", "seen.key", "spool", "tmp", "uids"], "parts")
                self.instance.restante("mailbox", "passwd", ident,
                                       "--recovery-identity", str(self.key))
        return Run(["mailbox", "create", "x", "--same-name", "--recipient",
                    self.recipient],
                   "", verify)

    def change(self) -> Run:
        """The old settings or the new ones."""
        mailbox = self.mailbox()

        def verify() -> None:
            said = self.run("show", mailbox).stdout
            check(("name: test\n" in said) != ("name: new\n" in said), said)
            self.run("set", mailbox, "name=newer")
        return Run(["mailbox", "set", mailbox.id, "name=new"], "", verify)

    def passwd(self) -> Run:
        """The old password opens the mailbox, for no new one was shown."""
        mailbox = self.mailbox()

        def verify() -> None:
            equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
            new = self.new_password("passwd", mailbox, mailbox.password)
            equal(self.opens(mailbox, new), MESSAGES, "opened by the next one")
        return Run(["mailbox", "passwd", mailbox.id], mailbox.password + "\n",
                   verify)

    def confirm(self) -> Run:
        """The new password opens it before and after."""
        mailbox = self.mailbox()
        new = self.new_password("passwd", mailbox, mailbox.password)

        def verify() -> None:
            equal(self.opens(mailbox, new), MESSAGES, "opened")
            equal(self.opens(mailbox, mailbox.password), -1, "the old one")
        return Run(["mailbox", "passwd", mailbox.id, "--confirm"], "", verify)

    def cancel(self) -> Run:
        """The old password opens it; the new one does, or does no more."""
        mailbox = self.mailbox()
        new = self.new_password("passwd", mailbox, mailbox.password)

        def verify() -> None:
            equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
            self.run("passwd", mailbox, "--cancel", want=None)
            equal(self.opens(mailbox, new), -1, "the cancelled one")
        return Run(["mailbox", "passwd", mailbox.id, "--cancel"], "", verify)

    def rekey(self) -> Run:
        """The password opens all that is there, and what comes."""
        mailbox = self.mailbox()

        def verify() -> None:
            self.deliver(mailbox)
            equal(self.opens(mailbox, mailbox.password), MESSAGES + 1,
                  "opened")
            self.run("rekey", mailbox, text=mailbox.password + "\n")
            equal(self.opens(mailbox, mailbox.password), MESSAGES + 1,
                  "opened after another one")
        return Run(["mailbox", "rekey", mailbox.id], mailbox.password + "\n",
                   verify)

    def recipient_remove(self) -> Run:
        """Half done is done by giving the command again; then it is gone."""
        mailbox = self.mailbox()
        self.run("recipient add", mailbox, self.recipient, "--password",
                 text=mailbox.password + "\n")
        args = ["mailbox", "recipient", "remove", mailbox.id, self.recipient,
                "--password"]

        def verify() -> None:
            equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
            done = self.instance.restante(*args, text=mailbox.password + "\n",
                                          want=None)
            check(done.returncode == 0 or "is no recipient" in done.stderr,
                  done.stderr)
            self.run("passwd", mailbox, "--recovery-identity", str(self.key),
                     want=64)
        return Run(args, mailbox.password + "\n", verify)

    def recipient_add(self) -> Run:
        """Half done is done by giving the command again."""
        mailbox = self.mailbox()
        args = ["mailbox", "recipient", "add", mailbox.id, self.recipient,
                "--password"]

        def verify() -> None:
            equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
            self.instance.restante(*args, text=mailbox.password + "\n")
            self.run("passwd", mailbox, "--recovery-identity", str(self.key))
        return Run(args, mailbox.password + "\n", verify)

    def reset(self) -> Run:
        """Every message is there; it takes none until it was reset well."""
        mailbox = self.mailbox(suspended=True)
        folder = self.instance.folder(mailbox)

        def verify() -> None:
            lost = [path for path in (folder / "lost").glob("*/*")
                    if "W=" in path.name]
            equal(len(self.instance.kept(mailbox)) + len(lost), MESSAGES,
                  "messages")
            done = self.run("activate", mailbox, want=None)
            if done.returncode == 0:
                known = self.shown.removeprefix("password: ").strip() \
                    or mailbox.password
                check(self.opens(mailbox, known) >= 0,
                      "active, and nobody knows its password")
                self.run("suspend", mailbox)
            else:
                check("reset it once more" in done.stderr, done.stderr)
            new = self.new_password("reset", mailbox, mailbox.id)
            self.run("activate", mailbox)
            equal(self.opens(mailbox, new), 0, "opened by the new password")
            check(list((folder / "lost").glob("*/identity-*.age")),
                  "no identity")
        return Run(["mailbox", "reset", mailbox.id], mailbox.id + "\n", verify)

    def log_in(self, mailbox: Mailbox, delete: bool = False) -> int:
        """By pop3-serve: how many messages there are."""
        session = Behind(self.instance, "pop3-serve")
        pop3 = Pop3(session.wire)
        pop3.login(mailbox.id, mailbox.password)
        numbers = sorted(pop3.list())
        for number in numbers if delete else []:
            pop3.retr(number)
            pop3.dele(number)
        pop3.quit()
        equal(session.end(), 0, "pop3-serve ended with")
        return len(numbers)

    def deleted(self) -> Mailbox:
        """A mailbox whose messages were deleted, and can be brought back."""
        mailbox = self.mailbox()
        self.run("set", mailbox, "undo=5")
        equal(self.log_in(mailbox, True), MESSAGES, "collected")
        self.instance.restante("sweep")
        self.is_entered()
        return mailbox

    def is_entered(self) -> None:
        """All that has happened; the ledger misses nothing."""
        self.ledger.make_due()
        no_alarm(self.ledger.run())
        self.published.look()
        self.instance.restante("ledger", "verify")

    def undo(self) -> Run:
        """Each message is there, or can be brought back still; none twice."""
        mailbox = self.deleted()
        folder = self.instance.folder(mailbox)

        def verify() -> None:
            back = self.log_in(mailbox)
            equal(back + len(os.listdir(folder / "gone")), MESSAGES,
                  "in cur/ and gone/, seen by a login")
            self.run("undo", mailbox)
            equal(os.listdir(folder / "gone"), [], "what lies in gone/")
            equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
            equal(len(self.instance.kept(mailbox)), MESSAGES, "names")
            self.is_entered()
        return Run(["mailbox", "undo", mailbox.id], "", verify)

    def hold(self) -> Run:
        """Held or not; what was deleted is there where it is."""
        mailbox = self.deleted()
        folder = self.instance.folder(mailbox)

        def verify() -> None:
            held = "hold: true\n" in self.run("show", mailbox).stdout
            self.run("set", mailbox, "undo=0")
            self.instance.restante("sweep")
            equal(len(os.listdir(folder / "gone")), MESSAGES if held else 0,
                  "what lies in gone/")
            self.run("hold", mailbox)
            self.run("suspend", mailbox)
            self.run("delete", mailbox, "--yes", want=64)
            self.run("release", mailbox)
            self.run("delete", mailbox, "--yes")
        return Run(["mailbox", "hold", mailbox.id], "", verify)

    def hold_keeps_what_was_begun(self) -> None:
        """A QUIT was killed behind its lines, and the disk has not room for
        one name when the next one in carries it on: under hold nothing is cut.
        """
        mailbox = self.mailbox()
        session = Behind(self.instance, "pop3-serve",
                         RESTANTE_FAULT_POINT="update.said")
        pop3 = Pop3(session.wire)
        pop3.login(mailbox.id, mailbox.password)
        for number in pop3.list():
            pop3.dele(number)
        session.wire.send(b"QUIT\r\n")
        equal(session.process.wait(30), -9, "pop3-serve ended with")
        self.run("hold", mailbox)
        session = Behind(self.instance, "pop3-serve",
                         LD_PRELOAD=str(build(self.place)),
                         SHADOW_FAIL=f"rename:1:{errno.ENOSPC}")
        pop3 = Pop3(session.wire)
        pop3.login(mailbox.id, mailbox.password)
        equal(len(pop3.list()), 0, "listed")
        pop3.quit()
        session.end()
        check("nothing is cut" in session.log_text(), session.log_text())
        folder = self.instance.folder(mailbox)
        sizes = [path.stat().st_size for name in ("cur", "gone")
                 for path in (folder / name).iterdir()]
        check(len(sizes) == MESSAGES and all(sizes), f"sizes: {sizes}")
        self.run("undo", mailbox)
        equal(self.opens(mailbox, mailbox.password), MESSAGES, "opened")
        self.run("release", mailbox)
        self.is_entered()

    def release(self) -> Run:
        """Held still or no more; what was deleted goes, or stays."""
        mailbox = self.deleted()
        folder = self.instance.folder(mailbox)
        self.run("hold", mailbox)
        self.run("set", mailbox, "undo=0")

        def verify() -> None:
            held = "hold: true\n" in self.run("show", mailbox).stdout
            self.instance.restante("sweep")
            equal(len(os.listdir(folder / "gone")), MESSAGES if held else 0,
                  "what lies in gone/")
            self.run("release", mailbox)
            self.instance.restante("sweep")
            equal(os.listdir(folder / "gone"), [], "what lies in gone/")
            self.is_entered()
        return Run(["mailbox", "release", mailbox.id], "", verify)

    def end_of_undo(self) -> Run:
        """The sweep's: what is left of it goes with the next; no other mail."""
        mailbox = self.deleted()
        folder = self.instance.folder(mailbox)
        self.deliver(mailbox)
        self.run("set", mailbox, "undo=0")

        def verify() -> None:
            equal(len(self.instance.kept(mailbox)), 1, "what waits")
            self.instance.restante("sweep")
            for name in ("gone", "tmp"):
                equal(os.listdir(folder / name), [], f"what lies in {name}/")
            equal(self.opens(mailbox, mailbox.password), 1, "opened")
            self.is_entered()
        return Run(["sweep"], "", verify)

    def published_enough(self) -> None:
        """Each step that enters has published one at least."""
        self.report.figure("killed-checkpoints", self.checkpoints)
        check(self.checkpoints > 0, "nothing was published")

    def delete(self) -> Run:
        """All there, or all gone."""
        if not (self.instance.store / "admin.spool").exists():
            # The first one makes the store's spool: a step more than others.
            self.run("delete", self.mailbox(suspended=True), "--yes")
        mailbox = self.mailbox(suspended=True)

        def verify() -> None:
            if mailbox.id in self.tidy():
                equal(self.opens(mailbox, mailbox.password), MESSAGES,
                      "opened")
                self.run("delete", mailbox, "--yes")
            check(mailbox.id not in self.tidy(), "still there")
        return Run(["mailbox", "delete", mailbox.id, "--yes"], "", verify)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Each command, at each of its steps."""
    place.become_user()
    killed = Killed(place, report)
    for name in ("create", "change", "passwd", "confirm", "cancel", "rekey",
                 "recipient_add", "recipient_remove", "reset", "undo", "hold",
                 "release", "end_of_undo", "delete"):
        story = getattr(killed, name)
        yield (f"killed-{name.replace('_', '-')}",
               lambda story=story: killed.all_steps(story))
    yield "hold-keeps-what-was-begun", killed.hold_keeps_what_was_begun
    yield "killed-published", killed.published_enough


if __name__ == "__main__":
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    sys.exit(run_script(sys.modules[__name__], cases))
