#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quota and rate of a mailbox: who is refused, what is told before it happens,
and what makes room again; through smtp-journal, and through both proxies, which
neither send nor fetch what may not be kept.
"""

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.nets import OtherHost
from harness.pop3 import Pop3, Refused
from harness.proxied import Proxied
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.wire import Vanished, Wire

LIMIT = 100 << 10
LINES = b"".join(b"%064d\r\n" % n for n in range(1024))


def text(octets: int) -> bytes:
    """A message of so many octets, a few hundred less."""
    return b"Subject: much\r\n\r\n" + LINES[:(octets - 1500) // 66 * 66]


class Limited:
    """An instance, its receiver and its collector."""

    def __init__(self, place: Place) -> None:
        self.instance = Instance(place)
        self.receiver = Spawner(self.instance, "smtp-journal",
                                "--tls=starttls")
        self.server = Spawner(self.instance, "pop3-serve", "--tls=starttls")

    def mailbox(self, setting: str) -> Mailbox:
        """A new one with a limit."""
        mailbox = self.instance.create_mailbox(setting)
        self.instance.restante("mailbox", "set", mailbox.id,
                               f"{setting}={LIMIT}")
        return mailbox

    def smtp(self) -> Smtp:
        """A client."""
        return Smtp(Wire(self.receiver.open()[0]), self.instance.context)

    def deliver(self, to: list[Mailbox], octets: int) -> str:
        """One message; the last reply."""
        smtp = self.smtp()
        reply = smtp.deliver([m.address for m in to], text(octets))
        smtp.quit()
        return str(reply)

    def status(self, want: int) -> str:
        """What it says of mailboxes that need somebody."""
        said = self.instance.restante("status", want=None).stdout
        lines = [line for line in said.splitlines()
                 if line.startswith("! mailbox")]
        equal(len(lines), want, f"lines of status: {lines}")
        return "".join(lines)

    def standing(self, mailbox: Mailbox) -> str:
        """The status column of the list."""
        said = self.instance.restante("mailbox", "list").stdout
        return next(line[37:46].strip() for line in said.splitlines()
                    if line.startswith(mailbox.id))


def quota(site: Limited) -> None:
    """Told at 80 %, refused beyond, and free when it was collected."""
    mailbox = site.mailbox("quota")
    equal(site.deliver([mailbox], LIMIT // 2)[:3], "250", "half of it")
    site.status(0)
    equal(site.deliver([mailbox], LIMIT // 5 * 2)[:3], "250", "nine tenths")
    check("beyond it" in site.status(1), "not told before")
    equal(site.standing(mailbox), "near full", "status in the list")
    check(f"mailbox {mailbox.id}" in site.receiver.log_text() and
          "of its quota" in site.receiver.log_text(), "the log says nothing")
    smtp = site.smtp()
    smtp.command(f"MAIL FROM:<a@b.example> SIZE={LIMIT // 2}").want(250)
    reply = smtp.command(f"RCPT TO:<{mailbox.address}>").want(452)
    check("4.2.2" in str(reply) and str(LIMIT) not in str(reply),
          f"told: {reply}")
    smtp.quit()
    check("452 4.2.2" in site.deliver([mailbox], LIMIT), "too much was taken")
    equal(len(site.instance.kept(mailbox)), 2, "messages")
    equal(site.instance.unfinished(mailbox), [], "left in tmp/")
    collect(site, mailbox)
    site.status(0)
    equal(site.deliver([mailbox], LIMIT // 2)[:3], "250", "once collected")


def collect(site: Limited, mailbox: Mailbox) -> None:
    """Everything, and it is deleted."""
    client, handler = site.server.open()
    pop3 = Pop3(Wire(client), site.instance.context)
    pop3.login(mailbox.id, mailbox.password)
    for number in pop3.list():
        pop3.retr(number)
        pop3.dele(number)
    pop3.quit()
    equal(handler.wait(300), 0, "exit status")


def rate(site: Limited) -> None:
    """Collecting makes no room in the hour; more of a rate does."""
    mailbox = site.mailbox("rate")
    equal(site.deliver([mailbox], LIMIT // 5 * 4)[:3], "250", "four fifths")
    collect(site, mailbox)
    check("452 4.2.2" in site.deliver([mailbox], LIMIT // 2), "too much")
    site.instance.restante("mailbox", "set", mailbox.id, f"rate={2 * LIMIT}")
    equal(site.deliver([mailbox], LIMIT // 2)[:3], "250", "with a higher rate")
    site.instance.restante("mailbox", "set", mailbox.id, "rate=0")


def neighbours(site: Limited) -> None:
    """What one mailbox may not have the other one still gets."""
    full, other = site.mailbox("quota"), site.instance.create_mailbox()
    smtp = site.smtp()
    smtp.command(f"MAIL FROM:<a@b.example> SIZE={2 * LIMIT}").want(250)
    smtp.command(f"RCPT TO:<{full.address}>").want(452)
    smtp.command(f"RCPT TO:<{other.address}>").want(250)
    smtp.data(text(2 * LIMIT)).want(250)
    smtp.quit()
    equal([len(site.instance.kept(m)) for m in (full, other)], [0, 1], "kept")
    check("reason=quota" in site.receiver.log_text(), "no word in the summary")


# --- through the proxies -----------------------------------------------------


class Behind:
    """A mailbox that what a proxy keeps has to fit into, too."""

    def __init__(self, site: Limited, side: Proxied, setting: str) -> None:
        self.instance, self.side = site.instance, side
        self.mailbox, self.setting = side.mailbox, setting
        self.site = site

    def begin(self) -> None:
        """One message waits."""
        equal(self.site.deliver([self.mailbox], 4000)[:3], "250", "one comes")

    def pop3(self) -> tuple[Pop3, subprocess.Popen]:
        """A user whose messages the mailbox has not seen."""
        return self.side.pop3(self.side.user(4995, self.setting))

    def waiting(self) -> int:
        """Octets; before anything is collected, what came within the hour."""
        said = self.instance.restante("mailbox", "list", "--porcelain").stdout
        return next(int(row[3]) for row in
                    (line.split("\t") for line in said.splitlines())
                    if row[0] == self.mailbox.id)

    def leave(self, octets: int | None) -> None:
        """So much may come, or any number."""
        limit = 0 if octets is None else self.waiting() + octets
        self.instance.restante("mailbox", "set", self.mailbox.id,
                               f"{self.setting}={limit}")

    def unchanged(self, kept: int) -> None:
        """So many messages, and nothing half done."""
        equal(len(self.side.names()), kept, "kept")
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")


def no_copy_no_mail(behind: Behind) -> None:
    """Announced: 452 at MAIL, and the session goes on. Else: 451 and closed,
    and the server has not got the last line. What fits is sent.
    """
    side, smtp_log = behind.side, behind.side.log
    behind.begin()
    behind.leave(LIMIT)
    before = smtp_log.stat().st_size
    smtp, handler = side.smtp()
    smtp.auth_plain(side.user(4465)).want(235)
    smtp.command(f"MAIL FROM:<a@b.example> SIZE={2 * LIMIT}").want(452)
    check(b"C MAIL" not in smtp_log.read_bytes()[before:],
          "the server was asked")
    smtp.deliver("b@sender.example", text(4000)).want(250)
    smtp.envelope("b@sender.example").want(250)
    reply = smtp.data(b"Subject: large\r\n\r\n" + 3 * LINES).want(451)
    check("nothing was sent" in str(reply), f"told: {reply}")
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(300), 0, "exit status")
    equal(smtp_log.read_bytes()[before:].count(b"DATA Subject"), 1,
          "messages at the server")
    behind.unchanged(2)


def refused(pop3: Pop3, command: str) -> None:
    """For now, and the session goes on."""
    try:
        pop3.command(command)
    except Refused as why:
        check("[SYS/TEMP]" in str(why), f"{command} told: {why}")
        return
    raise Failure(f"{command} was done")


def full_before_fetch(behind: Behind) -> None:
    """Told before +OK, and not deleted."""
    side = behind.side
    behind.leave(0)
    pop3, handler = behind.pop3()
    refused(pop3, "RETR 2")
    refused(pop3, "DELE 2")
    pop3.quit()
    equal(handler.wait(300), 0, "exit status")
    check("quota or rate" in side.pop3_side.log_text(), "the log says nothing")
    behind.unchanged(2)


def full_while_fetching(behind: Behind) -> None:
    """Cut behind +OK; fetched whole once there is room, and then deleted."""
    side = behind.side
    behind.leave(1000)
    pop3, handler = behind.pop3()
    try:
        pop3.retr(2)
        raise Failure("the message was handed out whole")
    except Vanished:
        pass
    equal(handler.wait(300), 0, "exit status")
    behind.unchanged(2)
    behind.leave(None)
    pop3, handler = behind.pop3()
    content = pop3.retr(2)
    pop3.dele(2)
    pop3.quit()
    equal(handler.wait(300), 0, "exit status")
    behind.unchanged(3)
    check(any(copy.endswith(content) for copy in side.kept()), "another copy")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """One instance for all."""
    site = Limited(place)
    for case in (quota, rate, neighbours):
        yield f"limit-{case.__name__}", functools.partial(case, site)
    with OtherHost() as other:
        side = Proxied(site.instance, other)
        for setting in ("rate", "quota"):
            behind = Behind(site, side, setting)
            for case in (no_copy_no_mail, full_before_fetch,
                         full_while_fetching):
                yield (f"limit-{setting}-{case.__name__.replace('_', '-')}",
                       functools.partial(case, behind))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
