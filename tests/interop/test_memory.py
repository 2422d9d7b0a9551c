#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message of 100 MiB goes in, by DATA and by BDAT, and comes out again; and it
goes through either proxy to somebody who reads slowly. The peak resident memory
of each handler, as the kernel counted it for that process alone, may be 24 MiB
at most.
"""

import contextlib
import functools
import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))

from harness.bulk import MIB, SIZE, blocks, digest, stuffed_blocks
from harness.bulk_servers import REST_SECONDS
from harness.instance import SHIPPED, Instance, Mailbox
from harness.lineends import unstuffed
from harness.nets import OtherHost
from harness.place import Place
from harness.pop3 import Pop3
from harness.proxied import Proxied
from harness.report import Report, Skip, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Spawner, children
from harness.smtp import Smtp
from harness.wire import Wire

LIMIT_KIB = 24 * 1024


class Measured:
    """A handler started through rusage.py."""

    def __init__(self, instance: Instance, handler: str,
                 mode: str = "--tls=starttls") -> None:
        self.file = instance.root / "run" / f"{handler}.usage"
        self.file.unlink(missing_ok=True)
        wrap = [sys.executable, "-I", "-S", str(SUPPORT / "rusage.py"),
                str(self.file)]
        spawner = Spawner(instance, handler, mode, wrap=wrap)
        client, self.wrapper = spawner.open()
        spawner.close()
        self.wire = Wire(client, 120)

    def peak_now(self) -> int:
        """VmHWM of the handler, in KiB, while it lives."""
        pid = children(self.wrapper.pid)[0]
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status
                        if line.startswith("VmHWM:"))

    def end(self) -> tuple[float, int]:
        """Wait for the handler: CPU seconds and peak KiB."""
        equal(self.wrapper.wait(60), 0, "the handler's exit status")
        seconds, peak = self.file.read_text("ascii").split()
        return float(seconds), int(peak)


def judge(report: Report, name: str, peak: int, seconds: float) -> None:
    """Report a peak and compare it with the limit."""
    report.figure(f"{name}-peak", f"{peak / 1024:.1f} MiB")
    report.figure(f"{name}-cpu", f"{seconds:.2f} s")
    check(peak <= LIMIT_KIB, f"{peak} KiB of memory, more than {LIMIT_KIB}")


def send_data(smtp: Smtp) -> str:
    """DATA; what the server said in the end."""
    smtp.command("DATA").want(354)
    for block in stuffed_blocks():
        smtp.wire.send(block)
    smtp.wire.send(b".\r\n")
    return smtp.reply().want(250).lines[0]


def by_data(smtp: Smtp) -> None:
    """DATA, dot-stuffed piece by piece."""
    send_data(smtp)


def by_bdat(smtp: Smtp) -> None:
    """One chunk."""
    smtp.wire.send(f"BDAT {SIZE} LAST\r\n".encode())
    for block in blocks():
        smtp.wire.send(block)
    smtp.reply().want(250)


def message_in(instance: Instance, mailbox: Mailbox, report: Report,
               send: Callable[[Smtp], None]) -> None:
    """Deliver it and look at the receiver."""
    handler = Measured(instance, "smtp-journal")
    smtp = Smtp(handler.wire, instance.context)
    smtp.envelope(mailbox.address).want(250)
    send(smtp)
    peak = handler.peak_now()
    smtp.quit()
    seconds, at_end = handler.end()
    judge(report, f"memory-smtp-journal-{name_of(send)}", max(peak, at_end),
          seconds)


def message_out(instance: Instance, mailbox: Mailbox, report: Report) -> None:
    """Fetch both and look at the server."""
    handler = Measured(instance, "pop3-serve")
    pop3 = Pop3(handler.wire, instance.context)
    pop3.login(mailbox.id, mailbox.password)
    after_login = handler.peak_now()
    sizes = pop3.list()
    equal(len(sizes), 2, "messages")
    for number, size in sizes.items():
        pop3.command(f"RETR {number}")
        content = unstuffed(pop3.wire.block())
        equal(len(content), size, "octets")
        equal(sha256(content[-SIZE:]), digest(), "what came out")
        pop3.dele(number)
    peak = handler.peak_now()
    pop3.quit()
    seconds, at_end = handler.end()
    report.figure("memory-pop3-serve-login-peak",
                  f"{after_login / 1024:.1f} MiB")
    judge(report, "memory-pop3-serve", max(peak, at_end), seconds)


def passed_on(side: Proxied, report: Report) -> None:
    """Through smtp-proxy, to a server that reads slowly."""
    handler = Measured(side.instance, "smtp-proxy", "--tls=implicit")
    smtp = Smtp(handler.wire, side.instance.context, implicit=True)
    smtp.auth_plain(side.user(4465)).want(235)
    smtp.envelope("to@example.org").want(250)
    equal(send_data(smtp), digest(), "what the server got")
    smtp.quit()
    seconds, peak = handler.end()
    judge(report, "memory-smtp-proxy", peak, seconds)


def fetched(side: Proxied, report: Report) -> None:
    """Through pop3-proxy, to a client that reads slowly."""
    handler = Measured(side.instance, "pop3-proxy", "--tls=implicit")
    pop3 = Pop3(handler.wire, side.instance.context, implicit=True)
    pop3.login(side.user(4995), "secret")
    pop3.command("RETR 1")
    while len(pop3.wire.held) < MIB:
        pop3.wire.fill()
    time.sleep(REST_SECONDS)
    equal(sha256(unstuffed(pop3.wire.block())), digest(), "what came")
    pop3.quit()
    seconds, peak = handler.end()
    judge(report, "memory-pop3-proxy", peak, seconds)


def copies_are_whole(side: Proxied) -> None:
    """Both can be collected."""
    kept = side.kept()
    equal([sha256(copy[-SIZE:]) for copy in kept], [digest()] * 2, "copies")


def proxied_cases(instance: Instance, report: Report,
                  stack: contextlib.ExitStack) -> Iterator[Case]:
    """Through the proxies; their servers need a second host."""
    try:
        require_private_mounts()
    except Skip as why:
        yield "memory-proxies", functools.partial(skip, str(why))
        return
    side = Proxied(instance, stack.enter_context(OtherHost()),
                   "harness.bulk_servers")
    yield "memory-through-smtp-proxy", lambda: passed_on(side, report)
    yield "memory-through-pop3-proxy", lambda: fetched(side, report)
    yield "memory-copies-are-whole", lambda: copies_are_whole(side)


def name_of(send: Callable[[Smtp], None]) -> str:
    """by-data, by-bdat."""
    return send.__name__.replace("_", "-")


def sha256(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


def instrumented(place: Place) -> bool:
    """Is the handler built with a sanitizer? Then its memory means nothing."""
    return b"__asan_init" in Path(place.handler("smtp-journal")).read_bytes()


def skip(why: str) -> None:
    """A case that cannot be tested here."""
    raise Skip(why)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """In twice, out once, and through each proxy."""
    if instrumented(place):
        yield "memory", functools.partial(
            skip, "the handlers are built with AddressSanitizer")
        return
    instance = Instance(place, identity=SHIPPED)
    mailbox = instance.create_mailbox("memory")
    for send in (by_data, by_bdat):
        yield (f"memory-in-{name_of(send)}",
               functools.partial(message_in, instance, mailbox, report, send))
    yield ("memory-out",
           functools.partial(message_out, instance, mailbox, report))
    with contextlib.ExitStack() as stack:
        yield from proxied_cases(instance, report, stack)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
