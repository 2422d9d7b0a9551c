#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expiry: what was collected, proved, goes after its days, and nothing else:
not under hold, not by a clock that jumps, not by what a handler forges; and
killed at any point the next run and the next sweep finish it.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.clock import Clock
from harness.console import evidence_rows
from harness.instance import Mailbox
from harness.ledger import World, in_one_world
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.web_servers import with_console

DAY = 24 * 3600
POINTS = 14  # more than a run or a sweep of one mailbox has


class Days(World):
    """The same under a clock of our own."""

    day: int = 0

    def __init__(self, place: Place, *of_world: object) -> None:
        super().__init__(place, *of_world)
        self.clock = Clock(place)
        with_console(self.instance, auth="web-server")

    def look(self, **more: str) -> str:
        """A run of the ledger on the day that it is; its log."""
        for path in self.ledger.path.glob("mbx-*/expired"):
            os.utime(path, (0, 0))  # an hour ago
        return self.ledger.run(want=None if more else 0,
                               **self.clock.env, **more)

    def goto(self, day: int) -> str:
        """Day after day, each with a run; the log of the last one."""
        log = ""
        while self.day < day:
            self.day += 1
            self.clock.ahead(self.day * DAY)
            log = self.look()
        return log

    def goto_far(self, day: int) -> str:
        """At once."""
        self.day = day
        self.clock.ahead(day * DAY)
        return self.look()

    def later(self, days: int) -> str:
        """So many days later."""
        return self.goto(self.day + days)

    def mailbox(self, name: str, expire: int = 5) -> Mailbox:
        """One whose messages expire."""
        mailbox = self.instance.create_mailbox(name)
        self.instance.restante("mailbox", "set", mailbox.id,
                               f"expire={expire}")
        return mailbox

    def fetch(self, mailbox: Mailbox, n: int, ends: bool = True) -> set[str]:
        """Fetch the first n and delete none; their ULIDs."""
        pop3 = self.instance.pop3(self.servers.ports[1], mailbox)
        for number in list(sorted(pop3.list()))[:n]:
            pop3.retr(number)
        if ends:
            pop3.quit()
        else:
            pop3.wire.close()
        self.servers.idle()
        return {name[:26] for name in self.instance.kept(mailbox)[:n]}

    def ulids(self, mailbox: Mailbox) -> set[str]:
        """What waits in it."""
        return {name[:26] for name in self.instance.kept(mailbox)}

    def gone(self, mailbox: Mailbox) -> list[str]:
        """What lies in gone/."""
        return sorted(os.listdir(self.instance.folder(mailbox) / "gone"))

    def expired(self, mailbox: Mailbox) -> list[str]:
        """ULIDs of the ledger's own entries that say so, one for each."""
        entries = (self.ledger.of(mailbox) / "entries").read_text()
        found, theirs = [], 0
        for line in entries.splitlines():
            if theirs:
                theirs -= 1
            elif line.startswith("taken "):
                theirs = int(line.split(" lines=")[1].split()[0])
            elif line.startswith("gone ") and " by=expiry " in line:
                found.append(line.split("ulid=")[1][:26])
        return found

    def verified(self, mailbox: Mailbox) -> dict:
        """It holds, and nothing is missing; what is said of it."""
        said = json.loads(self.instance.restante(
            "ledger", "verify", mailbox.id, "--json").stdout)[0]
        equal((said["holds"], said["missing"], said["untold"]), (True, 0, 0),
              f"of {said}")
        return said

    def sweep(self, **env: str) -> None:
        """One sweep, under the real clock."""
        self.instance.restante("sweep", want=None if env else 0, env=env)


def what_was_collected_goes_after_its_days(w: Days) -> None:
    """Two were had to the end and QUIT answered, one was not, one not had."""
    mailbox = w.mailbox("goes")
    w.deliver(mailbox, 4)
    w.fetch(mailbox, 3, ends=False)
    had = w.fetch(mailbox, 2)
    w.look()
    w.later(4)
    w.sweep()
    equal(len(w.ulids(mailbox)), 4, "before its days are over")
    w.later(3)
    w.sweep()
    equal(set(w.expired(mailbox)), had, "entered")
    equal(len(w.ulids(mailbox)), 2, "what waits")
    check(not w.ulids(mailbox) & had, "one of them is there still")
    w.sweep()
    equal(w.gone(mailbox), [], "what lies in gone/")
    w.later(2)
    equal(len(w.expired(mailbox)), 2, "entered once")
    stranger.verify(w.ledger.of(mailbox))
    said = json.loads(w.instance.restante("ledger", "verify", mailbox.id,
                                          "--json").stdout)[0]
    equal((said["holds"], said["expired"], said["waiting"]), (True, 2, 2),
          "verified")
    row = evidence_rows(w.instance, mailbox)[0]
    equal((row["Expired"], row["Waiting"], row["Missing"]), ("2", "2", "0"),
          "the page Evidence")


