#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Nth call of a kind fails, for N = 1, 2, 3 … until a run is clean: open,
write, fsync, link, rename, unlink, mkdir, ftruncate, fallocate and malloc, with
the errors of a full, broken or limited system. shadow.c makes them fail.

A sender must hear 250 and his message be there and whole, or anything that
makes him try again (4xx, a broken connection) and nothing of it be seen; never
a 5xx. A collector must get a message whole or not to its end, and what he did
not delete must stay. What kept a message stands in the log with its reason;
but where memory is out the process may simply end. What an undo, a sweep and
the ledger leave half done the next run finishes, and `ledger verify` finds
nothing missing. NTH_ALL=1 tries every error, and fails every single allocation
instead of each 300th; and where a story opens, syncs or makes as often as STRIDES
says, every one of them instead of a sample.
"""

import errno
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.behind import Behind
from harness.instance import Instance, Mailbox
from harness.ledger import Ledger
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.published import Published, no_alarm
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.shadow import build
from harness.wire import Vanished

ALL = os.environ.get("NTH_ALL") == "1"
STRIDES = {} if ALL else {
    ("open", "undo"): 5, ("open", "sweep"): 5, ("open", "enter"): 5,
    ("open", "collect"): 2, ("open", "create"): 2, ("fsync", "create"): 2,
    ("fsync", "enter"): 3}
STRIDE = 1 if ALL else 300
KINDS = {
    "open": (errno.EMFILE, errno.EIO),
    "write": (errno.ENOSPC, errno.EIO, errno.EDQUOT),
    "fsync": (errno.EIO, errno.ENOSPC),
    "link": (errno.EIO, errno.EDQUOT),
    "rename": (errno.EIO, errno.ENOSPC),
    "unlink": (errno.EIO,),
    "mkdir": (errno.ENOSPC,),
    "ftruncate": (errno.EIO,),
    "fallocate": (errno.ENOSPC, errno.EOPNOTSUPP, errno.EINTR),
    "malloc": (errno.ENOMEM,),
}
WHOLE = ("fallocate",)  # few calls, and each error is another case
BODY = b"Subject: nth\r\n\r\n" + b"x" * 70 + b"\r\n" + b"y" * 150_000 + b"\r\n"


class Nth:
    """One instance, sessions with something failing in them."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(place)
        self.mailbox = self.instance.create_mailbox()
        self.library = build(place)
        self.count = self.instance.root / "count"
        self.count.touch()
        place.give(self.count)
        self.outcomes: Counter[str] = Counter()
        self.ledger = Ledger(self.instance)
        self.published = Published(self.ledger.path)
        self.undone = self.instance.create_mailbox("undo")

    # --- the driver ----------------------------------------------------------

    def all_failures(self, story: Callable[[dict[str, str], str], None],
                     kind: str) -> None:
        """Every N, with each of the kind's errors."""
        errors = KINDS[kind]
        for number in errors if ALL or kind in WHOLE else errors[:1]:
            runs, n = 0, 1
            while True:
                self.count.write_text("")
                env = {"LD_PRELOAD": str(self.library),
                       "SHADOW_FAIL": f"{kind}:{n}:{number}",
                       "SHADOW_COUNT": str(self.count)}
                try:
                    story(env, os.strerror(number))
                except Exception as why:
                    raise Failure(f"{env['SHADOW_FAIL']}: "
                                  f"{type(why).__name__} {why}") from why
                runs += 1
                if int(self.count.read_text() or n) < n:
                    break
                n += STRIDE if kind == "malloc" else \
                    STRIDES.get((kind, story.__name__), 1)
            self.report.figure(f"{story.__name__}-{kind}-"
                               f"{errno.errorcode[number]}", runs)

    def kept(self) -> list[bytes]:
        """All messages, whole; what is unfinished is swept away before."""
        self.instance.restante("sweep")
        equal(os.listdir(self.instance.folder(self.mailbox) / "tmp"), [],
              "in tmp/ after the sweep")
        session = Behind(self.instance, "pop3-serve")
        pop3 = self.login(session)
        messages = [pop3.retr(at) for at in pop3.list()]
        pop3.quit()
        equal(session.end(), 0, "pop3-serve ended with")
        check(all(message.endswith(BODY) for message in messages),
              "a message is not whole")
        return messages

    def login(self, session: Behind, mailbox: Mailbox | None = None) -> Pop3:
        """A collector who is in."""
        mailbox = mailbox or self.mailbox
        pop3 = Pop3(session.wire)
        pop3.login(mailbox.id, mailbox.password)
        return pop3

    # --- a sender --------------------------------------------------------------

    def deliver(self, env: dict[str, str], reason: str) -> None:
        """250 and there, or told to try again and not there."""
        before = set(self.instance.kept(self.mailbox))
        session = Behind(self.instance, "smtp-journal", **env)
        said = session.deliver(self.mailbox.address, BODY)
        session.end()
        new = set(self.instance.kept(self.mailbox)) - before
        self.outcomes[said] += 1
        check(said[0] in "24v", f"told {said}")
        # Without memory it may end behind the commit, before it has said so:
        # the sender tries again (RFC 1047), and nothing is lost.
        silent = said == "vanished" and "malloc" in env["SHADOW_FAIL"]
        check(silent or len(new) == (said == "250"),
              f"{len(new)} new messages, told {said}")
        if said != "250" and "malloc" not in env["SHADOW_FAIL"]:
            check(reason in session.log_text(), f"nothing of \"{reason}\" in "
                  f"the log: {session.log_text()!r}")
        if len(before) > 20:
            equal(len(self.kept()), len(before) + len(new), "messages")
            self.instance.empty(self.mailbox)

    # --- a collector -----------------------------------------------------------

    def collect(self, env: dict[str, str], _reason: str) -> None:
        """Two messages are there; the first one is deleted."""
        while len(self.instance.kept(self.mailbox)) < 2:
            session = Behind(self.instance, "smtp-journal")
            equal(session.deliver(self.mailbox.address, BODY), "250",
                  "told")
            session.end()
        before = self.instance.kept(self.mailbox)
        session = Behind(self.instance, "pop3-serve", **env)
        deleted = self.fetch_and_delete(session)
        session.end()
        after = self.instance.kept(self.mailbox)
        self.outcomes[f"collect {deleted}"] += 1
        check(len(before) - 1 <= len(after) <= len(before),
              f"{before} became {after}")
        if deleted == "deleted":
            equal(len(after), len(before) - 1, "messages after +OK to QUIT")
        if deleted == "not logged in":
            equal(after, before, "messages")
        # QUIT was read and its batch is durable, but not all could be moved:
        # what is left of it goes with the next one in (docs/store-protocol.md).
        opened = len(self.kept())
        check(opened == len(after) or
              (deleted == "logged in" and opened == len(before) - 1),
              f"{opened} messages open, {len(after)} are there")

    def fetch_and_delete(self, session: Behind) -> str:
        """How far it came."""
        state = "not logged in"
        try:
            pop3 = self.login(session)
            state = "logged in"
            check(pop3.retr(1).endswith(BODY), "a message is not whole")
            pop3.dele(1)
            pop3.quit()
            return "deleted"
        except (Refused, Vanished):
            return state

    # --- an administrator ------------------------------------------------------

    def create(self, env: dict[str, str], reason: str) -> None:
        """A whole mailbox and its password, or none and why."""
        folder = self.instance.store / "mailboxes"
        before = set(os.listdir(folder))
        done = self.instance.restante("mailbox", "create", "x", "--porcelain",
                                      "--same-name", env=env, want=None)
        new = set(os.listdir(folder)) - before
        if done.returncode != 0:
            check("malloc" in env["SHADOW_FAIL"] or reason in done.stderr,
                  f"{done.returncode}, nothing of \"{reason}\" in "
                  f"{done.stderr!r}")
            self.instance.restante("sweep")
            new = set(os.listdir(folder)) - before
        check(len(new) == (done.returncode == 0) and
              not any(name.startswith(".") for name in new),
              f"{done.returncode}, new: {new}")
        for name in new:
            self.instance.restante("mailbox", "suspend", name)
            self.instance.restante("mailbox", "delete", name, "--yes")


    # --- what leaves, and the ledger -----------------------------------------

    def set_undo(self, days: int) -> None:
        """Of the mailbox whose messages leave."""
        self.instance.restante("mailbox", "set", self.undone.id,
                               f"undo={days}")

    def have_deleted(self) -> None:
        """One message at least lies in gone/, and none waits."""
        session = Behind(self.instance, "smtp-journal")
        equal(session.deliver(self.undone.address, BODY), "250", "told")
        session.end()
        session = Behind(self.instance, "pop3-serve")
        pop3 = self.login(session, self.undone)
        for number in pop3.list():
            pop3.dele(number)
        pop3.quit()
        session.end()

    def gone(self) -> list[str]:
        """What lies in gone/."""
        return os.listdir(self.instance.folder(self.undone) / "gone")

    def undo(self, env: dict[str, str], reason: str) -> None:
        """All back, or why not; the next one brings the rest."""
        if not self.gone():
            self.set_undo(9)
            self.have_deleted()
        n = len(self.gone()) + len(self.instance.kept(self.undone))
        done = self.instance.restante("mailbox", "undo", self.undone.id,
                                      env=env, want=None)
        self.outcomes[f"undo {done.returncode}"] += 1
        left = self.gone()
        equal(len(left) + len(self.instance.kept(self.undone)), n, "messages")
        if done.returncode == 0:
            equal(left, [], "what lies in gone/")
        else:
            check("malloc" in env["SHADOW_FAIL"] or reason in done.stderr,
                  f"{done.returncode}, nothing of \"{reason}\" in "
                  f"{done.stderr!r}")

    def sweep(self, env: dict[str, str], _reason: str) -> None:
        """Undo ends for what was deleted: it goes now or with the next one;
        what waits stays, and its ticket goes.
        """
        self.set_undo(9)
        self.have_deleted()
        self.set_undo(0)
        session = Behind(self.instance, "smtp-journal")
        equal(session.deliver(self.undone.address, BODY), "250", "told")
        session.end()
        done = self.instance.restante("sweep", env=env, want=None)
        self.outcomes[f"sweep {done.returncode}"] += 1
        equal(len(self.instance.kept(self.undone)), 1, "what waits")
        self.instance.restante("sweep")
        equal(self.gone(), [], "what lies in gone/")
        equal(self.instance.unfinished(self.undone), [], "tickets")

    def enter(self, env: dict[str, str], _reason: str) -> None:
        """A run of the ledger; the next one does what it has not done, and
        what it has published stands.
        """
        self.have_deleted()
        self.ledger.make_due()
        no_alarm(self.ledger.run(want=None, **env))
        self.published.look()
        self.ledger.make_due()
        no_alarm(self.ledger.run())
        self.published.look()

    def evidence(self) -> None:
        """Of all that was done: nothing is missing, nothing was taken back."""
        self.ledger.sign()
        self.ledger.make_due()
        self.published.look()
        self.published.extended()
        self.instance.restante("ledger", "verify")
        self.report.figure("nth-checkpoints", self.published.count())


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Each story, each kind."""
    nth = Nth(place, report)
    place.become_user()
    for story in (nth.deliver, nth.collect, nth.create, nth.undo, nth.sweep,
                  nth.enter):
        for kind in KINDS:
            yield (f"nth-{story.__name__}-{kind}",
                   lambda story=story, kind=kind:
                   nth.all_failures(story, kind))
    yield "nth-evidence", nth.evidence
    yield "nth-outcomes", lambda: report.note(str(dict(nth.outcomes)))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
