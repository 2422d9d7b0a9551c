#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bad input gets, from real processes: an answer of the right class, and
nothing lost. Over-long lines, mailboxes that are not there or suspended,
commands in the wrong order, too large a message, bare LF and CR, the known
smuggling sequences, input behind STARTTLS and DATA, credentials before TLS,
wrong passwords.
"""

import functools
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import DOMAIN, Instance
from harness.lineends import as_data, split_trace, unstuffed
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, Xinetd
from harness.smtp import Smtp
from harness.wire import Vanished, Wire

MIB = 1 << 20
MAX_SIZE = 2 * MIB
UNKNOWN = f"mbx-{0:032x}"

# From the SMTP smuggling papers: what one server takes for the end of a
# message and another does not.
SMUGGLING = [b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n",
             b"\r.\r\n", b"\r\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n",
             b"\r\r\n.\r\r\n"]


class BadInput:
    """The cases, all against the same instance under xinetd."""

    def __init__(self, instance: Instance, servers: Xinetd) -> None:
        self.instance = instance
        self.smtp_port, self.pop3_port = servers.ports
        self.idle = servers.idle
        self.mailbox = instance.create_mailbox("bad input")

    def case(self, name: str, run: Callable[[], None]) -> None:
        """Run a case with a mailbox of its own."""
        self.mailbox = self.instance.create_mailbox(name)
        run()

    def smtp(self) -> Smtp:
        """A client behind STARTTLS."""
        return self.instance.smtp(self.smtp_port)

    def plain_smtp(self) -> Smtp:
        """A client before STARTTLS."""
        smtp = Smtp(Wire.connect(self.smtp_port))
        smtp.ehlo()
        return smtp

    def send(self, content: bytes) -> None:
        """Deliver one message in a session of its own."""
        smtp = self.smtp()
        smtp.deliver(self.mailbox.address, content).want(250)
        smtp.quit()

    def pop3(self) -> Pop3:
        """A client that has not logged in."""
        return Pop3(Wire.connect(self.pop3_port), self.instance.context)

    def collected(self, count: int) -> list[bytes]:
        """What lies in the mailbox; so many it must be."""
        messages = self.instance.collect(self.pop3_port, self.mailbox)
        equal(len(messages), count, "messages in the mailbox")
        return messages

    # --- lines and order --------------------------------------------------

    def long_command(self) -> None:
        """A command line that never ends is refused; the session goes on."""
        smtp = self.smtp()
        for length in (3000, 100_000):
            reply = smtp.command(b"NOOP " + b"x" * length)
            check(500 <= reply.code < 600, f"long line: {reply}")
        smtp.command("NOOP").want(250)
        smtp.deliver(self.mailbox.address, b"Subject: after\r\n\r\n").want(250)
        smtp.quit()
        self.collected(1)
        pop3 = self.pop3()
        expect_refusal(pop3, "NOOP " + "x" * 100_000)
        pop3.login(self.mailbox.id, self.mailbox.password)
        pop3.quit()

    def long_text(self) -> None:
        """A text line of any length is kept as it is."""
        content = b"Subject: long\r\n\r\n" + b"x" * (1 << 20) + b"\r\n"
        self.send(content)
        split_trace(self.collected(1)[0], content)

    def nul_in_command(self) -> None:
        """NUL in a command is refused."""
        smtp = self.smtp()
        reply = smtp.command(b"MAIL FROM:<a\0b@sender.example>")
        check(500 <= reply.code < 600, f"NUL: {reply}")
        smtp.command("NOOP").want(250)
        smtp.quit()

    def wrong_order(self) -> None:
        """Each command where it may not be: 503, and nothing is broken."""
        smtp = self.smtp()
        rcpt = f"RCPT TO:<{self.mailbox.address}>"
        smtp.command(rcpt).want(503)
        smtp.command("DATA").want(503)
        smtp.command("MAIL FROM:<a@sender.example>").want(250)
        smtp.command("DATA").want(503, 554)
        smtp.command("MAIL FROM:<b@sender.example>").want(503)
        smtp.command(rcpt).want(250)
        smtp.command("STARTTLS").want(503)
        smtp.data(b"Subject: order\r\n\r\n").want(250)
        smtp.command("DATA").want(503)
        smtp.command("FROBNICATE now").want(500)
        smtp.command("MAIL FROM:<a@sender.example>").want(250)
        smtp.command("RSET").want(250)
        smtp.command(rcpt).want(503)
        smtp.quit()
        self.collected(1)
        pop3 = self.pop3()
        for command in ("STAT", "LIST", "RETR 1", "DELE 1", "STLS", "PASS x",
                        "FROBNICATE"):
            expect_refusal(pop3, command)
        pop3.login(self.mailbox.id, self.mailbox.password)
        for command in ("USER x", "STLS", "RETR 1", "DELE 0", "TOP 1",
                        "RETR 99999999999999999999", "LIST -1"):
            expect_refusal(pop3, command)
        pop3.quit()

    def too_many_faults(self) -> None:
        """Nonsense without end is cut off."""
        smtp = self.smtp()
        try:
            for _ in range(100):
                smtp.command("NONSENSE").want(500, 421)
        except Vanished:
            return
        check(False, "100 faults, and the session goes on")

    # --- mailboxes --------------------------------------------------------

    def unknown_mailbox(self) -> None:
        """550 for what is truly not there, at any domain."""
        smtp = self.smtp()
        smtp.command("MAIL FROM:<>").want(250)
        for address in (f"{UNKNOWN}@{DOMAIN}", f"nobody@{DOMAIN}",
                        "postmaster", f"../../etc@{DOMAIN}", f"mbx-@{DOMAIN}"):
            reply = smtp.command(f"RCPT TO:<{address}>")
            check(reply.code == 550, f"{address}: {reply}")
        known = self.mailbox.id.upper()
        smtp.command(f"RCPT TO:<{known}+tag@elsewhere.example>").want(250)
        smtp.data(b"Subject: known\r\n\r\n").want(250)
        smtp.quit()
        self.collected(1)

    def suspended_mailbox(self) -> None:
        """450 while suspended, collecting goes on, 250 when active again."""
        content = b"Subject: s\r\n\r\n"
        self.send(content)
        self.instance.restante("mailbox", "suspend", self.mailbox.id)
        smtp = self.smtp()
        reply = smtp.envelope(self.mailbox.address).want(450)
        check(reply.lines[0].startswith("4.2.1"), f"not 4.2.1: {reply}")
        smtp.quit()
        self.collected(1)
        self.instance.restante("mailbox", "activate", self.mailbox.id)
        self.send(content)
        self.collected(1)

    # --- size -------------------------------------------------------------

    def too_large(self) -> None:
        """552: at once where SIZE says so, else behind the message."""
        smtp = self.smtp()
        equal(smtp.extensions.get("SIZE"), str(MAX_SIZE), "SIZE")
        smtp.command(f"MAIL FROM:<a@b.example> SIZE={MAX_SIZE + 1}").want(552)
        smtp.command("MAIL FROM:<a@b.example> SIZE=99999999999999999999") \
            .want(552, 501)
        smtp.command(f"MAIL FROM:<a@b.example> SIZE={MAX_SIZE}").want(250)
        smtp.command("RSET").want(250)
        content = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 28000
        check(len(content) > MAX_SIZE, "the message is not large")
        smtp.envelope(self.mailbox.address).want(250)
        smtp.data(content).want(552)
        smtp.envelope(self.mailbox.address).want(250)
        smtp.bdat(content, 100_000).want(552)
        smtp.command("RSET").want(250)
        smtp.deliver(self.mailbox.address, b"Subject: ok\r\n\r\n").want(250)
        smtp.quit()
        self.collected(1)
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")

    # --- line ends and smuggling ------------------------------------------

    def bare_line_ends(self) -> None:
        """Bare LF and CR become what the rule says, by DATA and BDAT."""
        contents = [b"Subject: bare\n\nline\n.\nline\rcr\r\r\nend",
                    b"\rSubject: x\n\r\n\r\r\r\nq\r", b"\n", b"\r",
                    b"no header here", b"From someone\nSubject: mbox\n\nx\n",
                    b" leading space\r\n", b"\r\nonly a body\r\n", b""]
        smtp = self.smtp()
        for content in contents:
            smtp.deliver(self.mailbox.address, content).want(250)
            smtp.envelope(self.mailbox.address).want(250)
            smtp.bdat(content, 1).want(250)
        smtp.quit()
        messages = self.collected(2 * len(contents))
        for number, content in enumerate(contents):
            split_trace(messages[2 * number], as_data(content))
            split_trace(messages[2 * number + 1], content)

    def smuggling(self, sequence: bytes) -> None:
        """It ends nothing: one message comes, with all of it inside."""
        inner = (f"MAIL FROM:<smuggler@evil.example>\r\nRCPT TO:"
                 f"<{self.mailbox.address}>\r\nDATA\r\nSubject: smuggled\r\n"
                 "\r\nsmuggled\r\n").encode()
        raw = b"Subject: outer\r\n\r\nfirst" + sequence + inner
        smtp = self.smtp()
        smtp.envelope(self.mailbox.address).want(250)
        smtp.command("DATA").want(354)
        smtp.wire.send(raw + b".\r\n")
        smtp.reply().want(250)
        smtp.command("NOOP").want(250)
        smtp.quit()
        pop3 = self.pop3()
        pop3.login(self.mailbox.id, self.mailbox.password)
        equal(len(pop3.list()), 1, "messages")
        pop3.command("RETR 1")
        wire = pop3.wire.block()
        check(not re.search(rb"(?<!\r)\n|\r(?!\n)", wire),
              "a bare LF or CR comes out over POP3")
        check(b"\n.\r\n" not in wire, "a line with a lone dot comes out")
        split_trace(unstuffed(wire), unstuffed(raw))
        pop3.dele(1)
        pop3.quit()

    def behind_starttls(self) -> None:
        """Commands injected behind STARTTLS or STLS are never obeyed."""
        wire = Wire.connect(self.smtp_port)
        smtp = Smtp(wire)
        smtp.ehlo()
        wire.send(b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<x@evil>\r\n")
        refused_and_closed(wire, b"220")
        wire = Wire.connect(self.pop3_port)
        Pop3(wire)
        wire.send(f"STLS\r\nUSER {self.mailbox.id}\r\n".encode())
        refused_and_closed(wire, b"+OK")

    def behind_data(self) -> None:
        """Text sent before 354 is a message or nothing, never commands."""
        content = b"Subject: early\r\n\r\nearly\r\n"
        smtp = self.smtp()
        smtp.envelope(self.mailbox.address).want(250)
        codes = said_to(smtp, b"DATA\r\n" + content + b".\r\nQUIT\r\n")
        if 250 in codes:
            split_trace(self.collected(1)[0], content)
        self.idle()
        equal(self.instance.kept(self.mailbox), [], f"kept, after {codes}")
        smtp = self.smtp()
        smtp.envelope(f"{UNKNOWN}@{DOMAIN}").want(550)
        codes = said_to(smtp, b"DATA\r\nRSET\r\nMAIL FROM:<x@evil.example>"
                        b"\r\nNOOP\r\n.\r\nQUIT\r\n")
        check(250 not in codes, f"text behind DATA was obeyed: {codes}")
        self.idle()
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")

    # --- credentials ------------------------------------------------------

    def before_tls(self) -> None:
        """No mail and no credential is taken in the clear."""
        smtp = self.plain_smtp()
        reply = smtp.command("MAIL FROM:<a@sender.example>").want(450)
        check(reply.lines[0].startswith("4.7."), f"not 4.7.x: {reply}")
        reply = smtp.command("AUTH PLAIN AGEAYg==")
        check(500 <= reply.code < 600, f"AUTH: {reply}")
        check("AUTH" not in smtp.extensions, "AUTH is offered")
        smtp.quit()
        pop3 = Pop3(Wire.connect(self.pop3_port))
        offered = pop3.lines("CAPA")
        check("STLS" in offered and "USER" not in offered,
              f"before TLS: {offered}")
        check(not any(line.startswith("SASL") for line in offered),
              f"before TLS: {offered}")
        expect_refusal(pop3, f"USER {self.mailbox.id}")
        expect_refusal(pop3, f"PASS {self.mailbox.password}")
        expect_refusal(pop3, "AUTH PLAIN AGEAYg==")
        pop3.quit()

    def wrong_password(self, report: Report) -> None:
        """A wrong password and an unknown id look and last alike.

        By the clock, as far as this machine's noise lets anybody see, and by
        the CPU time that the handler used, which is not so noisy.
        """
        ids = {"wrong": self.mailbox.id, "unknown": UNKNOWN}
        clock: dict[str, list[float]] = {name: [] for name in ids}
        cpu: dict[str, list[float]] = {name: [] for name in ids}
        words: dict[str, set[str]] = {name: set() for name in ids}
        server = Spawner(self.instance, "pop3-serve", "--tls=starttls")
        for _ in range(15):
            for name, user in ids.items():
                client, process = server.open()
                pop3 = Pop3(Wire(client), self.instance.context)
                pop3.command(f"USER {user}")
                begin = time.perf_counter()
                words[name].add(refusal(pop3, "PASS not-the-password"))
                clock[name].append(time.perf_counter() - begin)
                pop3.wire.close()
                cpu[name].append(cpu_of(process))
        equal(words["wrong"], words["unknown"], "what is said")
        check(all("[AUTH]" in word for word in words["wrong"]),
              f"not [AUTH]: {words['wrong']}")
        for kind, times in (("clock", clock), ("cpu", cpu)):
            alike(report, f"wrong-password-{kind}", times)


def cpu_of(process: subprocess.Popen) -> float:
    """Wait for a process: the CPU seconds that it used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def alike(report: Report, name: str, times: dict[str, list[float]]) -> None:
    """Two kinds of measurements cannot be told apart."""
    quartiles = {kind: statistics.quantiles(t) for kind, t in times.items()}
    noise = max(high - low for low, _, high in quartiles.values())
    medians = [middle for _, middle, _ in quartiles.values()]
    said = ", ".join(f"{kind} {1000 * q[1]:.1f} ms"
                     for kind, q in quartiles.items())
    said += f", noise {1000 * noise:.1f} ms"
    report.figure(name, said)
    check(abs(medians[0] - medians[1]) < max(noise, 0.05 * max(medians)),
          f"{name}: {said}")