def what_the_ledger_says_itself_is_shown_since(w: Days) -> None:
    """The last that it said, with nothing from a spool behind it; and whether
    it is signed.
    """
    mailbox = w.mailbox("shown", 1)
    w.deliver(mailbox, 1)
    w.fetch(mailbox, 1)
    w.look()
    w.later(3)
    entry = (w.ledger.of(mailbox) / "entries").read_text().splitlines()[-1]
    check(" by=expiry " in entry, f"the last entry: {entry}")

    def shown() -> str:
        return w.instance.restante("ledger", "show", mailbox.id, "--since",
                                   entry.split("time=")[1]).stdout

    equal(shown().split(None, 1)[1], f"{entry}\n", "since then")
    (w.ledger.of(mailbox) / "checkpoint").unlink()
    check(shown().startswith("          -- not signed yet --\n"), shown())


def what_a_handler_forges_expires_nothing(w: Days) -> None:
    """It can say what it likes, but has no password. (A batch with `gone` in
    it moves files without being signed: it could move them itself.)
    """
    mailbox = w.mailbox("forged", 1)
    ulid = next(iter(w.deliver(mailbox, 2)))
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    time = "time=2020-01-01T00:00:00Z"
    batch = f"collected ulid={ulid} sha256={'0' * 64} ended=yes {time}\n"
    digest = hashlib.sha256(batch.encode()).hexdigest()
    text = batch + f"gone ulid={ulid} by=expiry {time}\n" \
        f"session id={'0' * 26} mailbox={mailbox.id} n=1 " \
        f"sha256={digest} sig={'0' * 128}\n{batch}"
    text += f"key {time} by=administrator who=a how=b what=passwd " \
        f"session-key={'0' * 64}\n" \
        f"taken spool=admin.1 from=0 to=1 lines=1 passed-over=0 {time}\n" \
        f"gone ulid={ulid} by=expiry {time}\n"
    with open(spool, "a", encoding="ascii") as file:
        file.write(text)
    w.later(8)
    w.sweep()
    equal(w.expired(mailbox), [], "entered as expired")
    equal(len(w.ulids(mailbox)), 2, "what waits")


def under_hold_nothing_expires(w: Days) -> None:
    """Also where it was entered before."""
    mailbox = w.mailbox("held", 1)
    w.deliver(mailbox, 2)
    w.fetch(mailbox, 1)
    w.look()
    w.later(4)
    equal(len(w.expired(mailbox)), 1, "entered")
    w.instance.restante("mailbox", "hold", mailbox.id)
    w.sweep()
    equal(len(w.ulids(mailbox)), 2, "under hold")
    w.later(1)
    w.sweep()
    equal(len(w.ulids(mailbox)), 2, "under hold, later")
    w.instance.restante("mailbox", "release", mailbox.id)
    w.later(1)
    w.sweep()
    equal(len(w.ulids(mailbox)), 1, "released")
    equal(len(w.expired(mailbox)), 1, "entered once")


def a_ledger_that_was_taken_over_is_bounded(w: Days) -> None:
    """Its list counts for nothing where nothing expires."""
    mailbox = w.instance.create_mailbox("not asked")
    ulid = next(iter(w.deliver(mailbox, 1)))
    w.look()
    (w.ledger.of(mailbox) / "expired").write_text(
        f"gone ulid={ulid} by=expiry time=2026-11-30T00:00:00Z\n")
    w.sweep()
    equal(w.ulids(mailbox), {ulid}, "what waits")


def undo_brings_it_back(w: Days) -> None:
    """What has expired stays as long as what was deleted."""
    mailbox = w.mailbox("undone", 1)
    w.instance.restante("mailbox", "set", mailbox.id, "undo=30")
    w.deliver(mailbox, 1)
    had = w.fetch(mailbox, 1)
    w.look()
    w.later(4)
    w.sweep()
    w.sweep()
    equal(w.ulids(mailbox), set(), "what waits")
    equal(len(w.gone(mailbox)), 1, "what lies in gone/")
    w.instance.restante("mailbox", "undo", mailbox.id)
    back = w.ulids(mailbox)
    equal(len(back), 1, "brought back")
    check(not back & had, "under a new ULID")
    w.later(3)
    w.sweep()
    equal(w.ulids(mailbox), back, "it was not collected since")
    # It expires, too, another ledger begins, and it is brought back once more.
    w.fetch(mailbox, 1)
    w.look()
    w.later(4)
    w.sweep()
    w.ledger.run("--resume", mailbox.id, "--reason", "x", **w.clock.env)
    w.verified(mailbox)
    w.instance.restante("mailbox", "undo", mailbox.id)
    w.look()
    equal(w.verified(mailbox)["waiting"], 1, "brought back twice")


