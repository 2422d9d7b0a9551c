#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's page Evidence, against what `restante ledger verify` says of the
same mailbox: where everything is as it should be, where somebody has changed
something, and where nothing can be proved; its days are those of UTC; the proof
of a message, and of one that was brought back.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.console import evidence_page, evidence_rows, run_cgi
from harness.instance import Mailbox
from harness.ledger import FOUND, World, in_one_world
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.web_client import encode
from harness.web_servers import with_console

HOLDS = "The ledger is what was signed, and the mailbox holds what it should."
LACKS = "the mailbox does not hold what it should"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SOME_TIME = "time=2026-11-30T02:49:25Z"


def ulid_of(seconds: int) -> str:
    """One that says so, as anybody can make."""
    ms, text = seconds * 1000, ""
    for _ in range(10):
        ms, digit = divmod(ms, 32)
        text = ALPHABET[digit] + text
    return text + "0123456789ABCDEF"


class Pages(World):
    """The page of a mailbox, and what the shell command says."""

    def __init__(self, place: Place, *of_world: object) -> None:
        super().__init__(place, *of_world)
        with_console(self.instance, auth="web-server")

    def proof(self, mailbox: Mailbox, ulid: str) -> str:
        """The file that can be had."""
        run = run_cgi(self.instance, "GET", f"/mailbox/{mailbox.id}/evidence/"
                      "proof", query=f"ulid={ulid}", REMOTE_USER="anna")
        check(run.page, run.log)
        return run.page.want(200).text

    def verify(self, mailbox: Mailbox, want: int = 0) -> str:
        """What the shell command says of it."""
        return self.instance.restante("ledger", "verify", mailbox.id,
                                      want=want).stdout

    def agree(self, mailbox: Mailbox, holds: bool, *words: str) -> None:
        """Page and command say the same."""
        page = evidence_page(self.instance, mailbox)
        self.verify(mailbox, want=0 if holds else 1)
        equal(HOLDS in page, holds, f"the page: {page[-3000:]}")
        for word in words:
            check(word in page, f"no word of {word}: {page[-3000:]}")

    def entered(self, mailbox: Mailbox, n: int, collected: int = 0) -> None:
        """So many messages came, some were collected; signed."""
        self.deliver(mailbox, n)
        self.collect(mailbox, collected)
        self.ledger.run()
        self.ledger.sign()

    def today(self, mailbox: Mailbox) -> dict[str, str]:
        """The one row, as all of it came today (or at midnight)."""
        rows = evidence_rows(self.instance, mailbox)
        check(rows, "there are no days")
        return rows[0]


def what_holds(w: Pages) -> None:
    """And what is not entered yet is no fault."""
    mailbox = w.instance.create_mailbox("holds")
    check("has no ledger" in evidence_page(w.instance, mailbox), "before the first run")
    w.entered(mailbox, 4, 1)
    w.instance.restante("sweep")
    w.agree(mailbox, True, 'id="one-user"')
    row = w.today(mailbox)
    equal((row["Messages"], row["Waiting"], row["Collected and deleted"],
           row["Missing"]), ("4", "3", "1", "0"), "of the day")
    w.deliver(mailbox, 2)
    w.agree(mailbox, True, "Messages not entered yet</dt><dd>2<")


def what_the_hosts_ledger_knows_better(w: Pages) -> None:
    """An old copy of all that lies in the ledger's folder holds by itself."""
    mailbox = w.instance.create_mailbox("old copy")
    w.entered(mailbox, 2)
    old = w.instance.root / "old-ledger"
    shutil.copytree(w.ledger.of(mailbox), old)
    w.entered(mailbox, 2, 4)
    w.instance.restante("sweep")
    new = w.instance.root / "new-ledger"
    w.ledger.of(mailbox).rename(new)
    shutil.copytree(old, w.ledger.of(mailbox))
    for path in [w.ledger.of(mailbox), *w.ledger.of(mailbox).rglob("*")]:
        w.place.give(path)
    w.agree(mailbox, False, "an older ledger was put back",
            "Nothing can be said while the ledger does not hold.")
    shutil.rmtree(w.ledger.of(mailbox))
    new.rename(w.ledger.of(mailbox))
    w.agree(mailbox, True)
    host = w.ledger.path / "host"
    host.rename(w.ledger.path / "aside")
    w.agree(mailbox, False, "ledger is not there, so nothing")
    (w.ledger.path / "aside").rename(host)
    entries = host / "entries"
    whole = entries.read_bytes()
    entries.write_bytes(whole.replace(b"checkpoint", b"checkpoinT", 1))
    w.agree(mailbox, False, "ledger is not what was signed, so nothing")
    entries.write_bytes(whole)
    w.agree(mailbox, True)


