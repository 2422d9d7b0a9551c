#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the log goes. Under systemd it is stderr, with priorities; under
xinetd, where fd 2 is the connection, it is syslog and nothing of it may reach
the peer. One line a session, with the keys that others rely on, and never a
password.
"""

import functools
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.mounts import private_syslog
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import SocketActivate, Xinetd
from harness.wire import Vanished, Wire

KEYS = ("peer", "tls", "mailbox", "messages", "octets", "outcome", "seconds")
FACILITY_MAIL = 2


def sessions_of(text: str) -> list[dict[str, str]]:
    """The lines that sum up a session, as key and value."""
    lines = [line for line in text.splitlines() if " outcome=" in line]
    return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines]


class Story:
    """The same sessions, whoever listens: kept, auth-failed, collected."""

    def __init__(self, instance: Instance, smtp_port: int,
                 pop3_port: int) -> None:
        self.instance = instance
        self.mailbox = instance.create_mailbox("log")
        self.ports = smtp_port, pop3_port

    def tell(self) -> None:
        """Deliver, fail to log in, collect, and read to the very end."""
        content = b"Subject: log\r\n\r\n" + b"x" * 1000 + b"\r\n"
        smtp = self.instance.smtp(self.ports[0])
        smtp.deliver(self.mailbox.address, content).want(250)
        smtp.command("QUIT").want(221)
        nothing_more(smtp.wire)
        pop3 = Pop3(Wire.connect(self.ports[1]), self.instance.context)
        try:
            pop3.login(self.mailbox.id, "no-such-password")
            check(False, "a wrong password was accepted")
        except Refused:
            pop3.command("QUIT")
        nothing_more(pop3.wire)
        equal(len(self.instance.collect(self.ports[1], self.mailbox)), 1,
              "messages collected")

    def judge(self, text: str) -> None:
        """The log of it."""
        check(self.mailbox.password not in text and
              "no-such-password" not in text, "a password is in the log")
        sessions = sessions_of(text)
        equal([s["outcome"] for s in sessions],
              ["kept", "auth-failed", "collected"], "outcomes")
        for session in sessions:
            missing = [key for key in KEYS if key not in session
                       and key != "mailbox"]
            check(not missing, f"{missing} not in {session}")
            equal(session["peer"], "127.0.0.1", "peer")
            check(session["tls"].startswith("TLS1."), f"tls={session['tls']}")
        for session in (sessions[0], sessions[2]):
            equal(session["mailbox"], self.mailbox.id, "mailbox")
            equal(session["messages"], "1", "messages")
            check(int(session["octets"]) > 1000, "octets")


def nothing_more(wire: Wire) -> None:
    """Behind the last answer nothing comes but the end."""
    try:
        wire.fill()
    except Vanished:
        pass
    equal(bytes(wire.held), b"", "behind the last answer")


def under_systemd(instance: Instance) -> None:
    """Stderr, each line with its priority."""
    with SocketActivate(instance, "smtp-journal", "--tls=starttls") as smtp, \
            SocketActivate(instance, "pop3-serve", "--tls=starttls") as pop3:
        story = Story(instance, smtp.port, pop3.port)
        story.tell()
        smtp.idle()
        pop3.idle()
        text = smtp.log_text() + pop3.log_text()
    ours = [line for line in text.splitlines()
            if "smtp-journal: " in line or "pop3-serve: " in line]
    check(all(re.match(r"<[0-7]>(smtp-journal|pop3-serve): ", line)
              for line in ours), f"no priority: {ours}")
    story.judge(text)


def under_xinetd(place: Place, instance: Instance) -> None:
    """Syslog, facility mail."""
    require_private_mounts()
    log = private_syslog(place)
    services = [("smtp-journal", "--tls=starttls"),
                ("pop3-serve", "--tls=starttls")]
    with Xinetd(instance, services) as server:
        story = Story(instance, *server.ports)
        story.tell()
        server.idle()
    log.setblocking(False)
    lines = list(iter(functools.partial(receive, log), ""))
    ours = [line for line in lines if re.search(
        r"(smtp-journal|pop3-serve)(\[\d+\])?: ", line)]
    check(ours, f"nothing of ours in syslog: {lines[:3]}")
    for line in ours:
        priority = re.match(r"<(\d+)>", line)
        check(priority and int(priority[1]) >> 3 == FACILITY_MAIL,
              f"not facility mail: {line}")
    story.judge("\n".join(ours))


def receive(log: socket.socket) -> str:
    """The next line of syslog, or nothing."""
    try:
        return log.recv(8192).decode("utf-8", "replace")
    except BlockingIOError:
        return ""


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Both ways to be started."""
    instance = Instance(place)
    run: list[tuple[str, Callable[[], None]]] = [
        ("log-systemd", lambda: under_systemd(instance)),
        ("log-xinetd", lambda: under_xinetd(place, instance))]
    yield from run


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
