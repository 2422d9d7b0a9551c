#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page of the console costs: the CPU time of one console.cgi, with
MAILBOXES mailboxes (200) that have the counters of MESSAGES waiting messages
(10,000) each; one of them really holds that many. Each page is made 15 times,
in turns with a program that does nothing; the median must stay below 20 ms, and
below as much more as that program takes more than two milliseconds, which is
what it takes of a small virtual machine with nothing else to do: one that is
busy or slower is so for both.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.console import Routes, run_cgi, run_program
from harness.instance import Instance
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.web_servers import with_console

MAILBOXES = int(os.environ.get("MAILBOXES", "200"))
MESSAGES = int(os.environ.get("MESSAGES", "10000"))
RUNS = 15
LIMIT = 0.020  # seconds of CPU
NOTHING = 0.002  # of a program that does nothing, undisturbed
USER = "measurer"
ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(number: int) -> str:
    """The nth name of a message."""
    text = ""
    for _ in range(10):
        text = ID_ALPHABET[number % 32] + text
        number //= 32
    return "01JD000000000000"[:16] + text


class Cpu:
    """The store, and what is measured on it."""

    def __init__(self, place: Place, report: Report) -> None:
        self.place, self.report = place, report
        self.instance = with_console(
            Instance(place), auth="web-server")
        self.full = self.instance.create_mailbox("full")

    def fill(self) -> None:
        """Real mailboxes, counters by the store's own functions."""
        for number in range(1, MAILBOXES):
            self.instance.create_mailbox(f"mailbox {number}")
        self.instance.restante("mailbox", "suspend", self.full.id)
        self.hold(self.full.id)
        build = Path(os.environ.get("RESTANTE_BUILD", "."))
        subprocess.run([build / "tests/support/fill_counters",
                        self.instance.store, str(MESSAGES)], check=True)
        said = self.instance.restante("mailbox", "list", "--porcelain").stdout
        rows = [line.split("\t") for line in said.splitlines()]
        equal(len(rows), MAILBOXES, "mailboxes")
        check(all(row[2] == str(MESSAGES) for row in rows), f"rows: {rows[:3]}")

    def hold(self, mailbox_id: str) -> None:
        """One message, under as many names; all of them in the index."""
        self.instance.restante("mailbox", "activate", mailbox_id)
        with Xinetd(self.instance, [("smtp-journal", "--tls=starttls")]) as at:
            smtp = self.instance.smtp(at.port)
            for _ in range(3):
                smtp.deliver(self.full.address,
                             b"Subject: x\r\n\r\nx\r\n").want(250)
            smtp.quit()
            at.idle()
        self.instance.restante("mailbox", "suspend", mailbox_id)
        folder = self.instance.folder(self.full)
        first, *_ = sorted(os.listdir(folder / "cur"))
        rest = first[26:]
        for number in range(MESSAGES - 3):
            name = ulid(number)
            os.link(folder / "cur" / first, folder / "cur" / f"{name}{rest}")
            os.link(folder / "cur" / first, folder / "tmp" / f"{name}.age")
        self.instance.restante("sweep")

    def page(self, path: str) -> None:
        """The median and the worst of one page."""
        path = path.replace("*", self.full.id)
        query = f"mailbox={self.full.id}&days=14" if path == "/activity" else ""
        # A proof is of one message, and none is named here.
        answers = (400,) if path.endswith("/proof") else (200, 303)
        times, nothing = [], []
        for _ in range(RUNS):
            nothing.append(run_program(["/bin/true"], {}).cpu)
            run = run_cgi(self.instance, "GET", path, query=query,
                          REMOTE_USER=USER)
            check(run.page and run.page.status in answers,
                  f"{path}: {run.log}")
            times.append(run.cpu)
        median, slowness = statistics.median(times), statistics.median(nothing)
        name = path.replace(self.full.id, "ID").replace("/", "-").strip("-")
        self.report.figure(
            f"cpu-{name or 'overview'}",
            f"p50 {1000 * median:.1f} ms, max {1000 * max(times):.1f} ms, "
            f"/bin/true {1000 * slowness:.1f} ms")
        check(median < LIMIT * max(1.0, slowness / NOTHING),
              f"{path}: {1000 * median:.1f} ms of CPU, where /bin/true takes "
              f"{1000 * slowness:.1f} ms")


def cases(place: Place, report: Report, _: object) -> Iterator[Case]:
    """Every page that is fetched."""
    cpu = Cpu(place, report)
    # To start a program as another user would count as its time, too.
    yield "started-alike", place.become_user
    yield "filled", cpu.fill
    for method, path, _needs in Routes.read().rows:
        if method == "GET":
            name = "cpu" + path.replace("/*", "-ID").replace("/", "-")
            yield name.rstrip("-"), lambda path=path: cpu.page(path)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