def said_to(smtp: Smtp, octets: bytes) -> list[int]:
    """The codes of all replies to this until the server closes."""
    codes = []
    smtp.wire.send(octets)
    try:
        while True:
            codes.append(smtp.reply().code)
    except Vanished:
        smtp.wire.close()
    return codes


def refusal(pop3: Pop3, command: str) -> str:
    """What -ERR says to a command."""
    try:
        pop3.command(command)
    except Refused as why:
        return str(why)
    raise AssertionError(f"+OK for {command[:40]}")


def expect_refusal(pop3: Pop3, command: str) -> None:
    """The command must get -ERR, and the session goes on."""
    check(refusal(pop3, command).startswith("-ERR"), command)


def refused_and_closed(wire: Wire, yes: bytes) -> None:
    """At most one answer, which is not yes, and the end."""
    try:
        while True:
            wire.fill()
    except Vanished:
        pass
    lines = bytes(wire.held).split(b"\r\n")[:-1]
    check(len(lines) <= 1 and not any(line.startswith(yes) for line in lines),
          f"input behind STARTTLS was answered with {lines}")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Every kind of bad input."""
    instance = Instance(place,
                        smtp_journal={"max-size": MAX_SIZE},
                        limits={"errors": 30, "login-delay": 0})
    services = [("smtp-journal", "--tls=starttls"),
                ("pop3-serve", "--tls=starttls")]
    with Xinetd(instance, services) as servers:
        bad = BadInput(instance, servers)
        for name in ("long_command", "long_text", "nul_in_command",
                     "wrong_order", "too_many_faults", "unknown_mailbox",
                     "suspended_mailbox", "too_large", "bare_line_ends",
                     "behind_starttls", "behind_data", "before_tls"):
            yield f"bad-{name.replace('_', '-')}", functools.partial(
                bad.case, name, getattr(bad, name))
        for sequence in SMUGGLING:
            name = f"smuggling-{sequence.hex()}"
            yield f"bad-{name}", functools.partial(
                bad.case, name, functools.partial(bad.smuggling, sequence))
        yield ("bad-wrong-password",
               functools.partial(bad.wrong_password, report))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
