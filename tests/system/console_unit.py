# SPDX-License-Identifier: GPL-3.0-or-later
"""The console as its unit runs it: as docs/production.md says, with everything
that the unit takes away from it.
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator

from host import STORE, Host

from harness.deadline import until
from harness.report import check, equal
from harness.web_client import WebClient
from harness.wire import tls_context

PORT = 8450
UNIT = "restante-console.service"
PASSWORD = "a sentence of hers"


class ConsoleUnit:
    """Started, used, told of a new certificate, and stopped."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.machine = host.machine

    def client(self) -> WebClient:
        """A reader who checks the certificate."""
        return WebClient(PORT, tls_context(self.host.ca), "127.0.0.1",
                         {"X-Forwarded-For": "192.0.2.7"})

    def start(self) -> None:
        """A one-time password, and the service."""
        said = self.machine.run("restante", "admin", "add", "--one-time",
                                "anna").stdout
        self.machine.run("systemctl", "enable", "--now", UNIT)
        until(self.answers, 20, "the console answers")
        client = self.client()
        old = said.removeprefix("password: ").strip()
        client.sign_in("anna", old).to("/")
        client.get("/").to("/account")
        client.send("/account", {"old": old, "new": PASSWORD,
                                 "again": PASSWORD}, "/account/password").to(
            "/account?done=password")

    def answers(self) -> bool:
        """Is it there?"""
        try:
            return self.client().get("/login").status == 200
        except OSError:
            return False

    @contextlib.contextmanager
    def trusted(self) -> Iterator[None]:
        """The machine knows our authority, as it is told of one's own."""
        known = self.host.inside("/etc/ssl/certs/ca-certificates.crt")
        before = known.read_bytes() if known.exists() else None
        known.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.host.ca, known)
        try:
            yield
        finally:
            known.unlink()
            if before is not None:
                known.write_bytes(before)

    def use(self) -> None:
        """A mailbox is made, tested, suspended and deleted."""
        client = self.client()
        client.sign_in("anna", PASSWORD).to("/")
        page = client.send("/new", {"name": "by hand"}).want(200)
        made = re.search(r"mbx-[0-9a-f]{32}", page.text).group(0)
        for part in ("", "/cur", "/tmp", "/lock", "/mailbox.conf"):
            path = f"{STORE}/mailboxes/{{}}{part}"
            equal(self.host.right(path.format(made)),
                  self.host.right(path.format(self.host.id)), f"right: {part}")
        client.get("/system").want(200, "<dt>25</dt>")
        with self.trusted():
            client.send("/system", {"mailbox": made}, "/system/test").want(
                200, "It was taken, sealed and kept.")
        for path in ("/", "/activity", "/system", f"/mailbox/{made}/connect"):
            client.get(path).want(200)
        client.send(f"/mailbox/{made}", {}, f"/mailbox/{made}/suspend")
        client.send(f"/mailbox/{made}/delete", {"typed": "by hand"}).to(
            "/?done=deleted")
        said = self.machine.journal("-u", UNIT)
        for action in ("sign-in", "mailbox-create", "mailbox-test",
                       "mailbox-delete"):
            check(re.search(f"audit action={action} admin=anna peer=192.0.2.7 "
                            ".*outcome=done", said), f"no line of {action}")

    def certificate(self) -> None:
        """The hook has it read the new one; nobody is signed out."""
        client = self.client()
        client.sign_in("anna", PASSWORD).to("/")
        self.host.renew()
        self.machine.run("/usr/libexec/restante/certificate-hook",
                         f"/etc/letsencrypt/live/{self.host.name}")
        until(self.answers, 20, "the console answers with the new certificate")
        client.context = tls_context(self.host.ca)
        client.get("/").want(200)

    def rights(self) -> None:
        """Its state is its own, and systemd judges the running unit."""
        equal(self.host.right("/var/lib/restante-console"),
              "700 restante-admin:restante", "its state")
        said = self.machine.run("systemd-analyze", "security", "--no-pager",
                                UNIT, want=None).stdout
        level = float(re.search(r"exposure level .*: ([\d.]+)", said).group(1))
        self.host.report.figure("exposure-console", level)
        check(level < 2, f"exposure {level}")

    def stop(self) -> None:
        """Nothing is left of it but its state."""
        self.machine.run("systemctl", "disable", "--now", UNIT)
        self.machine.run("restante", "admin", "remove", "anna")
        self.machine.run("rm", "-r", "/var/lib/restante-console")
        self.host.nothing_failed()

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """In this order."""
        yield "console-started", self.start
        yield "console-used", self.use
        yield "console-certificate", self.certificate
        yield "console-rights", self.rights
        yield "console-stopped", self.stop
