#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message of 100 MiB goes in, by DATA and by BDAT, and comes out again. The
peak resident memory of either handler, as the kernel counted it for that
process alone, may be 24 MiB at most.
"""

import functools
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))

from harness.instance import Instance, Mailbox
from harness.lineends import unstuffed
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, children
from harness.smtp import Smtp
from harness.wire import Wire

MIB = 1 << 20
SIZE = 100 * MIB
LIMIT_KIB = 24 * 1024
HEADER = b"Subject: a large one\r\nFrom: a@sender.example\r\n\r\n"


def blocks() -> Iterator[bytes]:
    """The message in pieces of 64 KiB, of lines with some dots in front."""
    yield HEADER
    left = SIZE - len(HEADER)
    line = b"0123456789abcdefghijklmnopqrstuvwxyz" * 2 + b"====\r\n"
    block = (b"." + line[1:] + line * 7) * 102
    number = 0
    while left > len(block) + 100:
        piece = b"%020d\r\n" % number + block
        yield piece
        left -= len(piece)
        number += 1
    yield b"e" * (left - 2) + b"\r\n"


class Measured:
    """A handler started through rusage.py."""

    def __init__(self, instance: Instance, handler: str) -> None:
        self.file = instance.root / "run" / f"{handler}.usage"
        self.file.unlink(missing_ok=True)
        wrap = [sys.executable, "-I", "-S", str(SUPPORT / "rusage.py"),
                str(self.file)]
        spawner = Spawner(instance, handler, "--tls=starttls", wrap=wrap)
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


def by_data(smtp: Smtp) -> None:
    """DATA, dot-stuffed piece by piece (no piece begins within a line)."""
    smtp.command("DATA").want(354)
    for block in blocks():
        stuffed = block.replace(b"\r\n.", b"\r\n..")
        smtp.wire.send(stuffed)
    smtp.wire.send(b".\r\n")
    smtp.reply().want(250)


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
    wanted = digest(b"".join(blocks()))
    sizes = pop3.list()
    equal(len(sizes), 2, "messages")
    for number, size in sizes.items():
        pop3.command(f"RETR {number}")
        content = unstuffed(pop3.wire.block())
        equal(len(content), size, "octets")
        equal(digest(content[-SIZE:]), wanted, "what came out")
        pop3.dele(number)
    peak = handler.peak_now()
    pop3.quit()
    seconds, at_end = handler.end()
    report.figure("memory-pop3-serve-login-peak",
                  f"{after_login / 1024:.1f} MiB")
    judge(report, "memory-pop3-serve", max(peak, at_end), seconds)


def name_of(send: Callable[[Smtp], None]) -> str:
    """by-data, by-bdat."""
    return send.__name__.replace("_", "-")


def digest(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


def instrumented(place: Place) -> bool:
    """Is the handler built with a sanitizer? Then its memory means nothing."""
    return b"__asan_init" in Path(place.handler("smtp-journal")).read_bytes()


def refuse_instrumented() -> None:
    """The one case where sanitizers are compiled in."""
    raise Skip("the handlers are built with AddressSanitizer")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """In twice, out once."""
    if instrumented(place):
        yield "memory", refuse_instrumented
        return
    instance = Instance(place)
    mailbox = instance.create_mailbox("memory")
    for send in (by_data, by_bdat):
        yield (f"memory-in-{name_of(send)}",
               functools.partial(message_in, instance, mailbox, report, send))
    yield ("memory-out",
           functools.partial(message_out, instance, mailbox, report))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
