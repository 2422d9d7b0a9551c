# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance whose mail is entered in ledgers."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.report import check, equal
from harness.script import Case
from harness.servers import Xinetd
from harness.tools import SYSTEM_PATH

FOUND = 65  # what a run ends with that has found something
TEXT = b"Subject: x\r\n\r\ntext %d\r\n"
TREE = Path(__file__).resolve().parents[3]


def documented(said: dict) -> dict:
    """What is printed for programs, each member of it in docs/json.md."""
    page = (TREE / "docs/json.md").read_text()
    unknown = set(said) - set(re.findall("`([a-z-]+)`", page))
    equal(unknown, set(), "members that docs/json.md does not tell of")
    return said


class Ledger:
    """The ledgers of an instance, written by its own user."""

    def __init__(self, instance: Instance, path: Path | None = None) -> None:
        self.instance = instance
        self.path = path or instance.root / "ledger"
        self.path.mkdir(mode=0o750)
        instance.place.give(self.path)
        instance.configure(ledger={"path": self.path})

    def start(self, *act: str, program: Path | None = None,
              **env: str) -> "subprocess.Popen[str]":
        """One run, as the timer starts it, or of an act."""
        program = program or \
            self.instance.place.prefix / "libexec/restante/ledger"
        return subprocess.Popen(
            [program, "-c", self.instance.conf, *(act or ("--once",))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": SYSTEM_PATH, **env}, cwd=self.instance.root,
            **self.instance.place.as_user)

    def run(self, *act: str, want: int | None = 0,
            program: Path | None = None, **env: str) -> str:
        """The same to its end; returns its log."""
        with self.start(*act, program=program, **env) as run:
            try:
                log = run.communicate(timeout=300)[1]
            except subprocess.TimeoutExpired:
                run.kill()
                raise
        check(want is None or run.returncode == want,
              f"ledger ended with {run.returncode}: {log}")
        return log

    def make_due(self, path: Path | None = None,
                 words: tuple[str, ...] = ("signed-at=", "host-at=")) -> None:
        """As if five minutes and an hour had gone by since the last time."""
        folder = (path or self.path) / "memory"
        for path in folder.glob("[!.]*") if folder.is_dir() else ():
            if path.name == "clock":
                continue  # no text
            text = path.read_text()
            for word in words:
                at = text.find(word)
                if at >= 0:
                    at += len(word)
                    text = text[:at] + "2020-01-01T00:00:00Z" + text[at + 20:]
            path.write_text(text)

    def look(self, want: int = 0) -> str:
        """A run behind which a day has gone by."""
        self.make_due(words=("\nlook at=",))
        return self.run(want=want)

    def sign(self) -> None:
        """A run for which it is due."""
        self.make_due()
        self.run()

    def of(self, mailbox: Mailbox) -> Path:
        """The ledger of a mailbox."""
        return self.path / mailbox.id


def deliver(instance: Instance, port: int, mailbox: Mailbox,
            n: int) -> dict[str, str]:
    """Send so many messages; what each 250 said: ULID and digest."""
    said = {}
    smtp = instance.smtp(port)
    for i in range(n):
        smtp.envelope(mailbox.address).want(250)
        words = smtp.data(TEXT % i).want(250).lines[-1].split()
        at = words.index("as")
        said[words[at + 1]] = words[at + 2].removeprefix("sha256:")
    smtp.quit()
    return said


def collect(instance: Instance, port: int, mailbox: Mailbox, n: int) -> None:
    """Fetch and delete the first n."""
    pop3 = instance.pop3(port, mailbox)
    for number in list(sorted(pop3.list()))[:n]:
        pop3.retr(number)
        pop3.dele(number)
    pop3.quit()


class World:
    """An instance with its servers and its ledgers."""

    def __init__(self, place: Place, servers: Xinetd, instance: Instance,
                 ledger: Ledger) -> None:
        self.place, self.servers = place, servers
        self.instance, self.ledger = instance, ledger

    def deliver(self, mailbox: Mailbox, n: int) -> dict[str, str]:
        """So many messages, and their lines."""
        said = deliver(self.instance, self.servers.ports[0], mailbox, n)
        self.servers.idle()
        return said

    def collect(self, mailbox: Mailbox, n: int) -> None:
        """So many of them, and their lines."""
        collect(self.instance, self.servers.ports[1], mailbox, n)
        self.servers.idle()


class Evidence(World):
    """The commands of an instance."""

    def call(self, *args: object, want: int = 0) -> str:
        """`restante ledger …`; what it printed."""
        done = subprocess.run(
            [self.place.prefix / "bin/restante", "-c", self.instance.conf,
             "ledger", *map(str, args)], timeout=120, check=False,
            capture_output=True, text=True, env={"PATH": SYSTEM_PATH},
            cwd=self.instance.root, **self.place.as_user)
        equal(done.returncode, want, f"ledger {args}: exit of {done.stdout}"
              f"{done.stderr}")
        return done.stdout + done.stderr

    def verify(self, *args: object, want: int = 0) -> dict:
        """The one object of `ledger verify ID --json`."""
        said = json.loads(self.call("verify", *args, "--json", want=want))
        equal(len(said), 1, "objects")
        return documented(said[0])

    def entered(self, mailbox: Mailbox) -> None:
        """Everything is entered and signed."""
        self.ledger.run()
        self.ledger.sign()
        said = self.verify(mailbox.id)
        equal(said["unsigned"], 0, "entries that are not signed")

    def copy(self, source: Path, target: Path) -> None:
        """A folder with all that lies in it."""
        shutil.copytree(source, target)
        for path in [target, *target.rglob("*")]:
            self.place.give(path)

    def broken(self, mailbox: Mailbox, *words: str) -> None:
        """It does not hold, and says that."""
        said = self.call("verify", mailbox.id, want=1)
        check("DOES NOT HOLD" in said, said)
        for word in words:
            check(word in said, f"no word of {word}: {said}")


def in_one_world(place: Place, kind: type[World],
                 stories: Iterable[Callable[[World], None]]
                 ) -> Iterator[Case]:
    """Each as a case, over one instance with one run of servers."""
    instance = Instance(place)
    services = [("smtp-journal", "--tls=starttls"),
                ("pop3-serve", "--tls=starttls")]
    with Xinetd(instance, services) as servers:
        world = kind(place, servers, instance, Ledger(instance))
        for story in stories:
            yield story.__name__.replace("_", "-"), partial(story, world)
