#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second host with the same mailboxes, as docs/production.md has it: its own
rsync commands, a real Postfix that finds nobody at the first, and an archive
that collects from both.
"""

import functools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.mtas import Postfix
from harness.place import Place
from harness.pop3 import Refused
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Xinetd
from harness.smtp import Smtp
from harness.tools import tool, tool_env
from harness.wire import Wire

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/production.md"
HERE, THERE = "/var/lib/restante/", "second.example.org:/var/lib/restante/"
SERVICES = [("smtp-journal", "--tls=starttls"), ("pop3-serve", "--tls=starttls")]


def commands() -> list[str]:
    """What an administrator is told to enter."""
    section = DOCUMENT.read_text("utf-8").split("\n## Two hosts\n")[1]
    found = re.findall("^rsync .*$", section.split("\n## ")[0], re.MULTILINE)
    equal(len(found), 2, "rsync commands in docs/production.md")
    return found


class Pair:
    """Two hosts, of which the first is administered."""

    def __init__(self, place: Place) -> None:
        self.first = Instance(place, "first")
        self.second = Instance(place, "second")
        self.second.configure(tls={"certificate": self.first.tls.certificate,
                                   "key": self.first.tls.key})
        self.second.context = self.first.context

    def copy(self) -> None:
        """Run the commands, between these two."""
        program = tool("rsync")
        for command in commands():
            words = [word.replace(THERE, f"{self.second.store}/").replace(
                HERE, f"{self.first.store}/") for word in shlex.split(command)]
            subprocess.run([program, *words[1:]], check=True, timeout=300,
                           env=tool_env(program))

    def create_mailbox(self) -> Mailbox:
        """On the first, and copied."""
        mailbox = self.first.create_mailbox()
        self.copy()
        return mailbox


def subjects(messages: list[bytes]) -> list[bytes]:
    """What was collected."""
    return [re.search(b"^Subject: (.*)\r$", message, re.MULTILINE)[1]
            for message in messages]


def send(postfix: Postfix, token: str, number: int) -> None:
    """One message through Postfix, whose number-th it is."""
    smtp = Smtp(Wire.connect(postfix.inlet))
    smtp.ehlo()
    smtp.deliver("reader@receiver.example", b"Subject: %s\r\n\r\nHello\r\n" %
                 token.encode(), "author@sender.example").want(250)
    smtp.quit()
    until(lambda: postfix.log_text().count("status=sent (250") == number, 30,
          "Postfix has sent it: " + postfix.log_text()[-500:])


def taken_over(pair: Pair) -> None:
    """The first fails between two messages; both are collected."""
    require_private_mounts()
    mailbox = pair.create_mailbox()
    with Xinetd(pair.second, SERVICES) as second:
        with Xinetd(pair.first, SERVICES) as first, Postfix(
                pair.first, mailbox.address, first.port, second.port) as postfix:
            send(postfix, "before", 1)
            first.idle()
            first.stop()
            send(postfix, "after", 2)
        second.idle()
        pair.copy()  # by a first host that is alive again
        equal(subjects(pair.second.collect(second.ports[1], mailbox)),
              [b"after"], "kept by the second")
    with Xinetd(pair.first, SERVICES) as first:
        equal(subjects(pair.first.collect(first.ports[1], mailbox)),
              [b"before"], "kept by the first")


def changed(pair: Pair, mailbox: Mailbox) -> Mailbox:
    """It, with a new password."""
    said = pair.first.restante("mailbox", "passwd", mailbox.id,
                               text=mailbox.password + "\n").stdout
    return Mailbox(mailbox.id, mailbox.address,
                   said.removeprefix("password: ").strip())


def password_follows(pair: Pair) -> None:
    """A new password opens the second host, and what it holds already."""
    mailbox = pair.create_mailbox()
    with Xinetd(pair.second, SERVICES) as second:
        smtp = pair.second.smtp(second.port)
        smtp.deliver(mailbox.address, b"Subject: held\r\n\r\n").want(250)
        smtp.quit()
        new = changed(pair, mailbox)
        pair.copy()
        equal(subjects(pair.second.collect(second.ports[1], new)),
              [b"held"], "with the new password")
        refused(pair.second, second.ports[1], mailbox, "the old password")


def refused(instance: Instance, port: int, mailbox: Mailbox, what: str) -> None:
    """That this password opens nothing."""
    try:
        instance.collect(port, mailbox)
    except Refused:
        return
    check(False, f"{what} opens it still")


def given_up_passwords_go(pair: Pair) -> None:
    """What a copy took along while it waited opens nothing afterwards."""
    mailbox = pair.create_mailbox()
    kept = pair.second.create_mailbox()  # unknown to the first
    for how in ("--cancel", "--confirm"):
        waiting = changed(pair, mailbox)
        pair.copy()
        pair.first.restante("mailbox", "passwd", how, mailbox.id)
        if how == "--confirm":
            mailbox = changed(pair, waiting)
            pair.first.restante("mailbox", "passwd", how, mailbox.id)
        pair.copy()
        with Xinetd(pair.second, SERVICES) as second:
            pair.second.collect(second.ports[1], mailbox)
            refused(pair.second, second.ports[1], waiting, f"before {how}, it")
    with Xinetd(pair.second, SERVICES) as second:
        pair.second.collect(second.ports[1], kept)


def what_was_seen_stays(pair: Pair) -> None:
    """What a proxy has kept here it has not kept there."""
    mailbox = pair.first.create_mailbox()
    seen = Path("mailboxes") / mailbox.id / "seen"
    (pair.first.store / seen).touch()
    pair.copy()
    check((pair.second.store / seen.parent).exists(), "not copied")
    check(not (pair.second.store / seen).exists(), "copied without its mail")


def settings_follow(pair: Pair) -> None:
    """A mailbox suspended at the first takes nothing at the second."""
    mailbox = pair.create_mailbox()
    pair.first.restante("mailbox", "suspend", mailbox.id)
    pair.copy()
    with Xinetd(pair.second, SERVICES) as second:
        smtp = pair.second.smtp(second.port)
        smtp.envelope(mailbox.address).want(450)
        smtp.quit()


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Mail, passwords, settings."""
    pair = Pair(place)
    for case in (taken_over, password_follows, given_up_passwords_go,
                 what_was_seen_stays, settings_follow):
        name = case.__name__.replace("_", "-")
        yield f"two-hosts-{name}", functools.partial(case, pair)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
