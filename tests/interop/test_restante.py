#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command as people and scripts use it: what it prints, what it
leaves on the disk, what it refuses, and how it ends. Mail comes in through the
real receiver; what is sealed is opened with the stock age program too.
"""

import functools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import RSA, make_certificate
from harness.instance import DOMAIN, Instance, Mailbox
from harness.lineends import split_trace
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.tools import tool

UNKNOWN = f"mbx-{7:032x}"
PASSWORD = re.compile(r"([a-z2-7]{4}-){7}[a-z2-7]{4}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|-")
MESSAGES = [b"Subject: one\r\n\r\nFrom here on\r\n>From there\r\n.\r\n",
            b"Subject: two\r\n\r\n" + b"x" * 200000 + b"\r\n",
            b"Subject: three\r\n\r\n\xe9 \xff\r\n"]


def pairs(text: str) -> dict[str, list[str]]:
    """Lines "key: value" by their keys."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(": ")
        check(colon or line.endswith(":"), f"no 'key: value': {line!r}")
        found.setdefault(key.rstrip(":"), []).append(value)
    return found


def now() -> str:
    """As a spool writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Command:
    """All cases; each makes its own mailboxes in one instance."""

    def __init__(self, place: Place, instance: Instance,
                 receiver: Xinetd) -> None:
        self.place = place
        self.instance = instance
        self.receiver = receiver
        self.run = instance.restante
        self.out = place.folder("out")

    def refused(self, status: int, told: str, *args: str,
                text: str = "") -> None:
        """The command must end like this and say that on stderr."""
        done = self.run(*args, text=text, want=status)
        check(told in done.stderr, f"{args}: said {done.stderr!r}, not {told!r}")
        equal(done.stdout, "", f"{args}: standard output")

    def create(self, *args: str) -> Mailbox:
        """A mailbox."""
        said = pairs(self.run("mailbox", "create", "m", "--porcelain",
                              "--same-name", *args).stdout)
        return Mailbox(said["id"][0], said["address"][0], said["password"][0])

    def suspended(self, *args: str) -> Mailbox:
        """A mailbox that takes no more mail."""
        mailbox = self.create(*args)
        self.deliver(mailbox)
        self.run("mailbox", "suspend", mailbox.id)
        return mailbox

    def deliver(self, mailbox: Mailbox) -> None:
        """Send the messages to it; a session counts them when it has ended."""
        smtp = self.instance.smtp(self.receiver.port)
        for content in MESSAGES:
            smtp.deliver(mailbox.address, content).want(250)
        smtp.quit()
        self.receiver.idle()

    def show(self, mailbox: Mailbox) -> dict[str, list[str]]:
        """What `mailbox show` says."""
        return pairs(self.run("mailbox", "show", mailbox.id,
                              "--porcelain").stdout)

    def key(self, name: str) -> tuple[str, str]:
        """A recovery key: its file and its recipient."""
        file = self.instance.root / f"{name}.key"
        subprocess.run([tool("age-keygen"), "-o", file], check=True,
                       stderr=subprocess.DEVNULL)
        self.place.give(file)
        recipient = re.search("age1[0-9a-z]+", file.read_text())
        return str(file), recipient[0]

    # --- usage and configuration -------------------------------------------

    def usage(self) -> None:
        """Help exists for every command, and a wrong word is refused."""
        text = self.run("--help").stdout
        commands = re.findall("^  ((?:[a-z]+ ?)+)(?= [A-Z]| \\[|$)", text,
                              re.MULTILINE)
        check(len(commands) == 46, f"commands in the help: {commands}")
        for line in text.splitlines():
            check(len(line) <= 80 or "(default: /" in line, f"wide: {line}")
            equal(line, line.rstrip(), "what ends in blanks")
        for command in commands:
            told = self.run(*command.split(), "--help").stdout
            check(f"  {command}" in told, f"help of {command}: {told!r}")
        check(self.run("--version").stdout.startswith("restante "), "version")
        self.refused(64, "usage: restante", *[])
        self.refused(64, "mailbox create", "mailbox")
        for args, told in [
                (("frob",), "no such command"),
                (("--frob",), "no such command"),
                (("mailbox", "frob"), "mailbox frob: no such command"),
                (("mailbox", "create"), "either the NAME"),
                (("mailbox", "show"), "something is missing"),
                (("mailbox", "create", "a", "b"), "one word too many"),
                (("mailbox", "list", "--frob"), "no such option"),
                (("mailbox", "list", "-x"), "no such option"),
                (("mailbox", "list", "--porcelain=1"), "takes no value"),
                (("mailbox", "create", "a", "--target"), "needs a value"),
                (("mailbox", "create", "--", "a", "--porcelain"),
                 "one word too many")]:
            self.refused(64, told, *args)

    def configuration(self) -> None:
        """A first one is written, and a bad one is told where it is bad."""
        root = self.place.folder("first")
        conf = root / "restante.conf"
        conf.write_text(f"store = '{root}/store'\n"
                        "limits {\n\treserve = 'much'\n}\n")
        run = functools.partial(subprocess.run, text=True, check=False,
                                capture_output=True, **self.place.as_user)
        command = [str(self.place.prefix / "bin/restante"), "-c", str(conf)]
        done = run([*command, "mailbox", "list"])
        equal(done.returncode, 64, "status with a bad file")
        check(f"{conf}:3: limits reserve = 'much': expected a size"
              in done.stderr, done.stderr)
        conf.write_text(f"store = '{root}/store'\n")
        done = run([*command, "mailbox", "list"])
        check("config init makes one" in done.stderr, done.stderr)
        for _ in range(2):  # the second time it finds everything there
            equal(run([*command, "config", "init"]).returncode, 0, "init")
        equal((root / "store/format").read_text(), "restante 2\n", "format")
        conf.unlink()
        done = run([*command, "mailbox", "list"])
        equal(done.returncode, 64, "status without a file")
        check(str(conf) in done.stderr, done.stderr)

        example = run([*command, "config", "example"]).stdout
        new = root / "new.conf"
        command[2] = str(new)
        done = run([*command, "config", "init"])
        check(new.exists(), done.stderr)
        told = re.search("^hostname: (.*)$", done.stdout, re.M)[1]
        named = re.match("([^ ;]+[.][^ ;]+); ", told)
        if named:  # this machine has a whole name
            example = example.replace("# hostname = '…'",
                                      f"hostname = '{named[1]}'")
        else:
            check("has no domain" in told, done.stdout)
        equal(new.read_text(), example, "the first configuration")

    def config_check(self) -> None:
        """A good instance is good, and a bad certificate is found."""
        self.run("config", "check")
        bad = self.instance.variant("bad-tls", tls={"key": "/nowhere/key.pem"})
        done = subprocess.run(
            [str(self.place.prefix / "bin/restante"), "-c", str(bad),
             "config", "check"], text=True, capture_output=True, check=False,
            **self.place.as_user)
        equal(done.returncode, 64, "status")
        check("/nowhere/key.pem" in done.stderr, done.stderr)

    # --- making and showing ------------------------------------------------

    def creating(self) -> None:
        """The porcelain of interface.md, and everything as it was asked for."""
        _, recipient = self.key("create")
        done = self.run("mailbox", "create", "--porcelain",
                        "--description=it's ${HOME}", "--target", "*.a.example",
                        "--recipient", recipient, "--target=b.example:25",
                        "Größe 'x' \\ \"${PATH}\"")
        lines = done.stdout.splitlines()
        equal([line.split(": ")[0] for line in lines],
              ["id", "address", "password"], "keys")
        equal(done.stderr, "", "standard error")
        said = pairs(done.stdout)
        ident = said["id"][0]
        check(re.fullmatch("mbx-[0-9a-f]{32}", ident), ident)
        equal(said["address"], [f"{ident}@{DOMAIN}"], "address")
        check(PASSWORD.fullmatch(said["password"][0]), "password")
        shown = pairs(self.run("mailbox", "show", "--porcelain",
                               said["address"][0].upper()).stdout)
        equal(shown["name"], ["Größe 'x' \\ \"${PATH}\""], "name")
        equal(shown["description"], ["it's ${HOME}"], "description")
        equal(shown["target"], ["*.a.example", "b.example:25"], "targets")
        equal(shown["recipient"][1], recipient, "recipients")
        for key in ("created", "oldest", "received", "collected"):
            check(TIME.fullmatch(shown[key][0]), f"{key}: {shown[key]}")

        before = sorted(os.listdir(self.instance.store / "mailboxes"))
        self.refused(64, "expected a line", "mailbox", "create", "a\nb")
        self.refused(64, "expected HOST", "mailbox", "create", "a",
                     "--target", "a b")
        self.refused(64, "no age recipient", "mailbox", "create", "a",
                     "--recipient", "age1x")
        equal(sorted(os.listdir(self.instance.store / "mailboxes")), before,
              "mailboxes after refusals")

    def closed_output(self) -> None:
        """A password that nobody can read is no success."""
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [str(self.place.prefix / "bin/restante"), "-c",
                 str(self.instance.conf), "mailbox", "create", "lost"],
                stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                **self.place.as_user)
        equal(done.returncode, 75, "status")
        check(re.search("mailbox mbx-[0-9a-f]* was created, delete it",
                        done.stderr), done.stderr)

    def listing(self) -> None:
        """One tab-separated line each, with counters that count."""
        mailbox = self.create()
        self.deliver(mailbox)
        self.run("mailbox", "suspend", mailbox.id)
        lines = self.run("mailbox", "list", "--porcelain").stdout.splitlines()
        rows = {row[0]: row for row in (line.split("\t") for line in lines)}
        row = rows[mailbox.id]
        equal(len(row), 7, "columns")
        equal(row[1:3], ["suspended", "3"], "status and messages")
        equal(int(row[3]), sum(int(re.search(r"W=(\d+)", name)[1])
                               for name in self.instance.kept(mailbox)),
              "bytes")
        check(TIME.fullmatch(row[4]) and row[4] != "-", f"received: {row[4]}")
        equal(row[5:], ["-", "m"], "collected and name")
        equal(list(rows), sorted(rows), "order")
        people = self.run("mailbox", "list").stdout
        check(mailbox.id in people, people)

    def listing_for_programs(self) -> None:
        """What `show` says line by line, and undo, hold, expire in all of it."""
        mailbox = self.create()
        for pair in ("undo=30", "expire=90", "description=a \"word\""):
            self.run("mailbox", "set", mailbox.id, pair)
        self.run("mailbox", "hold", mailbox.id)
        shown = self.show(mailbox)
        listed = {each["id"]: each for each in json.loads(
            self.run("mailbox", "list", "--json").stdout)}
        equal(len(listed), len(self.run("mailbox", "list", "--porcelain")
                               .stdout.splitlines()), "mailboxes")
        said = json.loads(self.run("mailbox", "show", mailbox.id,
                                   "--json").stdout)
        equal(said, [listed[mailbox.id]], "of one and of all")
        said = listed[mailbox.id]
        for key in ("id", "name", "description", "status", "copies",
                    "created"):
            equal([said[key]], shown[key], key)
        for key in ("quota", "rate", "undo", "expire", "messages", "bytes",
                    "deleted", "deleted-octets"):
            equal([str(said[key])], shown[key], key)
        equal((said["undo"], said["hold"], said["expire"]), (30, True, 90),
              "what was set")
        equal(said["recipients"], shown["recipient"], "recipients")
        equal(said["oldest"], None, "nothing waits")
        check(re.search(rf"{mailbox.id} held ", self.run("mailbox", "list")
                        .stdout), "list for people")
        text = self.run("status", want=None).stdout
        check(f"mailbox {mailbox.id} (m): 0 deleted and still there, 0 B, "
              "under hold\n" in text, text)
        check("what was collected expires after 90 days, but not under hold"
              in text, text)
        self.run("mailbox", "release", mailbox.id)

    def unknown(self) -> None:
        """No such mailbox is 67, whatever was to be done."""
        for args in [("show",), ("settings",), ("set", "name=x"), ("suspend",),
                     ("activate",), ("alias",), ("recipient", "list"),
                     ("passwd",),
                     ("target", "add", "*"), ("reset",), ("delete", "--yes"),
                     ("export", "--format", "eml", "x")]:
            group = 2 if args[0] in ("recipient", "target") else 1
            for ident in (UNKNOWN, "nonsense"):
                self.refused(67, ident, "mailbox", *args[:group], ident,
                             *args[group:], text="x\n")

    # --- changing ------------------------------------------------------------

    def setting(self) -> None:
        """All of the keys or none, and nothing that is not a setting."""
        mailbox = self.create()
        self.run("mailbox", "set", mailbox.id, "name=a = b", "description=d",
                 "copies=journal-report", "allow-from=10.0.0.0/8, ::1",
                 "client-names=a.example,b.example", "quota=10G", "rate=0")
        shown = self.show(mailbox)
        equal((shown["name"], shown["description"], shown["copies"],
               shown["allow-from"], shown["client-names"], shown["quota"],
               shown["rate"]),
              (["a = b"], ["d"], ["journal-report"], ["10.0.0.0/8,::1"],
               ["a.example,b.example"], [str(10 << 30)], ["0"]), "settings")
        for bad, told in [("name=", "expected a line"), ("status=x", "setting"),
                          ("name", "expected KEY=VALUE"),
                          ("allow-from=10.0.0.0/99", "expected networks")]:
            self.refused(64, told, "mailbox", "set", mailbox.id,
                         "description=changed", bad)
        equal(self.show(mailbox), shown, "settings after refusals")

    def suspending(self) -> None:
        """A suspended mailbox gets a temporary refusal, until it is active."""
        mailbox = self.suspended()
        smtp = self.instance.smtp(self.receiver.port)
        smtp.envelope(mailbox.address).want(450)
        smtp.command("RSET").want(250)
        self.run("mailbox", "activate", mailbox.id)
        smtp.deliver(mailbox.address, MESSAGES[0]).want(250)
        smtp.quit()

    def targets(self) -> None:
        """Added, listed, removed."""
        mailbox = self.create()
        self.run("mailbox", "target", "add", mailbox.id, "pop.a.example:995")
        self.run("mailbox", "target", "add", mailbox.id, "*.b.example")
        self.refused(64, "a target already", "mailbox", "target", "add",
                     mailbox.id, "*.b.example")
        self.refused(64, "tls=implicit", "mailbox", "target", "add",
                     mailbox.id, "a.example:1234")
        equal(self.run("mailbox", "target", "list", mailbox.id).stdout,
              "pop.a.example:995\n*.b.example\n", "targets")
        self.run("mailbox", "target", "remove", mailbox.id, "*.b.example")
        self.refused(64, "no target", "mailbox", "target", "remove",
                     mailbox.id, "*.b.example")
        check("pop.a.example:995" in
              self.run("mailbox", "settings", mailbox.id).stdout, "settings")

    def opened_by_age(self, file: str, folder: Path, name: str) -> bytes:
        """A sealed file as the age program opens it with a key file."""
        return subprocess.run([tool("age"), "--decrypt", "-i", file,
                               folder / name], check=True,
                              stdout=subprocess.PIPE).stdout

    def recipients(self) -> None:
        """A recovery key opens what came since, and with the password all."""
        mailbox = self.create()
        self.deliver(mailbox)
        folder = self.instance.folder(mailbox)
        file, recipient = self.key("recipient")
        done = self.run("mailbox", "recipient", "add", mailbox.id, recipient)
        check("--password" in done.stderr, done.stderr)
        old = set(self.instance.kept(mailbox))
        self.deliver(mailbox)
        new = sorted(set(self.instance.kept(mailbox)) - old)
        for name, content in zip(new, MESSAGES):
            split_trace(self.opened_by_age(file, folder / "cur", name), content)

        out = self.out / "recipient"
        done = self.run("mailbox", "export", mailbox.id, "--format", "eml",
                        "--identity", file, str(out), want=75)
        equal(len(list(out.iterdir())), len(new), "messages it opens")

        self.refused(77, "wrong password", "mailbox", "recipient", "add",
                     mailbox.id, recipient, "--password", text="wrong\n")
        self.run("mailbox", "recipient", "add", mailbox.id, recipient,
                 "--password", text=mailbox.password + "\n")
        key = self.opened_by_age(file, folder, "identity.recovery.age")
        check(key.startswith(b"AGE-SECRET-KEY-1"), "identity.recovery.age")
        self.run("mailbox", "export", mailbox.id, "--format", "eml",
                 "--identity", file, str(out))
        equal(len(list(out.iterdir())), 2 * len(new), "messages it opens")
        _, stranger = self.key("stranger")
        self.refused(64, f"{stranger} is no recipient", "mailbox",
                     "recipient", "remove", mailbox.id, stranger)

        own = self.run("mailbox", "recipient", "list",
                       mailbox.id).stdout.split()
        equal(own[1:], [recipient], "recipients")
        self.refused(64, "own key", "mailbox", "recipient", "remove",
                     mailbox.id, own[0])
        self.refused(64, "still opens all of its mail", "mailbox",
                     "recipient", "remove", mailbox.id, recipient,
                     text="no\n")
        self.run("mailbox", "recipient", "remove", mailbox.id, recipient,
                 "--password", text=mailbox.password + "\n")
        check((folder / "identity.recovery.age").exists(), "recovery")
        check(self.show(mailbox)["recipient"] != own[:1], "no new key")
        equal(len(self.opened_by_age(file, folder, "identity.recovery.age")
                  .split()), 1, "keys that it has")
        self.refused(64, "was removed", "mailbox", "passwd", mailbox.id,
                     "--recovery-identity", file)

    # --- passwords -------------------------------------------------------------

    def opens(self, mailbox: Mailbox, password: str) -> bool:
        """Does the password open it? Asked by an export to nowhere."""
        out = self.out / "opens"
        done = self.run("mailbox", "export", mailbox.id, "--format", "mbox",
                        str(out), text=password + "\n", want=None)
        for file in out.glob("*"):
            file.unlink()
        check(done.returncode in (0, 77), f"{done.returncode} {done.stderr}")
        return done.returncode == 0

    def new_password(self, mailbox: Mailbox, *args: str,
                     text: str = "") -> str:
        """What passwd or reset prints, which is one line."""
        done = self.run("mailbox", *args[:1], mailbox.id, *args[1:], text=text)
        said = pairs(done.stdout)
        equal(list(said), ["password"], "lines")
        return said["password"][0]

    def passwords(self) -> None:
        """Two steps: both open it, then the new one alone."""
        mailbox = self.create()
        old = mailbox.password
        self.refused(77, "wrong password", "mailbox", "passwd", mailbox.id,
                     text=old[:-1] + "\n")
        self.refused(64, "no password", "mailbox", "passwd", mailbox.id)
        self.refused(64, "to confirm", "mailbox", "passwd", mailbox.id,
                     "--confirm")
        new = self.new_password(mailbox, "passwd", text=old + "\nmore\n")
        check(self.opens(mailbox, old) and self.opens(mailbox, new), "both")
        check(not self.opens(mailbox, old), "the old one after the new one")
        newer = self.new_password(mailbox, "passwd", text=new + "\r\n")
        self.run("mailbox", "passwd", mailbox.id, "--confirm")
        check(not self.opens(mailbox, new), "a confirmed change")
        check(self.opens(mailbox, newer), "the confirmed password")
        self.refused(64, "none to cancel", "mailbox", "passwd", mailbox.id,
                     "--cancel")
        dropped = self.new_password(mailbox, "passwd", text=newer + "\n")
        self.refused(64, "cancel it", "mailbox", "rekey", mailbox.id,
                     text=newer + "\n")
        self.run("mailbox", "passwd", mailbox.id, "--cancel")
        check(not self.opens(mailbox, dropped), "a cancelled one")
        self.run("mailbox", "rekey", mailbox.id, text=newer + "\n")
        check(self.opens(mailbox, newer), "the password after a rekey")

    def recovering(self) -> None:
        """A recovery key stands in for a lost password."""
        file, recipient = self.key("recovering")
        other, _ = self.key("other")
        mailbox = self.create("--recipient", recipient)
        self.deliver(mailbox)
        self.refused(77, "not sealed to this", "mailbox", "passwd", mailbox.id,
                     "--recovery-identity", other)
        self.refused(64, "/nowhere", "mailbox", "passwd", mailbox.id,
                     "--recovery-identity", "/nowhere")
        new = self.new_password(mailbox, "passwd", "--recovery-identity", file)
        check(self.opens(mailbox, new), "the new password")
        # With a recovery key a reset loses nothing, and asks nothing.
        new = self.new_password(mailbox, "reset", "--recovery-identity", file)
        check(self.opens(mailbox, new), "the password after a reset")
        equal(len(self.instance.kept(mailbox)), len(MESSAGES), "messages")

    def resetting(self) -> None:
        """Only suspended, only after the id; the old mail goes to lost/."""
        mailbox = self.create()
        self.deliver(mailbox)
        folder = self.instance.folder(mailbox)
        own = self.show(mailbox)["recipient"][0]
        self.refused(64, "suspend", "mailbox", "reset", mailbox.id,
                     text=mailbox.id + "\n")
        self.run("mailbox", "suspend", mailbox.id)
        self.refused(64, "3 messages", "mailbox", "reset", mailbox.id,
                     text="yes\n")
        kept = self.instance.kept(mailbox)
        self.refused(64, "more than the 2", "mailbox", "reset", mailbox.id,
                     "--messages=2", text=mailbox.id + "\n")
        # Fewer than were agreed to are no surprise to anybody.
        new = self.new_password(mailbox, "reset", "--messages=5",
                                text=mailbox.id + "\n")
        equal(self.instance.kept(mailbox), [], "messages left")
        lost = sorted(path.name for path in (folder / "lost" / own).iterdir())
        equal(lost, [*kept, "identity-1.age"], "messages in lost/")
        equal(self.show(mailbox)["messages"], ["0"], "counted")
        self.run("mailbox", "activate", mailbox.id)
        self.deliver(mailbox)
        check(not self.opens(mailbox, mailbox.password), "the old password")
        check(self.opens(mailbox, new), "the new password")

    def deleting_what_was_deleted(self) -> None:
        """What could still come back is counted, too; and a hold forbids."""
        mailbox = self.suspended()
        folder = self.instance.folder(mailbox)
        self.run("mailbox", "set", mailbox.id, "undo=30")
        waiting = min((folder / "cur").iterdir())
        waiting.rename(folder / "gone" / waiting.name)
        for act in ("delete", "reset"):
            self.refused(64, "2 messages, and 1 that was deleted and can "
                         "still come back", "mailbox", act, mailbox.id,
                         text="no\n")
        self.run("mailbox", "hold", mailbox.id)
        for args in (("delete",), ("delete", "--yes"), ("reset",)):
            self.refused(64, "under hold", "mailbox", args[0],
                                mailbox.id, *args[1:], text=mailbox.id + "\n")
        self.run("mailbox", "release", mailbox.id)
        self.run("mailbox", "delete", mailbox.id, "--yes")

    def deleting(self) -> None:
        """Only suspended, only after the id or --yes."""
        mailbox = self.create()
        self.refused(64, "suspend", "mailbox", "delete", mailbox.id, "--yes")
        mailbox = self.suspended()
        self.refused(64, "3 messages", "mailbox", "delete", mailbox.id,
                     text="no\n")
        check(self.instance.folder(mailbox).exists(), "deleted after no")
        self.run("mailbox", "delete", mailbox.id, text=mailbox.id + "\n")
        check(not self.instance.folder(mailbox).exists(), "still there")
        self.deleting_what_was_deleted()
        mailbox = self.suspended()
        self.run("mailbox", "delete", mailbox.id, "--yes")
        self.refused(67, mailbox.id, "mailbox", "show", mailbox.id)
        smtp = self.instance.smtp(self.receiver.port)
        smtp.envelope(mailbox.address).want(550)
        smtp.quit()

    # --- export ------------------------------------------------------------------

    def exporting(self) -> None:
        """Byte for byte as eml, taken back from mbox, and nothing changed."""
        mailbox = self.suspended()
        out = self.out / "exported"
        before = self.instance.kept(mailbox)
        self.refused(64, "--format", "mailbox", "export", mailbox.id, str(out))
        self.refused(77, "", "mailbox", "export", mailbox.id, "--format",
                     "eml", str(out), text="wrong\n")
        self.refused(64, "No such file", "mailbox", "export", mailbox.id,
                     "--format", "eml", str(self.out / "missing/parent"),
                     text=mailbox.password + "\n")
        for kind in ("eml", "mbox"):
            self.run("mailbox", "export", mailbox.id, "--format", kind,
                     str(out), text=mailbox.password + "\n")
        equal(self.instance.kept(mailbox), before, "the mailbox")
        names = [f"{name[:26]}.eml" for name in before]
        equal(sorted(path.name for path in out.iterdir()),
              sorted([*names, f"{mailbox.id}.mbox"]), "files")
        mbox = (out / f"{mailbox.id}.mbox").read_bytes()
        unquoted = [re.sub(rb"^>(>*From )", rb"\1", part, flags=re.MULTILINE)
                    for part in
                    re.split(rb"^From MAILER-DAEMON .*\n", mbox,
                             flags=re.MULTILINE)[1:]]
        for name, content, part in zip(names, MESSAGES, unquoted):
            file = out / name
            equal(file.stat().st_mode & 0o777, 0o600, f"mode of {name}")
            split_trace(file.read_bytes(), content)
            equal(part, file.read_bytes().replace(b"\r\n", b"\n") + b"\n",
                  f"{name} in the mbox")
        self.refused(64, "there already", "mailbox", "export", mailbox.id,
                     "--format", "mbox", str(out),
                     text=mailbox.password + "\n")

    def exporting_past_a_link(self) -> None:
        """What others have put there is not written into."""
        mailbox = self.suspended()
        out = self.out / "linked"
        out.mkdir()
        self.instance.place.give(out)
        theirs = self.out / "theirs"
        theirs.write_bytes(b"theirs")
        theirs.chmod(0o666)
        (out / f"{mailbox.id}.mbox.part").symlink_to(theirs)
        self.run("mailbox", "export", mailbox.id, "--format", "mbox",
                 str(out), text=mailbox.password + "\n")
        equal(theirs.read_bytes(), b"theirs", "the file of somebody else")
        check(not (out / f"{mailbox.id}.mbox").is_symlink(), "a link is left")

    def exporting_damage(self) -> None:
        """A damaged message is named, the others come, the end is 75."""
        mailbox = self.suspended()
        name = self.instance.kept(mailbox)[1]
        path = self.instance.folder(mailbox) / "cur" / name
        sealed = bytearray(path.read_bytes())
        sealed[-100] ^= 1
        path.write_bytes(sealed)
        for kind, number in (("eml", 2), ("mbox", 1)):
            out = self.out / f"damaged-{kind}"
            done = self.run("mailbox", "export", mailbox.id, "--format", kind,
                            str(out), text=mailbox.password + "\n", want=75)
            check(name[:26] in done.stderr, done.stderr)
            files = list(out.iterdir())
            equal(len(files), number, f"{kind} files")
            text = b"".join(file.read_bytes() for file in files)
            equal([b"Subject: " + word in text
                   for word in (b"one", b"two", b"three")],
                  [True, False, True], f"messages as {kind}")

    # --- the whole ------------------------------------------------------------------

    def status(self) -> None:
        """What needs a person is marked, and makes the exit status 1."""
        mailbox = self.create()
        self.deliver(mailbox)
        text = self.run("status", want=None).stdout
        check(f"{mailbox.id} (m): 3 waiting" in text, text)
        check("certificate" in text and "free of" in text, text)
        bad = self.instance.variant(
            "uncollected", console={"uncollected-after": "60s"},
            tls={"certificate": "/nowhere/cert.pem"},
            limits={"reserve": 1 << 50})
        done = subprocess.run(
            [str(self.place.prefix / "bin/restante"), "-c", str(bad),
             "status"], text=True, capture_output=True, check=False,
            **self.place.as_user)
        equal(done.returncode, 1, "status")
        for told in ("! certificate /nowhere/cert.pem", "! disk: "):
            check(told in done.stdout, done.stdout)

    def certificate(self) -> None:
        """Each of the chain, for people and for scripts."""
        tls = self.instance.tls
        chain = self.instance.root / "chain.pem"
        chain.write_text(tls.certificate.read_text() + tls.ca.read_text())
        self.instance.configure(tls={"certificate": chain})
        lines = self.run("certificate", "--porcelain").stdout.splitlines()
        rows = [line.split("\t") for line in lines]
        equal([len(row) for row in rows], [5, 5], "columns")
        equal({row[4] for row in rows}, {str(chain)}, "files")
        equal(rows[0][3], rows[1][2], "who has signed the first")
        equal(rows[1][2], rows[1][3], "who has signed the last")
        check(all(re.fullmatch(r"20[0-9-]{8}T[0-9:]{8}Z", when) and
                  row[0] < row[1] for row in rows for when in row[:2]), lines)
        text = self.run("certificate").stdout
        check(all(word in text for row in rows for word in row[:4]), text)
        self.instance.configure(tls={"certificate": "/nowhere/cert.pem"})
        self.refused(75, "certificate /nowhere/cert.pem: No such file",
                     "certificate")
        self.instance.configure(tls={"certificate": tls.certificate})

    def certificates(self) -> None:
        """Several: each is told, and one that went wrong is found."""
        tls, kept = self.instance.tls, self.instance.settings
        folder = self.place.folder("other-tls")
        other = make_certificate(folder, ["DNS:mx.customer.test"], kind=RSA)
        self.place.give(other.key)
        both = {"certificate": [tls.certificate, other.certificate],
                "key": [tls.key, other.key]}
        self.instance.configure(tls=both)
        rows = [line.split("\t") for line in self.run(
            "certificate", "--porcelain").stdout.splitlines()]
        equal([row[4] for row in rows],
              [str(tls.certificate), str(other.certificate)], "files")
        text = self.run("certificate").stdout
        check(f"{other.certificate}:" in text, text)
        text = self.run("config", "check").stdout
        equal(text.count("certificate and key: good"), 2, text)
        text = self.run("status", want=None).stdout
        check(f"certificate {other.certificate}: ends" in text and
              f"certificate {tls.certificate}: ends" in text, text)
        self.instance.configure(tls={"key": [tls.key, tls.key]})
        said = self.run("config", "check", want=64).stderr
        check("not the key of the first certificate in "
              f"{other.certificate}" in said, said)
        self.instance.configure(tls={"key": tls.key})
        self.refused(64, "one key for each certificate", "config", "check")
        self.instance.settings = kept
        self.instance.configure()

    def hostname(self) -> None:
        """A certificate for another host is said, and is no fault."""
        said = "none is for mx.elsewhere.test, the hostname"
        check("the hostname" not in self.run("status", want=None).stdout,
              "a hostname that is certified")
        conf = self.instance.variant("elsewhere", hostname="mx.elsewhere.test")
        for words in (("config", "check"), ("status",)):
            done = subprocess.run(
                [str(self.place.prefix / "bin/restante"), "-c", str(conf),
                 *words], text=True, capture_output=True, check=False,
                **self.place.as_user)
            check(said in done.stdout + done.stderr, done)
            check(words[0] == "status" or done.returncode == 0, done)

    def postmaster(self) -> None:
        """As long as no mailbox is named, status says so."""
        said = "postmaster: no mailbox is named"
        check(said in self.run("status", want=None).stdout, "none is named")
        mailbox = self.create()
        self.instance.configure(postmaster=mailbox.id)
        check(said not in self.run("status", want=None).stdout, "one is named")
        self.instance.configure(postmaster=None)

    def activity(self) -> None:
        """Sessions, for people in 80 columns, and for programs as JSON."""
        mailbox = self.create()
        nobody = self.create()
        equal(self.run("activity", mailbox.id).stdout, "", "no session yet")
        equal(json.loads(self.run("activity", mailbox.id, "--json").stdout),
              [], "no session yet")
        self.deliver(mailbox)
        found = json.loads(self.run("activity", mailbox.id, "--json").stdout)
        equal([list(line) for line in found],
              [["time", "mailbox", "program", "peer", "outcome", "messages",
                "octets"]], "members")
        line = found[0]
        check(TIME.fullmatch(line["time"]) and line["octets"] > 200000, line)
        equal([line[key] for key in ("mailbox", "program", "peer", "outcome",
                                     "messages")],
              [mailbox.id, "smtp-journal", "127.0.0.1", "kept", 3], "session")
        text = self.run("activity", mailbox.id).stdout
        check(all(len(row) <= 80 for row in text.splitlines()), text)
        check(f"{mailbox.id} (m)\n" in text and
              re.search("smtp-journal +kept +3 .*127.0.0.1\n", text), text)
        both = json.loads(self.run("activity", "--json").stdout)
        check(line in both and
              nobody.id not in {each["mailbox"] for each in both}, both)
        equal(json.loads(self.run("activity", "--json", "--outcome",
                                  "collected").stdout), [], "of an outcome")

    def activity_of_a_liar(self) -> None:
        """What a handler may have written moves no terminal, and is JSON."""
        mailbox = self.create()
        self.deliver(mailbox)
        spool = next((self.instance.folder(mailbox) / "spool").iterdir())
        with spool.open("ab") as file:
            file.write(b"activity time=2026-01-01T00:00:00Z program=x%1B%22 "
                       b"peer=%1B[2J%FF%C2%9B outcome=kept messages=1 "
                       b"octets=1\n".replace(b"2026-01-01T00:00:00Z",
                                             now().encode()))
        text = self.run("activity", mailbox.id).stdout
        check("x?\" " in text and "?[2J??" in text and "\x1b" not in text,
              repr(text))
        said = self.run("activity", mailbox.id, "--json").stdout
        check(said.isascii(), repr(said))
        check({("x\x1b\"", "\x1b[2J\ufffd\x9b")} <
              {(each["program"], each["peer"]) for each in json.loads(said)},
              said)

    def status_of_old_mail(self) -> None:
        """Mail that nobody collects is seen, and when somebody did is not."""
        mailbox = self.create()
        folder = self.instance.folder(mailbox)
        self.deliver(mailbox)
        for name in self.instance.kept(mailbox):
            old = "01HZ0000" + name[8:]  # the time in a ULID: May 2024
            (folder / "cur" / name).rename(folder / "cur" / old)
        self.run("sweep")
        done = self.run("status", want=1)
        check(f"! mailbox {mailbox.id} (m): not collected for" in done.stdout,
              done.stdout)
        self.instance.empty(mailbox)

    def status_of_what_was_set_aside(self) -> None:
        """What is no spool is told until it is removed."""
        mailbox = self.create()
        spool = self.instance.folder(mailbox) / "spool"
        told = f"! mailbox {mailbox.id} (m): {spool}/aside.local.7 is no spool"
        (spool / "aside.\x1b[2J").touch()
        check("aside" not in self.run("status", want=None).stdout, "none yet")
        (spool / "local.7").symlink_to("/etc/passwd")
        self.run("sweep")
        check((spool / "aside.local.7").is_symlink(), os.listdir(spool))
        text = self.run("status", want=1).stdout
        check(f"{told}, and was moved aside: find out who" in text, text)
        (spool / "aside.local.8").touch()
        text = self.run("status", want=1).stdout
        check(f"{spool}/aside.local.7 (and 1 more)" in text, text)
        for path in spool.glob("aside.*"):
            path.unlink()
        check("aside" not in self.run("status", want=None).stdout, "removed")

    def status_of_a_broken_mailbox(self) -> None:
        """One that cannot be read is told, and the others are dealt with."""
        broken, good = sorted((self.create(), self.create()),
                              key=lambda mailbox: mailbox.id)
        conf = self.instance.folder(broken) / "mailbox.conf"
        text = conf.read_text()
        conf.write_text(text + "color = 'red'\n")
        for args, want in ((("status",), 1), (("sweep",), 64),
                           (("mailbox", "list", "--porcelain"), 64)):
            done = self.run(*args, want=want)
            check("no such option 'color'" in done.stderr, done.stderr)
            check(args[0] == "sweep" or good.id in done.stdout, done.stdout)
        conf.write_text(text)

    def sweeping(self) -> None:
        """What killed commands leave behind goes."""
        mailboxes = self.instance.store / "mailboxes"
        for name in (".new-x", ".gone-x"):
            (mailboxes / name / "cur").mkdir(parents=True)
            (mailboxes / name / "cur/file").write_text("x")
            for path in (mailboxes / name, mailboxes / name / "cur"):
                self.place.give(path)
        self.run("sweep")
        equal([name for name in os.listdir(mailboxes) if name[0] == "."], [],
              "left behind")

    # --- manual pages and completion ------------------------------------------------

    def manual(self) -> None:
        """The pages name every key, every default, every command."""
        man = self.place.prefix / "share/man"
        page = (man / "man5/restante.conf.5").read_text()
        keys = re.findall("^\t?#(?: ([a-z-]+) = '…'|([a-z][a-z0-9-]*) = (.*))$",
                          self.run("config", "example").stdout, re.MULTILINE)
        check(len(keys) == 56, f"{len(keys)} keys in the example")
        for computed, name, default in keys:
            said = [item.partition("\n.El")[0]
                    for item in re.split(r"^\.It ", page, flags=re.MULTILINE)
                    if (computed or name) in item.partition("\n")[0]
                    .removeprefix("Cm ").split(" , ")]
            check(said, f"{computed or name} is not in the page")
            value = default.strip("'")
            check(computed or value in ("", "{}") or
                  any(value in item for item in said),
                  f"default of {name}, {value}, is not in the page")
        page = (man / "man8/restante.8").read_text()
        for line in self.run("--help").stdout.splitlines():
            command = re.match("  ((?:[a-z]+ ?)+)(?= [A-Z]| \\[|$)", line)
            if command and not line.startswith("   "):
                check(re.search(rf"Cm {command[1]}\b", page),
                      f"{command[1]} is not in the page")

    def completion(self) -> None:
        """bash completes commands, options, and ids."""
        mailbox = self.create()
        script = self.place.prefix / \
            "share/bash-completion/completions/restante"
        restante = self.place.prefix / "bin/restante"

        def completed(*words: str) -> list[str]:
            text = f"source {script}; COMP_WORDS=(\"$@\"); " \
                "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _restante; " \
                "printf '%s\\n' \"${COMPREPLY[@]}\""
            return subprocess.run(
                ["bash", "-c", text, "bash", str(restante), "-c",
                 str(self.instance.conf), *words], text=True, check=True,
                stdout=subprocess.PIPE, **self.place.as_user).stdout.split()
        equal(completed("mail"), ["mailbox"], "first word")
        check({"create", "recipient", "export"} <=
              set(completed("mailbox", "")), "second word")
        equal(sorted(completed("mailbox", "target", "")),
              ["add", "list", "remove"], "third word")
        equal(completed("mailbox", "show", mailbox.id[:12]), [mailbox.id],
              "an id")
        equal(completed("mailbox", "delete", mailbox.id, "--"), ["--yes"],
              "an option")
        equal(completed("mailbox", "export", mailbox.id, "--format", ""),
              ["eml", "mbox"], "a format")


    def told(self) -> None:
        """Every command that changes something says so before, in admin.spool
        of the mailbox, or in the store's where it is no mailbox's."""
        store = self.instance.store
        _, recipient = self.key("told")
        mailbox = self.create("--recipient", recipient)
        spool = self.instance.folder(mailbox) / "admin.spool"
        own = mailbox.password + "\n"

        def lines(path: Path) -> list[str]:
            return path.read_text().splitlines() if path.exists() else []

        def said(path: Path, words: tuple, text: str = "",
                 stdin: str = "") -> str:
            before = len(lines(path))
            done = self.run(*words, text=stdin)
            new = [re.sub("^([a-z]+) time=\\S+ ", r"\1 ", line)
                   for line in lines(path)[before:]]
            check(any(text in line for line in new), f"{words}: told {new}")
            for line in new:
                check(re.match(r"[a-z]+ by=administrator who=\S+ how=shell "
                               r"what=\S+", line), line)
            return done.stdout

        created = "\n".join(lines(spool))
        check("what=create name=m\n" in created and
              f"what=add recipient={recipient}" in created, created)
        for words, text in ((("set", "name=n"), "what=name:"),
                            (("target add", "*"), "what=targets"),
                            (("target remove", "*"), "what=targets"),
                            (("alias",), "what=alias alias="),
                            (("alias", "--remove"), "what=alias-remove "),
                            (("suspend",), "what=status"),
                            (("activate",), "what=status")):
            said(spool, ("mailbox", *words[0].split(), mailbox.id, *words[1:]),
                 text)
        said(spool, ("mailbox", "recipient", "remove", mailbox.id, recipient,
                     "--yes"), "recipients by=administrator", "")
        said(spool, ("mailbox", "recipient", "add", mailbox.id, recipient),
             f"what=add recipient={recipient}")
        # Named already: what changes is who can open the key.
        said(spool, ("mailbox", "recipient", "add", mailbox.id, recipient,
                     "--password"), "what=recovery session-key=", own)
        said(spool, ("mailbox", "passwd", mailbox.id), "what=passwd", own)
        said(spool, ("mailbox", "passwd", mailbox.id, "--cancel"),
             "what=cancel")
        said(spool, ("mailbox", "rekey", mailbox.id), "what=rekey", own)
        new = said(spool, ("mailbox", "passwd", mailbox.id), "what=passwd",
                   own).split()[1]
        said(spool, ("mailbox", "passwd", mailbox.id, "--confirm"),
             "what=confirm")
        check(new != mailbox.password, "a new one")
        self.run("mailbox", "suspend", mailbox.id)
        said(spool, ("mailbox", "reset", mailbox.id), "what=reset",
             mailbox.id + "\n")
        host = store / "admin.spool"
        check("what=init" in "\n".join(lines(host)), "config init")
        said(host, ("mailbox", "delete", mailbox.id, "--yes"),
             "deleted by=administrator")
        self.instance.configure(
            console={"admins": self.out / "admins"})
        said(host, ("admin", "add", "anna", "--one-time"),
             "what=add name=anna")
        said(host, ("admin", "passwd", "anna", "--one-time"),
             "what=passwd name=anna")
        said(host, ("admin", "remove", "anna"), "what=remove name=anna")
        self.instance.configure(console=None)

CASES = ["usage", "configuration", "config_check", "creating", "closed_output",
         "listing", "listing_for_programs", "unknown", "setting", "suspending", "targets",
         "recipients", "passwords", "recovering", "resetting", "deleting",
         "exporting", "exporting_past_a_link", "exporting_damage", "status",
         "certificate",
         "certificates", "hostname", "postmaster", "status_of_old_mail",
         "status_of_what_was_set_aside",
         "status_of_a_broken_mailbox", "activity", "activity_of_a_liar",
         "sweeping", "told", "manual", "completion"]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every command."""
    instance = Instance(place)
    with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as receiver:
        command = Command(place, instance, receiver)
        for name in CASES:
            yield f"restante-{name.replace('_', '-')}", getattr(command, name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
