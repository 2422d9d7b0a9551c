#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quota and rate of a mailbox: who is refused, what is told before it happens,
and what makes room again.
"""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.wire import Wire

LIMIT = 100 << 10
LINES = b"".join(b"%064d\r\n" % n for n in range(1024))


def text(octets: int) -> bytes:
    """A message of so many octets, a few hundred less."""
    return b"Subject: much\r\n\r\n" + LINES[:(octets - 1500) // 66 * 66]


class Limited:
    """An instance, its receiver and its collector."""

    def __init__(self, place: Place) -> None:
        self.instance = Instance(place, identity={"scrypt-log-n": 10})
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
    equal(handler.wait(30), 0, "exit status")


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


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """One instance for all."""
    site = Limited(place)
    for case in (quota, rate, neighbours):
        yield f"limit-{case.__name__}", functools.partial(case, site)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
