#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long sessions: 10,000 recipients for one message, 100,000 commands of every
kind, pipelined and (some of them) one by one. The peak memory of the handler
does not grow with their number, nor do its descriptors or its log; and what
was accepted is still delivered.

With LOAD_SECONDS from 10 on, all 100,000 are sent one by one as well, and as
many of those that ask the store, which are 10,000 else.
"""

import functools
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.wire import Vanished, Wire
from load_watch import Meter

MANY = 100_000
LONG = float(os.environ.get("LOAD_SECONDS", "1")) >= 10
ONE_BY_ONE = MANY if LONG else 2000
RECIPIENTS = 10_000
AT_ONCE = 500  # commands whose answers fit into every buffer
GROWTH_KIB = 512  # of peak memory, from the first commands to the last
MOST_KIB = 24 * 1024
LOG_OCTETS = 1 << 20  # what one session may log

# With the beginning of the answer to the last line of each.
SMTP_COMMANDS = {
    "noop": ("NOOP\r\n", b"250 "), "rset": ("RSET\r\n", b"250 "),
    "vrfy": ("VRFY somebody\r\n", b"252 "), "help": ("HELP\r\n", b"214 "),
    "helo": ("HELO again.example\r\n", b"250 "),
    "unknown-mailbox": ("RCPT TO:<mbx-{none}@x.example>\r\n", b"550 "),
    "transaction": ("RSET\r\nMAIL FROM:<a@b.example>\r\n"
                    "RCPT TO:<{address}>\r\n", b"250 "),
}
POP3_COMMANDS = {
    "noop": ("NOOP\r\n", b"+OK"), "stat": ("STAT\r\n", b"+OK"),
    "rset": ("RSET\r\n", b"+OK"), "dele": ("RSET\r\nDELE 1\r\n", b"+OK"),
    "list": ("LIST 1\r\n", b"+OK"), "absent": ("RETR 77\r\n", b"-ERR"),
}


class Long:
    """One session, and what is known of its handler."""

    def __init__(self, instance: Instance, handler: str) -> None:
        self.spawner = Spawner(instance, handler, "--tls=starttls")
        client, self.process = self.spawner.open()
        self.spawner.close()
        self.wire = Wire(client, 60)

    def pipeline(self, lines: str, number: int, wanted: bytes) -> None:
        """So many times these lines, and an answer of one line to each."""
        per_turn = lines.count("\r\n")
        left = number // per_turn
        while left > 0:
            turns = min(left, AT_ONCE // per_turn)
            self.wire.send(lines.encode() * turns)
            for _ in range(turns * per_turn):
                answer = self.wire.line()
            check(answer.startswith(wanted), f"{lines!r}: {answer!r}")
            left -= turns

    def one_by_one(self, line: str, number: int) -> None:
        """The same without pipelining."""
        for _ in range(number):
            self.wire.send(line.encode())
            self.wire.line()

    def descriptors(self) -> int:
        """Open ones."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self) -> None:
        """It ends by itself; its log is no flood."""
        equal(self.process.wait(300), 0, "exit status")
        size = self.spawner.log.stat().st_size
        check(size <= LOG_OCTETS, f"{size} octets were logged")


