#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command where there are many mailboxes: what it prints for
programs, mailboxes by their names, and made by the list.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.ledger import documented
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd, free_port

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

    # --- names ---------------------------------------------------------------

    def by_name(self) -> None:
        """The exact name of one mailbox is as good as its id; an id wins."""
        show = ("mailbox", "show", "--json")
        equal(self.run(*show, ODD).stdout, self.run(*show, self.full.id).stdout,
              "by name and by id")
        for name in ("odd", ODD.upper(), "empt", " empty"):
            self.refused(67, "nor the name of one", *show, name)
        self.run("mailbox", "set", "empty", "description=by name")
        equal(self.read("mailbox", "show", self.empty.id)[0]["description"],
              "by name", "set")
        # Called as another's id is: the id is meant.
        taken = self.instance.create_mailbox(self.full.id)
        equal(self.read("mailbox", "show", self.full.id)[0]["name"], ODD, "id")
        self.run("mailbox", "suspend", taken.id)
        self.run("mailbox", "delete", taken.id, "--yes")
        self.refused(67, "has no ledger yet", "ledger", "show", ODD)
        self.refused(67, "nor the name of one", "ledger", "show", "odd")

    def a_name_twice(self) -> None:
        """A second mailbox of a name only who asks for it gets."""
        create = ("mailbox", "create", "empty")
        self.refused(64, f"{self.empty.id} has the name 'empty' already",
                     *create)
        self.refused(64, "has the name 'empty' already", "mailbox", "set",
                     self.full.id, "name=empty")
        self.run("mailbox", "set", "empty", "name=empty")
        self.run(*create, "--same-name")
        both = sorted(each["id"] for each in self.read("mailbox", "list")
                      if each["name"] == "empty")
        self.refused(64, f"of 2 mailboxes, say which by its id: {', '.join(both)}",
                     "mailbox", "show", "empty")
        other = next(each for each in both if each != self.empty.id)
        self.run("mailbox", "suspend", other)
        self.run("mailbox", "delete", other, "--yes")

    def a_given_id(self) -> None:
        """An address that mail is sent to already goes on being one."""
        ident = "mbx-2A20342E96294505A35EB5C8364EB67C"
        create = ("mailbox", "create", "moved", "--same-name", "--id")
        said = self.run(*create, ident, "--porcelain").stdout
        check(f"id: {ident.lower()}\n" in said, said)
        self.run("mailbox", "set", ident, "description=as it was")
        self.refused(64, f"{ident.lower()} is there already", *create, ident)
        self.refused(64, "expected mbx-", *create, "mbx-1")
        equal(self.read("mailbox", "show", "moved")[0]["description"],
              "as it was", "it is there still")
        equal([path.name for path in (self.instance.store / "mailboxes")
               .glob(".*")], [], "left behind")
        self.run("mailbox", "suspend", "moved")
        self.run("mailbox", "delete", "moved", "--yes")
        ledger = self.place.root / "ledger" / ident.lower()
        ledger.mkdir()
        self.refused(64, f"ledger drop {ident.lower()}", *create, ident)
        ledger.rmdir()

    def some_in_order(self) -> None:
        """Filters and orders, the same for people and for programs."""
        def names(*args: str) -> list[str]:
            found = [each["name"] for each in
                     self.read("mailbox", "list", *args)]
            rows = self.run("mailbox", "list", "--porcelain",
                            *args).stdout.splitlines()
            equal([row.split("\t")[6] for row in rows], found, "porcelain")
            return found

        equal(names("--status", "suspended"), ["empty"], "suspended")
        equal(names("--status=active", "--sort", "name"), [ODD], "active")
        equal(names("--name", "QUOTED"), [ODD], "a part of the name")
        equal(names("--name", "no such"), [], "none")
        equal(names("--sort", "name"), ["empty", ODD], "by name")
        for key in ("messages", "bytes", "received"):
            equal(names("--sort", key), ["empty", ODD], key)
        self.refused(64, "expected id, name", "mailbox", "list", "--sort", "x")
        self.refused(64, "expected active", "mailbox", "list", "--status", "x")

    # --- ports ---------------------------------------------------------------

    def ports(self, *ports: str) -> None:
        """Name these in the configuration."""
        self.instance.configure(ports=list(ports))

    def settings(self) -> None:
        """What to enter is what is there; what is not there is said."""
        port, silent = self.receiver.port, free_port()
        self.ports(f"smtp-journal=127.0.0.1:{port}", f"pop3s-proxy={silent}")
        text = self.run("mailbox", "settings", ODD).stdout
        check(f"  port      {port} with STARTTLS\n" in text, text)
        equal(text.count(f"  port      {silent} with TLS\n"), 2, text)
        equal(text.count(f"nobody listens at {silent}"), 2, text)
        equal(text.count("does not have that service"), 1, text)
        check(not re.search(r"\b(25|110|465|587|995)\b", text), text)
        said = documented(self.read("mailbox", "settings", ODD))
        equal(said["services"],
              [{"service": "smtp-journal", "port": port, "tls": "starttls",
                "listens": True},
               {"service": "pop3s-proxy", "port": silent, "tls": "implicit",
                "listens": False}], "services")
        equal((said["id"], said["address"]),
              (self.full.id, self.full.address), "mailbox")
        self.ports("smtp-journal=25", "pop3=110")
        self.refused(64, "expected SERVICE=PORT", "mailbox", "settings", ODD)
        self.ports()

    def trial(self) -> None:
        """A message goes by the port, under TLS, or it is said where it ends."""
        test = ("mailbox", "test", ODD)
        trusted = {"proxy": {"upstream-ca": self.instance.tls.ca}}

        def fails(told: str, port: int) -> str:
            self.ports(f"smtp-journal=127.0.0.1:{port}")
            done = self.run(*test, want=None)
            check(done.returncode and told in done.stderr,
                  f"{done.returncode}: {done.stderr!r}, not {told!r}")
            return done.stdout

        waiting = len(self.instance.kept(self.full))
        self.ports("pop3-serve=110")
        self.refused(64, "smtp-journal has no port on this host", *test)
        silent = free_port()
        equal(fails(f"127.0.0.1 port {silent}: nobody answers", silent), "",
              "said")
        said = fails("a sender that checks certificates does not deliver",
                     self.receiver.port)
        check(said.splitlines()[-1][:4] == "< 22", f"STARTTLS was last: {said}")
        self.instance.configure(**trusted)
        fails("refused, as to any client from there: +OK",
              self.receiver.ports[1])
        equal(len(self.instance.kept(self.full)), waiting, "none came")
        self.ports(f"smtp-journal={self.receiver.port}")
        done = self.run(*test)
        for line in (f"connected to 127.0.0.1 port {self.receiver.port}",
                     "the certificate is good for", "< 250 2.0.0 Kept as",
                     f"waiting: {waiting} before, {waiting + 1} now"):
            check(line in done.stdout, f"{line}: {done.stdout}")
        equal(done.stderr, "", "on standard error")
        equal(len(self.instance.kept(self.full)), waiting + 1, "one came")
        # What stands behind a balancer wants a header first.
        self.instance.configure(limits={"proxy-from": ["127.0.0.0/8"]})
        self.run(*test)
        self.instance.configure(limits=None)
        self.ports()


CASES = ["list_for_programs", "status_for_programs", "by_name",
         "a_name_twice", "a_given_id", "some_in_order",
         "settings", "trial"]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every command that many mailboxes ask for."""
    instance = Instance(place, identity={"scrypt-log-n": 10},
                        ledger={"path": place.folder("ledger")})
    with Xinetd(instance, [
            ("smtp-journal", "--tls=starttls"),
            ("pop3-serve", "--tls=starttls")]) as receiver:
        many = Many(place, instance, receiver)
        for name in CASES:
            yield f"many-{name.replace('_', '-')}", getattr(many, name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
