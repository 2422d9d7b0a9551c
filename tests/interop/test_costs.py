#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mailbox, a delivery, a collection and a login cost, in what does not
depend on the machine's speed: KiB on disk, syncs and system calls, resident
memory at so many messages.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, Xinetd
from harness.smtp import Smtp
from harness.tools import tool
from harness.wire import Wire

MAIL = b"Subject: costs\r\n\r\n" + b"0123456789abcdef" * 4 + b"\r\n"
EMPTY_KIB = 64
MESSAGES = 200_000
OCTETS_A_MESSAGE = 64
CALL = re.compile(r"^\d+ +(\w+)\(")
SYNCS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "sync")


class Traced:
    """A handler under strace."""

    def __init__(self, instance: Instance, handler: str) -> None:
        self.log = instance.root / "run" / f"{handler}.calls"
        self.log.unlink(missing_ok=True)
        spawner = Spawner(instance, handler, "--tls=starttls", wrap=[
            tool("strace"), "-f", "-qq", "-o", str(self.log)])
        client, self.process = spawner.open()
        spawner.close()
        self.wire = Wire(client, 120)

    def calls(self) -> tuple[Counter, Counter]:
        """By name, once it has ended: until its greeting, and from there on."""
        equal(self.process.wait(60), 0, "the handler's exit status")
        halves = (Counter(), Counter())
        served = False
        for line in self.log.read_text("ascii", "replace").splitlines():
            found = CALL.match(line)
            served = served or " write(1, " in line
            if found:
                halves[served][found[1]] += 1
        check(served, "no greeting was seen")
        return halves


def judge(report: Report, name: str, calls: tuple[Counter, Counter],
          syncs: int, most: int) -> None:
    """Report what was counted, and compare what is ours alone."""
    before, behind = map(Counter.total, calls)
    made = sum(calls[1][name] for name in SYNCS)
    report.figure(f"{name}-calls", f"{before + behind} ({before} until the "
                  f"greeting, {behind} from there on)")
    report.figure(f"{name}-syncs", made)
    report.note(" ".join(f"{call}={n}" for call, n in
                         calls[1].most_common()))
    equal(made, syncs, "syncs")
    check(behind <= most, f"{behind} calls from the greeting on, more than "
          f"{most}")


def deliver(instance: Instance, mailbox: Mailbox, report: Report) -> None:
    """One message: the file and its name are synced, and nothing else is.

    The mailbox has a spool already: who makes it syncs its name, once.
    """
    with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as server:
        smtp = instance.smtp(server.port)
        smtp.deliver(mailbox.address, MAIL).want(250)
        smtp.quit()
        server.idle()
    handler = Traced(instance, "smtp-journal")
    smtp = Smtp(handler.wire, instance.context)
    smtp.deliver(mailbox.address, MAIL).want(250)
    smtp.quit()
    judge(report, "cost-delivery", handler.calls(), 2, 130)


def begin_a_spool(instance: Instance, mailbox: Mailbox,
                  report: Report) -> None:
    """Whoever made it was killed: who writes its first line syncs its name."""
    spool = instance.folder(mailbox) / "spool/local.99"
    spool.touch()
    instance.place.give(spool)
    handler = Traced(instance, "smtp-journal")
    smtp = Smtp(handler.wire, instance.context)
    smtp.deliver(mailbox.address, MAIL).want(250)
    smtp.quit()
    judge(report, "cost-first-line", handler.calls(), 3, 130)
    check(spool.stat().st_size > 0, "no line was written into it")


def collect(instance: Instance, mailbox: Mailbox, report: Report) -> None:
    """Login, RETR, DELE, QUIT."""
    handler = Traced(instance, "pop3-serve")
    pop3 = Pop3(handler.wire, instance.context)
    pop3.login(mailbox.id, mailbox.password)
    pop3.retr(1)
    pop3.dele(1)
    pop3.quit()
    judge(report, "cost-collection", handler.calls(), 6, 290)


def empty(instance: Instance, report: Report) -> None:
    """A mailbox without mail."""
    mailbox = instance.create_mailbox("empty")
    folder = instance.folder(mailbox)
    kib = sum(path.lstat().st_blocks for path in
              (folder, *folder.rglob("*"))) / 2
    report.figure("cost-empty-mailbox", f"{kib:.0f} KiB")
    check(kib < EMPTY_KIB, f"{kib} KiB, not less than {EMPTY_KIB}")


def peak_of_login(instance: Instance, mailbox: Mailbox, n: int) -> int:
    """Octets of resident memory at most, of the handler alone."""
    spawner = Spawner(instance, "pop3-serve", "--tls=starttls")
    client, handler = spawner.open()
    spawner.close()
    pop3 = Pop3(Wire(client, 120), instance.context)
    pop3.login(mailbox.id, mailbox.password)
    equal(pop3.command("STAT").split()[0], str(n), "messages")
    equal(len(pop3.uidl()), n, "lines of UIDL")
    status = Path(f"/proc/{handler.pid}/status").read_text("ascii")
    pop3.quit()
    equal(handler.wait(60), 0, "the handler's exit status")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def fill(instance: Instance, mailbox: Mailbox, n: int) -> None:
    """Names alone: a login opens no message."""
    cur = os.open(instance.folder(mailbox) / "cur", os.O_DIRECTORY)
    for i in range(n):
        name = f"01K{i * 7919 % 10**8:08d}0000000000000{i % 10}0,W=1000.age"
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o660,
                         dir_fd=cur))
    os.close(cur)


def memory(instance: Instance, report: Report) -> None:
    """What each message adds to a login, sorting included."""
    mailbox = instance.create_mailbox("many")
    before = peak_of_login(instance, mailbox, 0)
    fill(instance, mailbox, MESSAGES)
    after = peak_of_login(instance, mailbox, MESSAGES)
    each = (after - before) / MESSAGES
    report.figure("cost-login-memory", f"{before / 2**20:.1f} MiB, and "
                  f"{each:.0f} octets a message")
    check(each <= OCTETS_A_MESSAGE,
          f"{each} octets a message, more than {OCTETS_A_MESSAGE}")


def instrumented(place: Place) -> bool:
    """Is the handler built with a sanitizer? Then none of it means anything."""
    return b"__asan_init" in Path(place.handler("smtp-journal")).read_bytes()


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """All of them."""
    if instrumented(place):
        raise Skip("the handlers are built with AddressSanitizer")
    # So little scrypt that a listing is what a login needs most memory for.
    instance = Instance(place)
    mailbox = instance.create_mailbox("costs")
    yield "cost-empty-mailbox", lambda: empty(instance, report)
    yield "cost-delivery", lambda: deliver(instance, mailbox, report)
    yield "cost-first-line", lambda: begin_a_spool(instance, mailbox, report)
    yield "cost-collection", lambda: collect(instance, mailbox, report)
    yield "cost-login-memory", lambda: memory(instance, report)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
