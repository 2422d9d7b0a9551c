#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wall clock is set: back by a day and ten years, ahead by a year, to 1970
and beyond 2038 and 2106, between sessions and within them. Nothing that was
acknowledged is lost or comes twice, messages have names of their own, the sweep
takes what is dead and spares what is not, and nobody is locked out or kept
signed in. Then a mailbox that was copied while it was written opens elsewhere,
under another owner and clock.
"""

import dataclasses
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.clock import Clock
from harness.console import ADMIN, PASSWORD, run_cgi
from harness.instance import Instance, Mailbox
from harness.lineends import as_data, stuffed
from harness.nets import THEIRS, OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.proxied import Proxied
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.web_client import Page, WebClient
from harness.web_servers import with_console
from harness.wire import Wire
from storm_ledger import compose, recognise

DAY, YEAR = 86400, 366 * 86400
NOW = time.time()
DELAY = 8  # what a seventh failure waits for, and no login by itself
TIMES = (-DAY, 0, -10 * YEAR, YEAR, 600 - NOW, 2 ** 31 + 60 - NOW,
         2 ** 32 + 60 - NOW, 200 * YEAR, 0)


class CgiClient(WebClient):
    """A browser whose console.cgi has the clock."""

    def __init__(self, site: "Site") -> None:
        super().__init__(0, site.instance.context)
        self.site = site

    def request(self, method: str, path: str, body: bytes | None = None,
                headers: dict[str, str] | None = None) -> Page:
        """One request, without a server."""
        cookies = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        page = run_cgi(self.site.instance, method, path, body or b"",
                       HTTP_COOKIE=cookies, **self.site.clock.env).page
        for cookie in page.headers.get_all("Set-Cookie") or []:
            self._keep(cookie)
        return page

    def tries(self, password: str) -> bool:
        """To sign in; is she in?"""
        form = self.get("/login")
        hidden = {name: form.hidden(name) for name in ("proof", "form")
                  if form.hidden(name)}
        self.post("/login", {**hidden, "name": ADMIN, "password": password})
        return self.is_in()

    def is_in(self) -> bool:
        """Does she see the first page?"""
        return self.request("GET", "/").status == 200


class Site:
    """An instance whose programs have a clock of their own."""

    def __init__(self, place: Place, name: str = "instance",
                 store: Path | None = None, clock: Clock | None = None
                 ) -> None:
        self.place = place
        self.clock = clock or Clock(place)
        self.instance = Instance(place, name, store)
        self.last = 0

    def open(self, handler: str) -> tuple[Wire, subprocess.Popen]:
        """A client, and the handler."""
        side = Spawner(self.instance, handler, "--tls=implicit",
                       wrap=self.clock.wrap)
        client, process = side.open()
        side.close()
        return Wire(client), process

    def sender(self) -> tuple[Smtp, subprocess.Popen]:
        """A client of smtp-journal."""
        wire, process = self.open("smtp-journal")
        return Smtp(wire, self.instance.context, implicit=True), process

    def collector(self, mailbox: Mailbox) -> tuple[Pop3, subprocess.Popen]:
        """Who has logged in."""
        wire, process = self.open("pop3-serve")
        pop3 = Pop3(wire, self.instance.context, implicit=True)
        pop3.login(mailbox.id, mailbox.password)
        return pop3, process

    def message(self) -> tuple[int, bytes]:
        """The next one."""
        self.last += 1
        return self.last, compose(self.last, random.Random(1))

    def deliver(self, mailbox: Mailbox) -> int:
        """One message in a session of its own; its number."""
        number, content = self.message()
        smtp, process = self.sender()
        smtp.deliver(mailbox.address, content).want(250)
        smtp.quit()
        equal(process.wait(300), 0, "smtp-journal ended with")
        return number

    def collect(self, mailbox: Mailbox, delete: int = 0
                ) -> tuple[list[int], list[str]]:
        """What is there, in its order, and the names; deletes the first."""
        pop3, process = self.collector(mailbox)
        names = list(pop3.uidl().values())
        numbers = [recognise(pop3.retr(at)) for at in pop3.list()]
        for at in range(1, min(delete, len(names)) + 1):
            pop3.dele(at)
        pop3.quit()
        equal(process.wait(300), 0, "pop3-serve ended with")
        check(None not in numbers, "a message is not whole")
        return numbers, names

    def sweep(self) -> None:
        """At the time that it is."""
        self.instance.restante("sweep", env=self.clock.env)

    def tmp(self, mailbox: Mailbox) -> list[str]:
        """What lies there."""
        return os.listdir(self.instance.folder(mailbox) / "tmp")


# --- the clock ------------------------------------------------------------------

def between_sessions(site: Site) -> None:
    """Each session at another time."""
    mailbox = site.instance.create_mailbox()
    sent = []
    for ahead in TIMES:
        site.clock.ahead(ahead)
        sent.append(site.deliver(mailbox))
    seen = set(site.collect(mailbox)[1])
    equal(len(seen), len(TIMES), "names of their own")
    for ahead in TIMES[::2]:
        site.clock.ahead(ahead)
        site.sweep()
        numbers, names = site.collect(mailbox, delete=2)
        equal(sorted(numbers), sent, f"{ahead:.0f} s ahead: messages")
        check(set(names) <= seen, "a name has changed")
        sent = [number for number in sent if number not in numbers[:2]]
    equal(site.instance.kept(mailbox), [], "after all was deleted")


def within_sessions(site: Site) -> None:
    """A sweep far ahead and far back spares what is being written."""
    mailbox = site.instance.create_mailbox()
    site.clock.ahead(0)
    smtp, process = site.sender()
    smtp.envelope(mailbox.address).want(250)
    content = stuffed(as_data(site.message()[1]))
    smtp.command("DATA").want(354)
    smtp.wire.send(content[:len(content) // 2])
    for ahead in (10 * YEAR, 600 - NOW):
        site.clock.ahead(ahead)
        site.sweep()
        equal(len(site.tmp(mailbox)), 1, "what is being written, swept")
    smtp.wire.send(content[len(content) // 2:] + b".\r\n")
    smtp.reply().want(250)
    for ahead in TIMES:
        site.clock.ahead(ahead)
        smtp.deliver(mailbox.address, site.message()[1]).want(250)
    smtp.quit()
    process.wait(300)
    collect_in_jumps(site, mailbox)


def collect_in_jumps(site: Site, mailbox: Mailbox) -> None:
    """All in one session, each at another time."""
    pop3, process = site.collector(mailbox)
    sizes = pop3.list()
    equal(len(sizes), 1 + len(TIMES), "messages")
    found = set()
    for at, ahead in zip(sizes, [0, *TIMES]):
        site.clock.ahead(ahead)
        found.add(recognise(pop3.retr(at)))
        pop3.dele(at)
    pop3.quit()
    process.wait(300)
    check(None not in found and len(found) == len(sizes), f"found {found}")
    equal(site.instance.kept(mailbox), [], "after all was deleted")


def rests_are_swept(site: Site) -> None:
    """Left at any time, swept at any other."""
    mailbox = site.instance.create_mailbox()
    for left, swept in ((10 * YEAR, 600 - NOW), (600 - NOW, 10 * YEAR),
                        (YEAR, 0)):
        site.clock.ahead(left)
        smtp, process = site.sender()
        smtp.envelope(mailbox.address).want(250)
        smtp.command("DATA").want(354)
        process.kill()
        process.wait()
        equal(len(site.tmp(mailbox)), 1, "left behind")
        site.clock.ahead(swept)
        site.sweep()
        equal(site.tmp(mailbox), [], "after the sweep")


def nobody_is_locked_out(site: Site) -> None:
    """Failures of a year to come slow nobody now."""
    mailbox = site.instance.create_mailbox()
    site.clock.ahead(YEAR)
    for _ in range(6):
        try:
            site.collector(dataclasses.replace(mailbox, password="wrong"))
            check(False, "logged in with a wrong password")
        except Refused:
            pass
    site.clock.ahead(0)
    began = time.monotonic()
    site.collect(mailbox)
    took = time.monotonic() - began
    check(took < DELAY, f"the login took {took:.1f} s")


def the_console(site: Site) -> None:
    """Sessions end, and one can always sign in again."""
    with_console(site.instance)
    site.instance.restante("admin", "add", ADMIN, text=f"{PASSWORD}\n")
    client = CgiClient(site)
    for ahead in (0, DAY, 0, YEAR, 600 - NOW, 0):
        site.clock.ahead(ahead)
        check(not client.is_in(), f"still in, {ahead:.0f} s ahead")
        check(client.tries(PASSWORD), f"cannot sign in, {ahead:.0f} s ahead")
    site.clock.ahead(YEAR)
    for _ in range(6):
        check(not client.tries("wrong"), "in with a wrong password")
    slots = struct.iter_unpack(
        "<QII", (site.instance.root / "console/throttle").read_bytes())
    check(any(when > NOW + YEAR - DAY and failures > 2
              for _, when, failures in slots), "nothing was counted: no test")
    site.clock.ahead(0)
    check(client.tries(PASSWORD), "locked out by a time to come")


def warnings_come(site: Site) -> None:
    """A collection of a year to come silences none, nor do the counters lie."""
    mailbox = site.instance.create_mailbox()
    site.clock.ahead(YEAR)
    site.deliver(mailbox)
    site.collect(mailbox, delete=1)
    site.clock.ahead(0)
    site.deliver(mailbox)
    shown = site.instance.restante("mailbox", "show", mailbox.id).stdout
    check(time.strftime("%Y", time.gmtime(NOW + YEAR)) not in [
        line.split(":", 1)[1].strip()[:4] for line in shown.splitlines()
        if "received" in line], f"received in a year: {shown}")
    site.clock.ahead(300 * DAY)
    said = site.instance.restante("status", env=site.clock.env, want=None)
    check(f"{mailbox.id}" in said.stdout + said.stderr and
          "not collected for" in said.stdout + said.stderr,
          f"no warning: {said.stdout}{said.stderr}")
    check("certificate" in said.stdout, f"no certificate: {said.stdout}")


# --- the proxies ------------------------------------------------------------------

def through_proxies(site: Site, other: OtherHost) -> None:
    """A wrong clock puts off who needs a certificate, and loses nothing."""
    proxied = Proxied(site.instance, other)
    for side in (proxied.smtp_side, proxied.pop3_side):
        side.command[:0] = site.clock.wrap
    user = proxied.user(4465)
    site.clock.ahead(-10 * YEAR)
    smtp, handler = proxied.smtp()
    smtp.auth_plain(user).want(454)
    smtp.wire.close()
    handler.wait(300)
    site.clock.ahead(0)
    smtp, handler = proxied.smtp()
    smtp.auth_plain(user).want(235)
    for ahead in (0, -10 * YEAR, YEAR, 600 - NOW):
        site.clock.ahead(ahead)
        smtp.deliver("to@example.org", site.message()[1]).want(250)
    smtp.quit()
    handler.wait(300)
    equal(len(proxied.names()), 4, "copies of what was sent")
    for ahead in (0, 20 * DAY, 0):
        site.clock.ahead(ahead)
        pop3, handler = proxied.pop3(f"joe%{THEIRS}:4995%{proxied.mailbox.id}")
        site.clock.ahead(-10 * YEAR)
        for at in pop3.list():
            pop3.retr(at)
        pop3.quit()
        handler.wait(300)
        equal(len(proxied.names()), 6, "copies, each of them once")


# --- another place ----------------------------------------------------------------

def copied(site: Site) -> None:
    """Copied while it is written, opened elsewhere."""
    require_private_mounts()
    site.clock.ahead(0)
    mailbox = site.instance.create_mailbox()
    sent = [site.deliver(mailbox) for _ in range(3)]
    smtp, process = site.sender()
    smtp.envelope(mailbox.address).want(250)
    content = stuffed(as_data(site.message()[1]))
    smtp.command("DATA").want(354)
    smtp.wire.send(content[:len(content) // 2])
    store = site.place.root / "restored"
    subprocess.run(["cp", "-a", site.instance.store, store], check=True)
    smtp.wire.send(content[len(content) // 2:] + b".\r\n")
    smtp.reply().want(250)
    smtp.quit()
    process.wait(300)
    open_elsewhere(site, store, mailbox, sent)
    equal(len(site.collect(mailbox)[0]), 4, "messages where it came from")


def open_elsewhere(site: Site, store: Path, mailbox: Mailbox,
                   sent: list[int]) -> None:
    """Another owner, a clock that is behind."""
    uid = site.place.uid - 1
    there = dataclasses.replace(
        site.place, uid=uid, gid=uid,
        as_user={"user": uid, "group": uid, "extra_groups": []})
    subprocess.run(["chown", "-R", f"{uid}:{uid}", store], check=True)
    site.clock.ahead(-YEAR)
    elsewhere = Site(there, "elsewhere", store, site.clock)
    elsewhere.last = site.last
    equal(elsewhere.collect(mailbox)[0], sent, "messages of the copy")
    new = elsewhere.deliver(mailbox)
    equal(sorted(elsewhere.collect(mailbox)[0]), sent + [new],
          "with a new one")
    elsewhere.sweep()
    equal(elsewhere.tmp(mailbox), [], "in tmp/ of the copy, swept")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """The clock, the proxies, the copy."""
    site = Site(place)
    for case in (between_sessions, within_sessions,
                 rests_are_swept, nobody_is_locked_out, the_console,
                 warnings_come, copied):
        yield (f"clock-{case.__name__.replace('_', '-')}",
               lambda case=case: case(site))
    with OtherHost() as other:
        yield "clock-through-proxies", lambda: through_proxies(site, other)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True,
                        private_net=True))