class Sessions:
    """The cases."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(place)
        self.mailbox = self.instance.create_mailbox("many commands")

    def smtp(self) -> tuple[Long, Smtp]:
        """A session of smtp-journal under TLS."""
        session = Long(self.instance, "smtp-journal")
        return session, Smtp(session.wire, self.instance.context)

    def tell(self, name: str, number: int, meter: Meter) -> int:
        """Figures; the growth."""
        wall, cpu, grown, peak = meter.read()
        self.report.figure(f"many-{name}", f"{number} in {wall:.1f} s, CPU "
                           f"{cpu:.2f} s, peak {peak / 1024:.1f} MiB, "
                           f"{grown} KiB more than at first")
        check(peak <= MOST_KIB, f"peak {peak} KiB")
        return grown

    def commands(self, name: str, session: Long, text: str,
                 wanted: bytes) -> None:
        """A great many of one kind, and the memory of the first is enough."""
        session.pipeline(text, AT_ONCE, wanted)
        meter, files = Meter(session.process.pid), session.descriptors()
        number = MANY if LONG or "RCPT" not in text else MANY // 10
        session.pipeline(text, number, wanted)
        grown = self.tell(name, number, meter)
        check(grown <= GROWTH_KIB, f"{grown} KiB more")
        check(session.descriptors() <= files, "descriptors are left open")

    def smtp_commands(self, name: str) -> None:
        """Of one kind, in one session."""
        text, wanted = SMTP_COMMANDS[name]
        session, smtp = self.smtp()
        if name == "unknown-mailbox":
            smtp.command("MAIL FROM:<a@b.example>").want(250)
        self.commands(f"smtp-{name}", session, text.format(
            none="0" * 32, address=self.mailbox.address), wanted)
        smtp.quit()
        session.end()

    def pop3_commands(self, name: str) -> None:
        """The same for a collector."""
        session = Long(self.instance, "pop3-serve")
        pop3 = Pop3(session.wire, self.instance.context)
        pop3.login(self.mailbox.id, self.mailbox.password)
        self.commands(f"pop3-{name}", session, *POP3_COMMANDS[name])
        pop3.command("RSET")
        pop3.quit()
        session.end()

    def one_by_one(self) -> None:
        """NOOP, each answered before the next is sent."""
        session, smtp = self.smtp()
        session.one_by_one("NOOP\r\n", 100)
        meter = Meter(session.process.pid)
        session.one_by_one("NOOP\r\n", ONE_BY_ONE)
        grown = self.tell("smtp-noop-one-by-one", ONE_BY_ONE, meter)
        check(grown <= GROWTH_KIB, f"{grown} KiB more")
        smtp.quit()
        session.end()

    def unknown(self) -> None:
        """Ten that are none, and no more."""
        session, _ = self.smtp()
        heard = []
        try:
            session.wire.send(b"HUH\r\n" * MANY)
            while True:
                heard.append(session.wire.line()[:9])
        except Vanished:
            pass
        equal(heard, [b"500 5.5.1"] * 9 + [b"421 4.7.0"], "answers")
        session.end()

    def recipients(self, accepted: int) -> None:
        """As many as max-recipients allows, and the rest is told so."""
        self.instance.configure(
            **{"smtp-journal": {"max-recipients": accepted}})
        session, smtp = self.smtp()
        smtp.command("MAIL FROM:<a@b.example>").want(250)
        meter = Meter(session.process.pid)
        codes = self.ask_all(session, self.mailbox)
        self.tell(f"smtp-recipients-{accepted}", RECIPIENTS, meter)
        equal(codes, [b"250 2.1.5"] * accepted +
              [b"452 4.5.3"] * (RECIPIENTS - accepted), "answers")
        smtp.data(b"Subject: many\r\n\r\nbody\r\n").want(250)
        self.tell(f"smtp-recipients-{accepted}-kept", RECIPIENTS, meter)
        smtp.quit()
        session.end()
        self.one_with(accepted)

    @staticmethod
    def ask_all(session: Long, mailbox: Mailbox) -> list[bytes]:
        """RECIPIENTS of one mailbox, all different."""
        user, _, domain = mailbox.address.partition("@")
        lines = [f"RCPT TO:<{user}+{number:05}@{domain}>\r\n"
                 for number in range(RECIPIENTS)]
        codes = []
        for at in range(0, RECIPIENTS, AT_ONCE):
            session.wire.send("".join(lines[at:at + AT_ONCE]).encode())
            codes += [session.wire.line()[:9] for _ in range(AT_ONCE)]
        return codes

    def one_with(self, recipients: int) -> None:
        """Collect the one message; it names all of them."""
        session = Long(self.instance, "pop3-serve")
        pop3 = Pop3(session.wire, self.instance.context)
        pop3.login(self.mailbox.id, self.mailbox.password)
        content = pop3.retr(max(pop3.list()))
        equal(content.count(b"\nX-Envelope-To:"), recipients, "recipients")
        check(content.endswith(b"Subject: many\r\n\r\nbody\r\n"), "cut")
        pop3.quit()
        session.end()


def cases(place: Place, report: Report, _args: Namespace) -> Iterator[Case]:
    """Recipients first: the collector needs a message."""
    sessions = Sessions(place, report)
    for accepted in (100, RECIPIENTS):
        yield (f"many-recipients-{accepted}",
               functools.partial(sessions.recipients, accepted))
    for name in SMTP_COMMANDS:
        yield (f"many-smtp-{name}",
               functools.partial(sessions.smtp_commands, name))
    for name in POP3_COMMANDS:
        yield (f"many-pop3-{name}",
               functools.partial(sessions.pop3_commands, name))
    yield "many-one-by-one", sessions.one_by_one
    yield "many-unknown", sessions.unknown


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
