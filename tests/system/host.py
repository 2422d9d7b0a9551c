# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that Restante is installed on, and what a test does with it: mail in
and out through its socket units, a look at its units and at its journal.
"""

import re
import shutil
import ssl
from pathlib import Path

import tree
from load import Load, collect, compare, eventually, message
from tree import Machine

from harness.certs import OURSELVES, Certificate, make_certificate
from harness.pop3 import Pop3
from harness.report import Report, check, equal
from harness.smtp import Smtp
from harness.wire import Wire, tls_context

SMTP, POP3, POP3S = 25, 110, 995
SOCKETS = {SMTP: "restante-smtp-journal.socket",
           POP3: "restante-pop3-serve.socket",
           POP3S: "restante-pop3s-serve.socket"}
UNITS = [*SOCKETS.values(), "restante-ledger.timer", "restante-settle.timer",
         "restante-sweep.timer"]
UNIT_FOLDER = "/usr/lib/systemd/system"
STORE = "/var/lib/restante"
CLONE = "/root/restante"

# Beside what the README has installed: a system that boots, what a host has
# that shows manual pages and certificates, and the console's web server.
BASE = ["systemd", "systemd-sysv", "dbus", "man-db", "openssl", "lighttpd",
        "lighttpd-mod-openssl"]


def packages() -> list[str]:
    """What the README has installed: later there is no network for it."""
    found = re.search(r"^apt-get install -y (.*)$",
                      tree.commands_below("On a real host"), re.MULTILINE)
    return BASE + (found.group(1).split() if found else [])


class Host:
    """One machine, from its first command to its last."""

    def __init__(self, work: Path, report: Report) -> None:
        self.work = work
        self.report = report
        self.commands = tree.commands_below("On a real host")
        self.name = self._lineage_name()
        self.machine = Machine(work / "tree", work / "console.log")
        self.mailbox: dict[str, str] = {}
        self.certificate: Certificate | None = None
        self.renewals = 0

    def prepare(self) -> None:
        """A fresh machine with the packages, a clone and a certificate."""
        tree.copy_tree(tree.bare_tree(packages()), self.machine.root)
        tree.export_source(self.inside(CLONE))
        self.give_name()
        self.renew()

    def give_name(self) -> None:
        """The name that its certificate is for."""
        self.inside("/etc/hostname").write_text("mail\n", "ascii")
        # As Debian's installer writes it: the short name stands behind the
        # whole one.
        self.inside("/etc/hosts").write_text(
            f"127.0.0.1\tlocalhost\n127.0.1.1\t{self.name} mail\n", "ascii")

    def set_up_by_hand(self, *before: tuple[str, str]) -> str:
        """`restante setup` on a terminal, after these answers the usual ones;
        what it says. The first mailbox is ours.
        """
        said = self.machine.talk(["restante", "setup"], [
            *before, ("Name of this host", ""),
            ("Domain of the addresses", ""), ("acme", ""), ("Which", ""),
            ("first mailbox", "All mail"), ("postmaster", "")])
        found = dict(re.findall(r"^(id|address|password): (.*)$", said,
                                re.MULTILINE))
        equal(sorted(found), ["address", "id", "password"], f"said {said}")
        self.mailbox = found
        equal(found["address"], f"{found['id']}@{self.name}", "address")
        return said

    def inside(self, path: str) -> Path:
        """A path of the machine, as seen from outside."""
        return self.machine.root / path.lstrip("/")

    def _lineage_name(self) -> str:
        found = re.search(r"/etc/letsencrypt/live/([\w.-]+)", self.commands)
        check(found, "the README's commands name no certificate")
        return found.group(1)

    def renew(self) -> None:
        """A certificate as certbot lays it down: links into an archive."""
        self.renewals += 1
        files = self.work / f"certificate-{self.renewals}"
        files.mkdir()
        self.certificate = make_certificate(
            files, names=(f"DNS:{self.name}", *OURSELVES))
        live = self.inside(f"/etc/letsencrypt/live/{self.name}")
        archive = self.inside(f"/etc/letsencrypt/archive/{self.name}")
        for folder in (live, archive):
            folder.mkdir(parents=True, exist_ok=True)
            folder.parent.chmod(0o700)
        for name, source in (("fullchain", self.certificate.certificate),
                             ("privkey", self.certificate.key)):
            numbered = f"{name}{self.renewals}.pem"
            shutil.copyfile(source, archive / numbered)
            (archive / numbered).chmod(0o600 if name == "privkey" else 0o644)
            link = live / f"{name}.pem"
            link.unlink(missing_ok=True)
            link.symlink_to(f"../../archive/{self.name}/{numbered}")

    @property
    def ca(self) -> str:
        """The authority of the newest certificate."""
        return str(self.certificate.ca)

    @property
    def id(self) -> str:
        """The first mailbox."""
        return self.mailbox["id"]

    @property
    def folder(self) -> str:
        """Where it lies."""
        return f"{STORE}/mailboxes/{self.id}"

    def smtp(self) -> Smtp:
        """A connection through the socket unit, under TLS."""
        return Smtp(Wire.connect(SMTP), tls_context(self.ca))

    def pop3(self, port: int = POP3S, password: str | None = None) -> Pop3:
        """A login through the socket unit."""
        pop3 = Pop3(Wire.connect(port), tls_context(self.ca),
                    implicit=port != POP3)
        pop3.login(self.id, password or self.mailbox["password"])
        return pop3

    def deliver(self, token: str) -> None:
        """One message, acknowledged."""
        smtp = self.smtp()
        smtp.deliver(self.mailbox["address"], message(token)).want(250)
        smtp.quit()

    def round_trip(self, port: int, token: str) -> None:
        """In at 25 with STARTTLS, out again."""
        self.deliver(token)
        found = collect(self.pop3(port))
        equal([name for name, _ in found], [token], "collected")
        compare(found, {token: dict(found)[token]})
        equal(collect(self.pop3(port)), [], "left after QUIT")

    def load(self, name: str) -> Load:
        """Senders for the first mailbox."""
        return Load(name, self.ca, self.mailbox["address"])

    def empty(self) -> None:
        """The mailbox is empty when a case begins."""
        collect(eventually(self.pop3, 20, "the collector's login"))

    def right(self, path: str) -> str:
        """Mode and owners of a path in there."""
        return self.machine.run("stat", "-c", "%a %U:%G", path).stdout.strip()

    def waiting(self) -> int:
        """How many messages the counters have."""
        listed = self.machine.run("restante", "mailbox", "list",
                                  "--porcelain").stdout
        return int(listed.split("\t")[2])

    def nothing_failed(self) -> None:
        """No unit is failed, and everything that was enabled is active."""
        failed = self.machine.run("systemctl", "--failed", "--no-legend",
                                  "--plain").stdout
        equal(failed, "", "failed units")
        for unit in UNITS:
            state = self.machine.run("systemctl", "is-active", unit,
                                     want=None).stdout.strip()
            equal(state, "active", unit)

    def complaints(self, about: str) -> list[str]:
        """Lines of the handlers' and the sweep's log with these words."""
        said = self.machine.journal("-t", "smtp-journal", "-t", "pop3-serve",
                                    "-t", "restante")
        return [line for line in said.splitlines() if about in line]

    def keep_journal(self) -> str:
        """All of the journal, for the log and for whoever looks for a fault."""
        said = self.machine.run("journalctl", "--no-pager",
                                "--output=short-iso").stdout
        (self.work / "journal.txt").write_text(said, "utf-8")
        return said

    def served(self, port: int) -> bytes:
        """The certificate that the next connection gets, unchecked."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        wire = Wire.connect(port)
        if port == SMTP:
            wire.line()
            wire.send(b"EHLO client.example\r\n")
            while not wire.line().startswith(b"250 "):
                pass
            wire.send(b"STARTTLS\r\n")
            wire.line()
        elif port == POP3:
            wire.line()
            wire.send(b"STLS\r\n")
            wire.line()
        wire.upgrade(context, "localhost")
        octets = wire.sock.getpeercert(binary_form=True)
        wire.close()
        return octets

    def drop_in(self, unit: str, text: str) -> "DropIn":
        """A change of a unit, until the end of `with`."""
        return DropIn(self.machine, unit, text)


class DropIn:
    """A change of a unit that is gone after the next boot at the latest."""

    def __init__(self, machine: Machine, unit: str, text: str) -> None:
        self.machine = machine
        self.path = f"/run/systemd/system/{unit}.d/test.conf"
        self.text = text

    def __enter__(self) -> None:
        self.machine.run("sh", "-euc", 'mkdir -p "${1%/*}"; cat >"$1"; '
                         "systemctl daemon-reload", "sh", self.path,
                         text=self.text)

    def __exit__(self, *_: object) -> None:
        self.machine.run("sh", "-euc", 'rm "$1"; systemctl daemon-reload', "sh",
                         self.path)
