#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""More collectors at a time than max-sessions allows: one too many is told so
when it logs in, and is served as soon as a place is free. Who has not logged
in, or not with the password, holds no place. Where places cannot be counted,
everybody is served: collecting is what frees a full disk.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.wire import Wire

PLACES = 2
BUSY = "-ERR [SYS/TEMP] "


class Collectors:
    """Collectors that come one after the other, and stay."""

    def __init__(self, instance: Instance, mode: str) -> None:
        self.instance = instance
        self.implicit = mode == "implicit"
        self.spawner = Spawner(instance, "pop3-serve", f"--tls={mode}")

    def come(self) -> tuple[Pop3, subprocess.Popen]:
        """One more, who has not logged in yet."""
        client, handler = self.spawner.open()
        return Pop3(Wire(client), self.instance.context,
                    implicit=self.implicit), handler

    def log_in(self, mailbox: Mailbox) -> tuple[Pop3, subprocess.Popen]:
        """One more, logged in."""
        pop3, handler = self.come()
        pop3.login(mailbox.id, mailbox.password)
        return pop3, handler

    def turned_away(self, pop3: Pop3, mailbox: Mailbox) -> None:
        """One more is one too many."""
        try:
            pop3.login(mailbox.id, mailbox.password)
        except Refused as why:
            check(str(why).startswith(BUSY), str(why))
            return
        check(False, "nobody was turned away")


def one_too_many(instance: Instance, mode: str,
                 mailboxes: list[Mailbox]) -> None:
    """Places are taken, given back by QUIT, and by a KILL as well."""
    *several, last = mailboxes
    collectors = Collectors(instance, mode)
    strangers = [collectors.come() for _ in range(2 * PLACES)]
    here = [collectors.log_in(mailbox) for mailbox in several]
    waiting, waiting_handler = strangers.pop()
    collectors.turned_away(waiting, last)

    pop3, handler = here.pop()
    pop3.quit()
    equal(handler.wait(300), 0, "status behind QUIT")
    waiting.login(last.id, last.password)
    other, other_handler = strangers.pop()
    collectors.turned_away(other, several[-1])

    waiting_handler.kill()
    waiting_handler.wait(300)
    other.login(last.id, last.password)
    for pop3, handler in [*here, *strangers, (other, other_handler)]:
        pop3.quit()
        equal(handler.wait(300), 0, "status behind QUIT")
    collectors.spawner.close()


def uncounted(instance: Instance, mailboxes: list[Mailbox]) -> None:
    """There is no directory for the places."""
    instance.configure(runtime=instance.root / "nowhere",
                       **{"pop3-serve": {"max-sessions": 1}})
    collectors = Collectors(instance, "starttls")
    here = [collectors.log_in(mailbox) for mailbox in mailboxes]
    for pop3, handler in here:
        pop3.quit()
        equal(handler.wait(300), 0, "status behind QUIT")
    check("nowhere/pop3-serve" in collectors.spawner.log_text(),
          "the log does not name the file")
    collectors.spawner.close()


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Both ways to begin TLS, and places that cannot be counted."""
    instance = Instance(place, **{"pop3-serve": {"max-sessions": PLACES}})
    mailboxes = [instance.create_mailbox(f"many {i}")
                 for i in range(PLACES + 1)]
    yield ("sessions-starttls",
           lambda: one_too_many(instance, "starttls", mailboxes))
    yield ("sessions-implicit",
           lambda: one_too_many(instance, "implicit", mailboxes))
    yield "sessions-uncounted", lambda: uncounted(instance, mailboxes)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
