#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell command where there are many mailboxes: what it prints for
programs, mailboxes by their names, and made by the list.
"""

import csv
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance
from harness.ledger import TREE, documented
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

    def at_once(self) -> None:
        """Of two who want the same name at once one gets it, by whatever way."""
        file = self.list_file("name\nboth\n", "both.csv")
        ways = [("mailbox", "create", "both"),
                ("mailbox", "create", "--csv", file),
                ("mailbox", "set", self.empty.id, "name=both")]
        folder = os.open(self.instance.store / "mailboxes", os.O_RDONLY)
        waiting = re.compile(rf"-> FLOCK .*:{os.fstat(folder).st_ino} ")
        with ThreadPoolExecutor(len(ways)) as pool:
            fcntl.flock(folder, fcntl.LOCK_EX)
            try:
                done = [pool.submit(self.run, *way, want=None) for way in ways]
                until(lambda: len(waiting.findall(
                    Path("/proc/locks").read_text())) == len(ways), 120,
                    "all of them wait")
            finally:
                os.close(folder)
        equal(sorted(each.result().returncode for each in done), [0, 64, 64],
              "how they ended")
        both = [each["id"] for each in self.read("mailbox", "list")
                if each["name"] == "both"]
        equal(len(both), 1, "mailboxes of that name")
        if both == [self.empty.id]:
            self.run("mailbox", "set", self.empty.id, "name=empty")
        else:
            self.run("mailbox", "suspend", *both)
            self.run("mailbox", "delete", *both, "--yes")

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

    # --- by a list ------------------------------------------------------------

    def list_file(self, text: str, name: str = "list.csv") -> str:
        """A file, as somebody's spreadsheet has written it."""
        file = self.place.root / name
        file.write_bytes(text.encode())
        self.place.give(file)
        return str(file)

    def names(self) -> list[str]:
        """Of all mailboxes."""
        return [each["name"] for each in self.read("mailbox", "list")]

    def by_list(self) -> None:
        """All of a list, with passwords that open them, in a new file."""
        ident = f"mbx-{5:032x}"
        file = self.list_file(
            "\ufeffname,description,target,id,undo\r\n"
            'listed 1,"a ""word"", and more",mail.example.org '
            "*.example.net,,30\r\n"
            f'"listed, 2",,,{ident.upper()},\n')
        out = self.place.folder("passwords") / "made.csv"
        done = self.run("mailbox", "create", "--csv", file, "--passwords",
                        str(out))
        equal(done.stdout, "", "on standard output")
        equal(done.stderr, "mailboxes made: 2\n", "said")
        equal(out.stat().st_mode & 0o777, 0o600, "rights")
        with out.open(newline="") as lines:
            made = list(csv.DictReader(lines))
        equal([each["name"] for each in made], ["listed 1", "listed, 2"],
              "names")
        equal(made[1]["id"], ident, "the id that was given")
        shown = self.read("mailbox", "show", "listed 1")[0]
        equal((shown["id"], shown["description"], shown["targets"],
               shown["undo"]),
              (made[0]["id"], 'a "word", and more',
               ["mail.example.org", "*.example.net"], 30), "settings")
        equal(made[0]["address"].partition("@")[0], made[0]["id"], "address")
        for each in made:
            self.run("mailbox", "passwd", each["id"],
                     text=each["password"] + "\n")
        self.refused(64, "--resume goes on with it", "mailbox", "create",
                     "--csv", file, "--passwords", str(out))
        # As the guide has it.
        guide = (TREE / "docs/from-mailstore-gateway.md").read_text()
        self.run("mailbox", "create", "--csv", self.list_file(
            re.search(r"```\n(name,.*?)```", guide, re.DOTALL)[1]))
        equal(self.read("mailbox", "show", "Journal Exchange")[0]["id"],
              "mbx-2a20342e96294505a35eb5c8364eb67c", "an old id")
        # To standard output, where nobody named a file.
        said = self.run("mailbox", "create", "--csv",
                        self.list_file("name\nlisted 3\n")).stdout
        equal([line.partition(",")[0] for line in said.splitlines()],
              ["name", "listed 3"], "standard output")

    def all_or_nothing(self) -> None:
        """One line that is wrong, and none of them is made."""
        before = self.names()
        out = self.place.root / "passwords/none.csv"
        create = ("mailbox", "create", "--passwords", str(out), "--csv")
        for text, told in (
                ("", "is empty"), ("description\nx\n", "of which one is name"),
                ("name,name\n", "column name twice"),
                ("name\nnew\n\"open", "line 3: a quotation mark that is not"),
                ('name\nne"w\n', "line 2: a quotation mark within"),
                ('name\n"new"x\n', "line 2: something behind"),
                ("name,undo\nnew\n", "line 2: 1 fields, and the first"),
                ("name,color\nnew,red\n", "line 2: 'color' is no setting"),
                ("name,undo\nnew,-1\nnewer,1\n", "line 2: undo = '-1'"),
                ("name\nnew\nempty\n", "line 3: the name 'empty' is taken"),
                ("name\nnew\nnew\n", "line 3: the name 'new' is taken"),
                ("name,recipient\nnew,age1x\n", "line 2: 'age1x' is no age"),
                ("name,target\nnew,a b c:x\n", "expected a port"),
                (f"name,id\nnew,{self.full.id}\n", "is there already"),
                (f"name,id\na,mbx-{6:032x}\nb,mbx-{6:032x}\n",
                 f"line 3: mbx-{6:032x} twice")):
            self.refused(64, told, *create, self.list_file(text))
            check(not out.exists(), f"{text!r}: a file is left")
        equal(self.names(), before, "mailboxes")
        self.refused(64, "does not go with --csv", *create,
                     self.list_file("name\n"), "--id", self.full.id)
        self.refused(64, "either the NAME", "mailbox", "create")

    def goes_on(self) -> None:
        """Killed between password and mailbox, or in a line: it goes on."""
        file = self.list_file("name\ncut 1\ncut 2\ncut 3\n")
        out = self.place.root / "passwords/cut.csv"
        create = ("mailbox", "create", "--csv", file, "--passwords", str(out))
        self.run(*create)
        whole = out.read_text()
        lines = whole.splitlines(keepends=True)
        last = lines[3].split(",")[1]
        for kept in (whole, whole[:-5], "".join(lines[:3])):
            # The last has its line, half a line or none; and no mailbox.
            self.run("mailbox", "suspend", last)
            self.run("mailbox", "delete", last, "--yes")
            out.write_text(kept)
            done = self.run(*create, "--resume")
            equal(done.stderr, "mailboxes made: 1\n", "said")
            made = out.read_text().splitlines()
            equal("".join(f"{line}\n" for line in made[:3]),
                  "".join(lines[:3]), "what was there")
            check(kept != whole or out.read_text() == whole, "the same again")
            _, last, _, password = made[3].split(",")
            self.run("mailbox", "passwd", last, text=password + "\n")
        equal(self.run(*create, "--resume").stderr, "mailboxes made: 0\n",
              "nothing is left")
        self.refused(64, "line 2: is not of this list", "mailbox", "create",
                     "--csv", self.list_file("name\nother\n", "other.csv"),
                     "--passwords", str(out), "--resume")
        self.refused(64, "--resume needs", *create[:4], "--resume")

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
         "a_name_twice", "at_once", "a_given_id", "some_in_order",
         "by_list", "all_or_nothing", "goes_on", "settings", "trial"]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every command that many mailboxes ask for."""
    instance = Instance(place, ledger={"path": place.folder("ledger")})
    with Xinetd(instance, [
            ("smtp-journal", "--tls=starttls"),
            ("pop3-serve", "--tls=starttls")]) as receiver:
        many = Many(place, instance, receiver)
        for name in CASES:
            yield f"many-{name.replace('_', '-')}", getattr(many, name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