def a_clock_that_jumps_expires_nothing(w: Days) -> None:
    """A year ahead, for a day; and back."""
    mailbox = w.mailbox("jumped", 5)
    w.deliver(mailbox, 1)
    had = w.fetch(mailbox, 1)
    w.look()
    w.later(3)
    today = w.day
    log = w.goto_far(today + 365)
    check("the clock has jumped" in log, f"not said: {log}")
    w.later(1)
    equal(w.expired(mailbox), [], "a year ahead")
    w.goto_far(today)
    w.later(1)
    equal(w.expired(mailbox), [], "and back")
    w.deliver(mailbox, 1)
    w.look()
    said = w.verified(mailbox)
    equal(said["unsigned"], 0, "what came since the clock went back")
    w.later(4)
    equal(set(w.expired(mailbox)), had, "days later")


def another_ledger_expires_nothing_early(w: Days) -> None:
    """What was had before waits until it is had again; under hold, it waits for
    its end; and no disk is too full for it to go.
    """
    mailbox = w.mailbox("succeeded", 3)
    w.deliver(mailbox, 3)
    w.fetch(mailbox, 1)
    w.look()
    w.ledger.run("--adopt", mailbox.id, **w.clock.env)
    w.later(5)
    equal(w.expired(mailbox), [], "adopted, and not had since")
    had = w.fetch(mailbox, 2)
    w.look()
    w.later(1)
    w.instance.restante("mailbox", "hold", mailbox.id)
    w.ledger.run("--resume", mailbox.id, "--reason", "x", **w.clock.env)
    w.later(5)
    w.sweep()
    equal((w.expired(mailbox), len(w.ulids(mailbox))), ([], 3), "under hold")
    w.verified(mailbox)
    w.instance.restante("mailbox", "release", mailbox.id)
    w.instance.configure(limits={"reserve": 1 << 50})
    smtp = w.instance.smtp(w.servers.ports[0])
    codes = [smtp.command(text).code for text in
             ("MAIL FROM:<>", f"RCPT TO:<{mailbox.address}>", "DATA")]
    check(452 in codes, f"mail is taken below the reserve: {codes}")
    smtp.quit()
    w.later(2)
    equal(set(w.expired(mailbox)), had, "below the reserve")
    w.sweep()
    equal(len(w.ulids(mailbox)), 1, "what waits")
    w.ledger.run("--adopt", mailbox.id, **w.clock.env)
    w.verified(mailbox)
    w.instance.configure(limits={"reserve": 0})


def killed_anywhere(w: Days) -> None:
    """The run at each point, then the sweep at each."""
    mailbox = w.mailbox("killed", 1)
    expired: list[str] = []
    for program in ("ledger", "sweep"):
        for point in range(1, POINTS):
            w.deliver(mailbox, 1)
            expired += w.fetch(mailbox, 1)
            w.look()
            if program == "ledger":
                w.day += 1
                w.clock.ahead(w.day * DAY)
                w.look(RESTANTE_FAULT_POINT=str(point))
                w.look()
            w.later(1)
            if program == "sweep":
                w.sweep(RESTANTE_FAULT_POINT=str(point))
            w.sweep()
            w.sweep()
            equal(w.ulids(mailbox), set(), f"{program} {point}: what waits")
            equal(w.gone(mailbox), [], f"{program} {point}: gone/")
            equal(w.expired(mailbox), expired, f"{program} {point}: entered")


CASES = [what_was_collected_goes_after_its_days,
         what_the_ledger_says_itself_is_shown_since,
         what_a_handler_forges_expires_nothing, under_hold_nothing_expires,
         a_ledger_that_was_taken_over_is_bounded, undo_brings_it_back,
         a_clock_that_jumps_expires_nothing,
         another_ledger_expires_nothing_early, killed_anywhere]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each over one instance with one run of servers."""
    place.prefix = Path(os.environ["RESTANTE_FAULT_PREFIX"])
    yield from in_one_world(place, Days, CASES)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
