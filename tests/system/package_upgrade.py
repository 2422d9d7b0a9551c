# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of version 0.1, installed from source as its README said, goes over
into the packages while mail comes in: a store of format 1 becomes one of format
2, and everything is as it was. What was installed is the work of
`tests/support/build_format_1 DIR --system`.
"""

import re
import subprocess
from pathlib import Path

import tree
from host import STORE, Host
from load import collect, compare, digest, eventually, message

from harness.report import Failure, Report, equal

UPGRADED = 300  # an upgrade may wait for a session, and the machine be busy


class OldHost(Host):
    """That host."""

    def __init__(self, work: Path, report: Report, old: Path) -> None:
        work.mkdir()
        super().__init__(work, report)
        self.old = old
        self.boxes: dict[str, dict[str, str]] = {}
        self.sent: dict[str, str] = {}

    def lay_down(self) -> None:
        """`make install`, on a machine that has not been started."""
        self.prepare()
        files = subprocess.Popen(["tar", "-C", self.old, "-c", "usr", "lib"],
                                 stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C",
                        self.machine.root], stdin=files.stdout, check=True)
        equal(files.wait(), 0, "tar")

    def serve(self) -> None:
        """The rest of the README of that version."""
        said = ""
        for command in tree.separate(tree.commands_below(
                "On a real host", str(self.old / "source/README.md")))[2:]:
            said = said + self.machine.shell(command)
        self.mailbox = self.box(said)
        self.boxes["pending"] = self.box(self.machine.run(
            "restante", "mailbox", "create", "pending").stdout)
        for token in ("kept-1", "kept-2"):
            smtp = self.smtp()
            smtp.deliver(self.boxes["pending"]["address"],
                         message(token)).want(250)
            smtp.quit()
            self.sent[token] = digest(message(token))
        self.machine.run("restante", "mailbox", "passwd",
                         self.boxes["pending"]["id"],
                         text=f"{self.boxes['pending']['password']}\n")

    @staticmethod
    def box(said: str) -> dict[str, str]:
        """The lines of `mailbox create`."""
        found = dict(re.findall(r"^(id|address|password): (.*)$", said,
                                re.MULTILINE))
        equal(sorted(found), ["address", "id", "password"], said)
        return found

    def settings(self) -> str:
        """Everything of /etc that is ours, by digest, and what is enabled."""
        return self.machine.shell(
            "find /etc/restante -type f -exec sha256sum {} + | sort; "
            "restante mailbox list --porcelain | cut -f 1,7 | sort")

    def upgrade(self, debs: list[Path]) -> None:
        """Senders all the while, and a collector in the midst of a session."""
        before = self.settings()
        self.deliver("read-before")
        for deb in debs:
            self.inside(f"/root/{deb.name}").write_bytes(deb.read_bytes())
        with self.load("upgrade") as load:
            load.reach(10)
            collector = self.pop3()
            self.machine.run("dpkg", "--install",
                             *(f"/root/{deb.name}" for deb in debs),
                             timeout=UPGRADED)
            load.reach(10, UPGRADED)
        collector.wire.close()
        load.check_replies()
        equal(self.inside(f"{STORE}/format").read_text("ascii").strip(),
              "restante 2", "format")
        equal(self.settings(), before, "settings and mailboxes")
        load.acknowledged["read-before"] = digest(message("read-before"))
        compare(collect(eventually(self.pop3, 60, "a login")),
                load.acknowledged)

    def pending(self) -> None:
        """The password in use opens, what lay there is there, once."""
        self.mailbox = self.boxes["pending"]
        compare(collect(self.pop3()), self.sent)
        equal(collect(self.pop3()), [], "left")

    def whole(self) -> None:
        """Every unit that the new version wants is at work; no old file is
        left that a package does not own."""
        # A sweep amid the upgrade fails; the timer has it run each minute.
        for unit in ("sweep", "settle", "ledger"):
            self.machine.run("systemctl", "start", f"restante-{unit}.service",
                             timeout=UPGRADED)
        self.nothing_failed()
        owned = set(self.machine.shell(
            "cat /var/lib/dpkg/info/restante*.list").splitlines())
        owned |= {f"/usr{path}" for path in owned}
        files = {f"/{path.relative_to(self.old)}"
                 for top in ("usr", "lib")
                 for path in (self.old / top).rglob("*") if path.is_file()}
        left = sorted(path for path in files - owned
                      if self.inside(path).exists())
        if left:
            raise Failure(f"left of version 0.1: {left}")
