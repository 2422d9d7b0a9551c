#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that vanishes at every byte of a session, politely with FIN and
rudely with RST, in the clear, within the TLS handshake and behind it. Nothing
may be left of an unfinished message, nothing unmarked may be deleted, and
nobody may be locked out.
"""

import functools
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import SocketActivate
from harness.smtp import Smtp
from harness.wire import Wire

MESSAGE = b"Subject: cut\r\n\r\n..dot\r\nlast line\r\n"
ENDINGS = ("fin", "rst")


def vanish(wire: Wire, ending: str) -> None:
    """Go away."""
    if ending == "rst":
        wire.reset()
    else:
        wire.close()


class Cutter:
    """Plays a session up to a byte. A step is (octets, how to read on)."""

    def __init__(self, steps: Sequence[tuple[bytes, str]]) -> None:
        self.steps = steps
        self.length = sum(len(octets) for octets, _ in steps)

    def play(self, client: Smtp | Pop3, cut: int) -> None:
        """Send the first `cut` octets, reading what must be read between.

        Of the letters, r is a reply and b the block behind it.
        """
        for octets, reads in self.steps:
            client.wire.send(octets[:cut])
            cut -= len(octets)
            if cut <= 0:
                return
            for letter in reads:
                if letter == "r":
                    client.reply()
                else:
                    client.wire.block()


class Vanishing:
    """The cases, all against the same instance."""

    def __init__(self, instance: Instance, report: Report) -> None:
        self.instance = instance
        self.report = report
        self.smtp = SocketActivate(instance, "smtp-journal", "--tls=starttls")
        self.pop3 = SocketActivate(instance, "pop3-serve", "--tls=starttls")

    def stop(self) -> None:
        """End both servers."""
        self.smtp.stop()
        self.pop3.stop()

    def smtp_steps(self, mailbox: Mailbox) -> Cutter:
        """One message, pipelined as far as may be."""
        envelope = (f"MAIL FROM:<a@b.example>\r\nRCPT TO:<{mailbox.id}@x>\r\n"
                    "DATA\r\n").encode()
        return Cutter([(b"EHLO cut\r\n", "r"), (envelope, "rrr"),
                       (MESSAGE + b".\r\n", "r"), (b"QUIT\r\n", "")])

    def smtp_everywhere(self, ending: str, tls: bool) -> None:
        """Cut at every byte; behind TLS at every third."""
        mailbox = self.instance.create_mailbox(f"smtp {ending} {tls}")
        cutter = self.smtp_steps(mailbox)
        whole = cutter.length - len(b"QUIT\r\n")
        due = 0
        cuts = range(0, cutter.length + 1, 3 if tls else 1)
        for cut in cuts:
            wire = Wire.connect(self.smtp.port)
            smtp = Smtp(wire, self.instance.context if tls else None)
            cutter.play(smtp, cut)
            vanish(wire, ending)
            due += cut >= whole
        self.smtp.idle()
        kept = self.instance.kept(mailbox)
        # RST throws away what the handler has not read yet.
        fits = len(kept) == due if ending == "fin" else len(kept) <= due
        check(fits, f"{len(kept)} messages kept of {due} that were sent whole")
        equal(self.instance.unfinished(mailbox), [], "left in tmp/")
        self.report.figure(f"vanish-smtp-{ending}-{'tls' if tls else 'plain'}",
                           f"{len(cuts)} sessions, {len(kept)} kept of {due}")

    def handshake(self, ending: str) -> None:
        """Cut within the first flight of the TLS handshake."""
        hello = client_hello(self.instance.context)
        for port, command in ((self.smtp.port, b"STARTTLS\r\n"),
                              (self.pop3.port, b"STLS\r\n")):
            for cut in range(0, len(hello), 23):
                wire = Wire.connect(port)
                wire.line()
                wire.send(command)
                wire.line()
                wire.send(hello[:cut])
                vanish(wire, ending)
        self.smtp.idle()
        self.pop3.idle()

    def pop3_everywhere(self, ending: str) -> None:
        """Cut at every byte; only a whole QUIT deletes."""
        mailbox = self.instance.create_mailbox(f"pop3 {ending}")
        self.deliver(mailbox, MESSAGE)
        steps = [(f"USER {mailbox.id}\r\n".encode(), "r"),
                 (f"PASS {mailbox.password}\r\n".encode(), "r"),
                 (b"LIST\r\n", "rb"), (b"RETR 1\r\n", "rb"),
                 (b"DELE 1\r\n", "r"), (b"QUIT\r\n", "")]
        cutter = Cutter(steps)
        for cut in range(cutter.length):
            pop3 = self.connected()
            cutter.play(pop3, cut)
            vanish(pop3.wire, ending)
            # Until it is noticed the mailbox is in use, and rightly so.
            self.pop3.idle()
        equal(len(self.instance.kept(mailbox)), 1, "messages left")
        pop3 = self.connected()
        cutter.play(pop3, cutter.length)
        vanish(pop3.wire, "fin")
        self.pop3.idle()
        equal(self.instance.kept(mailbox), [], "after a whole QUIT")
        self.report.figure(f"vanish-pop3-{ending}",
                           f"{cutter.length + 1} sessions")

    def within_retr(self, ending: str) -> None:
        """Gone in the middle of a large answer; the mailbox is free soon."""
        mailbox = self.instance.create_mailbox(f"retr {ending}")
        self.deliver(mailbox, b"Subject: large\r\n\r\n" + 60000 *
                     (b"0123456789" * 7 + b"\r\n"))
        pop3 = self.instance.pop3(self.pop3.port, mailbox)
        pop3.wire.send(b"DELE 1\r\nRSET\r\nRETR 1\r\n")
        for _ in range(5):
            pop3.wire.fill()
        vanish(pop3.wire, ending)

        def free() -> bool:
            try:
                self.instance.pop3(self.pop3.port, mailbox).quit()
            except Refused as why:
                check("[IN-USE]" in str(why), str(why))
                return False
            return True
        until(free, 300, "the mailbox can be logged in to")
        equal(len(self.instance.kept(mailbox)), 1, "messages left")

    def no_errors_logged(self) -> None:
        """To the handlers all this was a peer's doing, not an error."""
        for server in (self.smtp, self.pop3):
            server.idle()
            text = server.log_text()
            check("outcome=dropped" in text, "no session was logged as dropped")
            bad = [line for line in text.splitlines()
                   if "outcome=error" in line or "core dumped" in line
                   or "SIG" in line or "signal" in line]
            check(not bad, f"{len(bad)} lines like {bad[:2]}")

    def deliver(self, mailbox: Mailbox, content: bytes) -> None:
        """Put one message into a mailbox."""
        smtp = self.instance.smtp(self.smtp.port)
        smtp.deliver(mailbox.address, content).want(250)
        smtp.quit()

    def connected(self) -> Pop3:
        """A client behind STLS, not logged in."""
        return Pop3(Wire.connect(self.pop3.port), self.instance.context)


def client_hello(context: ssl.SSLContext) -> bytes:
    """The first bytes that a client says."""
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing,
                              server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Every protocol, every ending."""
    instance = Instance(place, smtp_journal={"plaintext-from": ["127.0.0.0/8"]})
    vanishing = Vanishing(instance, report)
    try:
        for ending in ENDINGS:
            for tls in (False, True):
                yield (f"vanish-smtp-{ending}-{'tls' if tls else 'plain'}",
                       functools.partial(vanishing.smtp_everywhere, ending,
                                         tls))
            for name in ("handshake", "pop3_everywhere", "within_retr"):
                yield (f"vanish-{name.replace('_', '-')}-{ending}",
                       functools.partial(getattr(vanishing, name), ending))
        yield "vanish-log", vanishing.no_errors_logged
    finally:
        vanishing.stop()


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
