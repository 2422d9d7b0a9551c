#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""More collectors at a time than max-sessions allows: one too many is told so,
in the one reply it gets, and the next one is served as soon as a place is
free. Where places cannot be counted, everybody is served: collecting is what
frees a full disk.
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
TEMPFAIL = 75
BUSY = "-ERR [SYS/TEMP] "


class Collectors:
    """Collectors that come one after the other, and stay."""

    def __init__(self, instance: Instance, mode: str) -> None:
        self.instance = instance
        self.implicit = mode == "implicit"
        self.spawner = Spawner(instance, "pop3-serve", f"--tls={mode}")

    def come(self) -> tuple[Pop3, subprocess.Popen]:
        """One more; an exception where it is turned away."""
        client, handler = self.spawner.open()
        try:
            pop3 = Pop3(Wire(client), self.instance.context,
                        implicit=self.implicit)
        except Refused as why:
            equal(handler.wait(10), TEMPFAIL, "status")
            raise why
        return pop3, handler

    def turned_away(self) -> None:
        """One more is one too many."""
        try:
            self.come()
        except Refused as why:
            check(str(why).startswith(BUSY), str(why))
            return
        check(False, "nobody was turned away")


def one_too_many(instance: Instance, mode: str, mailbox: Mailbox) -> None:
    """Places are taken, given back by QUIT, and by a KILL as well."""
    collectors = Collectors(instance, mode)
    here = [collectors.come() for _ in range(PLACES)]
    collectors.turned_away()

    pop3, handler = here.pop()
    pop3.quit()
    equal(handler.wait(10), 0, "status behind QUIT")
    here.append(collectors.come())
    collectors.turned_away()

    _, handler = here.pop()
    handler.kill()
    handler.wait(10)
    pop3, handler = collectors.come()
    pop3.login(mailbox.id, mailbox.password)
    for pop3, handler in [*here, (pop3, handler)]:
        pop3.quit()
        equal(handler.wait(10), 0, "status behind QUIT")
    check("outcome=tempfail reason=sessions" in collectors.spawner.log_text(),
          "the log says nothing of sessions")
    collectors.spawner.close()


def uncounted(instance: Instance, mailbox: Mailbox) -> None:
    """There is no directory for the places."""
    instance.configure(runtime=instance.root / "nowhere",
                       **{"pop3-serve": {"max-sessions": 1}})
    collectors = Collectors(instance, "starttls")
    here = [collectors.come() for _ in range(PLACES)]
    here[0][0].login(mailbox.id, mailbox.password)
    for pop3, handler in here:
        pop3.quit()
        equal(handler.wait(10), 0, "status behind QUIT")
    check("nowhere/pop3-serve" in collectors.spawner.log_text(),
          "the log does not name the file")
    collectors.spawner.close()


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Both ways to begin TLS, and places that cannot be counted."""
    instance = Instance(place, **{"pop3-serve": {"max-sessions": PLACES}})
    mailbox = instance.create_mailbox("many")
    yield ("sessions-starttls",
           lambda: one_too_many(instance, "starttls", mailbox))
    yield ("sessions-implicit",
           lambda: one_too_many(instance, "implicit", mailbox))
    yield "sessions-uncounted", lambda: uncounted(instance, mailbox)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
