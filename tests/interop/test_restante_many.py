#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command where there are many mailboxes: what it prints for
programs, mailboxes by their names, and made by the list.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.ledger import documented
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd

ODD = 'umlaut ü, "quoted", \\ and \u202e'


class Many:
    """All cases; they share the mailboxes of one instance."""

    def __init__(self, place: Place, instance: Instance,
                 receiver: Xinetd) -> None:
        self.place = place
        self.instance = instance
        self.receiver = receiver
        self.run = instance.restante
        self.full = instance.create_mailbox(ODD, "--description=first")
        self.empty = instance.create_mailbox("empty")
        smtp = instance.smtp(receiver.port)
        smtp.deliver(self.full.address, b"Subject: x\r\n\r\ny\r\n").want(250)
        smtp.quit()
        receiver.idle()
        self.run("mailbox", "suspend", self.empty.id)

    def read(self, *args: str, want: int | None = 0) -> dict | list:
        """What a command prints for programs."""
        text = self.run(*args, "--json", want=want).stdout
        check(text.isascii(), "beyond ASCII all is escaped")
        return json.loads(text)

    def refused(self, status: int, told: str, *args: str) -> None:
        """The command must end like this and say that on stderr."""
        done = self.run(*args, want=status)
        check(told in done.stderr, f"{args}: said {done.stderr!r}, not {told!r}")
        equal(done.stdout, "", f"{args}: standard output")

    # --- for programs --------------------------------------------------------

    def list_for_programs(self) -> None:
        """JSON says what --porcelain says, mailbox by mailbox."""
        rows = [line.split("\t") for line in self.run(
            "mailbox", "list", "--porcelain").stdout.splitlines()]
        objects = [documented(each) for each in self.read("mailbox", "list")]
        equal([[each["id"], each["status"], str(each["messages"]),
                str(each["bytes"]), each["received"] or "-",
                each["collected"] or "-", each["name"]] for each in objects],
              rows, "list")
        check(ODD in {each["name"] for each in objects}, "the odd name")

    def status_for_programs(self) -> None:
        """The sums, and every finding that people are told of."""
        said = documented(self.read("status", want=None))
        people = self.run("status", want=None).stdout
        equal(["! " + each for each in said["findings"]],
              [line for line in people.splitlines() if line[:2] == "! "],
              "findings")
        equal(said["needs-a-person"], bool(said["findings"]), "needs a person")
        shown = self.read("mailbox", "show", self.full.id)[0]
        equal((said["mailboxes"], said["messages"], said["bytes"],
               said["oldest"], said["store"]),
              (2, 1, shown["bytes"], shown["oldest"],
               str(self.instance.store)), "sums")
        check(0 < said["free"] <= said["size"], "disk")
        equal([each["file"] for each in said["certificates"]],
              [str(self.instance.tls.certificate)], "certificates")
        end = said["certificates"][0]["end"]
        check(f"ends {end}" in people, f"{end} in {people}")


CASES = ["list_for_programs", "status_for_programs"]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every command that many mailboxes ask for."""
    instance = Instance(place, identity={"scrypt-log-n": 10})
    with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as receiver:
        many = Many(place, instance, receiver)
        for name in CASES:
            yield f"many-{name.replace('_', '-')}", getattr(many, name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