def what_was_another_file(w: Pages) -> None:
    """Collected with another digest than it was received with."""
    mailbox = w.instance.create_mailbox("differs")
    digest = next(iter(w.deliver(mailbox, 1).values()))
    for spool in (w.instance.folder(mailbox) / "spool").iterdir():
        spool.write_text(spool.read_text().replace(digest, "0" * 64))
    w.collect(mailbox, 1)
    w.ledger.run(want=FOUND)
    w.ledger.sign()
    w.agree(mailbox, False, LACKS)


def what_is_missing(w: Pages) -> None:
    """Somebody took it away."""
    mailbox = w.instance.create_mailbox("missing")
    w.entered(mailbox, 2)
    cur = w.instance.folder(mailbox) / "cur"
    next(iter(cur.iterdir())).unlink()
    w.agree(mailbox, False, LACKS, "missing then</dt><dd>0<",
            "another file then</dt><dd>0<")
    equal(w.today(mailbox)["Missing"], "1", "missing")
    w.ledger.look(want=FOUND)
    w.agree(mailbox, False, LACKS, "missing then</dt><dd>1<")
    page = evidence_page(w.instance, mailbox)
    check(re.search(r"Last daily look at the mailbox</dt><dd>[^<]*\d", page),
          page[-3000:])


def what_nobody_proves(w: Pages) -> None:
    """Collected where no session key was ever named: no theft, and no proof."""
    mailbox = w.instance.create_mailbox("no key")
    settings = w.instance.folder(mailbox) / "mailbox.conf"
    settings.write_text(re.sub(r"(?m)^session-key.*\n", "",
                               settings.read_text()))
    spool = w.instance.folder(mailbox) / "admin.spool"
    spool.write_text(re.sub(r" session-key=[0-9a-f]{64}", "",
                            spool.read_text()))
    w.deliver(mailbox, 3)
    w.collect(mailbox, 2)
    w.ledger.run()
    w.ledger.sign()
    w.instance.restante("sweep")
    w.agree(mailbox, True, "collected before the ledger knew the key")
    equal((w.today(mailbox)["Not provable"], w.today(mailbox)["Missing"]),
          ("2", "0"), "of the day")
    check("2 were collected before a session key was known" in
          w.verify(mailbox), "verify")


def before_it_is_entered_nothing_is_missing(w: Pages) -> None:
    """The same, while its line lies in a spool."""
    mailbox = w.instance.create_mailbox("no key yet")
    settings = w.instance.folder(mailbox) / "mailbox.conf"
    settings.write_text(re.sub(r"(?m)^session-key.*\n", "",
                               settings.read_text()))
    w.entered(mailbox, 1)
    w.collect(mailbox, 1)
    for path in (w.instance.folder(mailbox) / "gone").iterdir():
        path.unlink()
    w.agree(mailbox, True)


def what_was_brought_back(w: Pages) -> None:
    """At once, before any run has entered it; then its proof."""
    mailbox = w.instance.create_mailbox("back")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=3")
    w.entered(mailbox, 2, 2)
    equal(w.today(mailbox)["Deleted, still here"], "2", "in gone/")
    w.instance.restante("mailbox", "undo", mailbox.id)
    w.agree(mailbox, True, "Messages not entered yet</dt><dd>2<")
    w.ledger.run()
    w.ledger.sign()
    w.agree(mailbox, True)
    equal(w.today(mailbox)["Messages"], "4", "with the new ones")
    new = w.instance.kept(mailbox)[0][:26]
    entry, proof = w.proof(mailbox, new).split("\n\n", 1)
    check(re.match(rf"back .* ulid=\S{{26}} as={new}$", entry), entry)
    stranger.read_proof(proof, (w.ledger.of(mailbox) / "vkey").read_text(),
                        entry.encode())


def amid_bringing_back(w: Pages) -> None:
    """The line is entered, and its message has not moved yet."""
    mailbox = w.instance.create_mailbox("amid")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=3")
    w.entered(mailbox, 1, 1)
    gone = w.instance.folder(mailbox) / "gone"
    old = next(iter(gone.iterdir())).name[:26]
    with open(w.instance.folder(mailbox) / "admin.spool", "a",
              encoding="ascii") as file:
        file.write(f"back {SOME_TIME} by=administrator who=a how=shell "
                   f"what=undo ulid={old} as=7{old[1:]}\n")
    w.ledger.run()
    w.ledger.sign()
    w.agree(mailbox, True)
    w.instance.restante("sweep")
    equal(w.instance.kept(mailbox)[0][:26], f"7{old[1:]}", "finished")
    w.agree(mailbox, True)


def days_are_utc(w: Pages) -> None:
    """Whatever the server's zone is."""
    mailbox = w.instance.create_mailbox("zones")
    w.entered(mailbox, 1)
    shown = {zone: evidence_rows(w.instance, mailbox, TZ=zone)[0]["Received on (UTC)"]
             for zone in ("UTC0", "XXX+12", "XXX-14")}
    equal(set(shown.values()), {shown["UTC0"]}, f"days: {shown}")


def made_up_days(w: Pages) -> None:
    """A handler that was taken over says that mail came on days of its own: the
    true ones are shown, and the page is no longer for it.
    """
    mailbox = w.instance.create_mailbox("made up")
    w.entered(mailbox, 1)
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    with open(spool, "a", encoding="ascii") as file:
        for day in range(1, 3000):
            file.write(f"kept ulid={ulid_of(day * 24 * 3600)} octets=1 "
                       f"sha256={'0' * 64} by=writer {SOME_TIME}\n")
        for year in range(2100, 3100):
            file.write(f"kept ulid={ulid_of((year - 1970) * 31556952)} "
                       f"octets=1 sha256={'0' * 64} by=writer {SOME_TIME}\n")
    w.ledger.run()
    w.ledger.sign()
    w.agree(mailbox, False, LACKS)
    rows = evidence_rows(w.instance, mailbox)
    equal([row["Messages"] for row in rows], ["1,000", "1", "2,999"], "rows")
    equal([rows[0]["Received on (UTC)"], rows[2]["Received on (UTC)"]],
          ["Later than today", "Earlier"], "names of rows")


def hours_that_nobody_offers(w: Pages) -> None:
    """A form with a time that is none brings nothing back."""
    mailbox = w.instance.create_mailbox("hours")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=3")
    w.entered(mailbox, 1, 1)
    first = run_cgi(w.instance, "GET", f"/mailbox/{mailbox.id}",
                    REMOTE_USER="anna")
    fields = {"proof": first.page.hidden("proof"),
              "once": first.page.hidden("once")}
    cookie = first.page.headers["Set-Cookie"]
    env = {"REMOTE_USER": "anna"}
    if cookie:
        env["HTTP_COOKIE"] = cookie.split(";")[0]
    for hours in ("a lot", "-1", "1e9", "99999999999999999999"):
        run = run_cgi(w.instance, "POST", f"/mailbox/{mailbox.id}/undo",
                      encode({**fields, "hours": hours}), **env)
        run.page.want(400, "names no time")
    equal(w.instance.kept(mailbox), [], "what came back")


CASES = [what_holds, what_was_another_file, what_is_missing,
         what_nobody_proves, before_it_is_entered_nothing_is_missing,
         what_was_brought_back, amid_bringing_back, days_are_utc, made_up_days,
         hours_that_nobody_offers, what_the_hosts_ledger_knows_better]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each over one instance with one run of servers."""
    yield from in_one_world(place, Pages, CASES)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
