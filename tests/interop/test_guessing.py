#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guessing a mailbox's password: every failure costs its address time, and
nobody else; nothing in the time of an answer tells an id that exists from one
that does not; and fail2ban finds the addresses in the log.

GUESSES: how many tries the statistic takes of each kind.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.alike import in_turns, require_alike
from harness.console import ADMIN, Console
from harness.instance import SHIPPED, Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, check
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.tools import tool, tool_env, tree_file
from harness.wire import Wire

GUESSES = int(os.environ.get("GUESSES", "15"))
FREE = 2  # typing errors that cost nothing
DELAY = 8  # no login takes so long by itself, on no machine
STEP = 0.25  # what a refusal takes, or a multiple of it
WRONG = "aaaa-bbbb-cccc-dddd"
ELSEWHERE = "127.0.0.2"
FILTER = Path(__file__).resolve().parents[2] / "units/fail2ban/restante.filter"


class Guesser:
    """One connection for each try."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.cpu = 0.0  # of the last handler, in seconds
        self.spawner = Spawner(instance, "pop3-serve", "--tls=starttls")

    def attempt(self, user: str, password: str,
                source: str = "") -> tuple[bool, float]:
        """Whether it was let in, and the seconds that the answer took."""
        client, handler = self.spawner.open(source)
        pop3 = Pop3(Wire(client), self.instance.context)
        pop3.command(f"USER {user}")
        began = time.monotonic()
        try:
            pop3.command(f"PASS {password}")
            entered = True
        except Refused:
            entered = False
        seconds = time.monotonic() - began
        pop3.quit()
        _, _, used = os.wait4(handler.pid, 0)
        handler.returncode = 0
        self.cpu = used.ru_utime + used.ru_stime
        return entered, seconds


def slowed(instance: Instance, mailbox: Mailbox) -> None:
    """From the third failure of an address each next try waits twice as long."""
    guesser = Guesser(instance)
    for wait in (*(0,) * (FREE + 1), 1, 2, 4):
        entered, seconds = guesser.attempt(mailbox.id, WRONG)
        check(not entered and 0.98 * wait < seconds < wait + DELAY,
              f"{entered} after {seconds:.1f} s, instead of {wait}")
    entered, seconds = guesser.attempt(mailbox.id, mailbox.password, ELSEWHERE)
    check(entered and seconds < DELAY, f"from elsewhere: {seconds:.1f} s")
    entered, seconds = guesser.attempt(mailbox.id, mailbox.password)
    check(entered and seconds > 0.98 * DELAY, f"right at last: {seconds:.1f} s")
    entered, seconds = guesser.attempt(mailbox.id, mailbox.password)
    check(entered and seconds < DELAY, f"forgiven: {seconds:.1f} s")
    guesser.spawner.close()


def alike(instance: Instance, report: Report) -> None:
    """Wrong passwords of two mailboxes, a wrong id, a name that is none."""
    instance.configure(limits={"login-delay": 0})
    guesser = Guesser(instance)
    worked: dict[str, list[float]] = {}

    def attempt(kind: str, user: str) -> float:
        entered, seconds = guesser.attempt(user, WRONG)
        check(not entered, "it was let in")
        check(seconds >= STEP, f"refused after {seconds:.3f} s")
        worked.setdefault(kind, []).append(guesser.cpu)
        return seconds

    users = {"password": instance.create_mailbox("guessed").id,
             "control": instance.create_mailbox("control").id,
             "id": "mbx-" + "0123456789abcdef" * 2, "name": "joe"}
    require_alike("guess-wrong", in_turns(
        {kind: partial(attempt, kind, user) for kind, user in users.items()},
        GUESSES), report)
    cpu = {kind: statistics.median(seconds) * 1000
           for kind, seconds in worked.items()}
    report.figure("guess-cpu-ms", ", ".join(
        f"{kind} {milliseconds:.1f}" for kind, milliseconds in cpu.items()))
    # So that the time is not a wait alone.
    check(max(cpu.values()) < 1.4 * min(cpu.values()), f"CPU: {cpu}")
    guesser.spawner.close()


def alike_at_console(place: Place, report: Report) -> None:
    """Wrong passwords of two administrators, and one who is none."""
    with Console(place, "console") as console:
        console.add_admin("berta")
        client = console.client()

        def attempt(name: str) -> float:
            console.forget_failures()
            proof = client.get("/login").hidden("proof")
            began = time.monotonic()
            page = client.post("/login", {"proof": proof, "name": name,
                                          "password": WRONG})
            seconds = time.monotonic() - began
            page.want(403)
            return seconds

        names = {"password": ADMIN, "control": "berta", "name": "carla"}
        require_alike("guess-console-wrong", in_turns(
            {kind: partial(attempt, name) for kind, name in names.items()},
            GUESSES), report)


def banned(instance: Instance, mailbox: Mailbox) -> None:
    """fail2ban's own program reads the handler's own log."""
    guesser = Guesser(instance)
    guesser.attempt(mailbox.id, WRONG, ELSEWHERE)
    guesser.attempt(mailbox.id, mailbox.password, "127.0.0.3")
    said = guesser.spawner.log_text()
    lines = [f"Nov 24 10:00:00 host pop3-serve[7]: {line[3:]}" for line in
             said.splitlines() if "peer=" in line]
    # As the unit's SyslogIdentifier= has it, and as a syslog of lighttpd's.
    for program, address, outcome in (
            ("restante-console[7]: console.cgi:", "127.0.0.4", "refused"),
            ("lighttpd[7]: <6>console.cgi:", "127.0.0.6", "refused"),
            ("restante-console[7]: console.cgi:", "127.0.0.5", "done"),
            ("restante-console[7]: console.cgi:", "127.0.0.7", "failed")):
        lines.append(f"Nov 24 10:00:00 host {program} audit action=sign-in "
                     f"admin=anna peer={address} outcome={outcome} reason=x")
    log = instance.root / "guesses.log"
    log.write_text("\n".join(lines) + "\n")
    for file in (tree_file("etc/fail2ban/filter.d/common.conf"), FILTER):
        shutil.copy(file, instance.root)
    program = tool("fail2ban-regex")
    found = subprocess.run(
        [program, "-c", str(tree_file("etc/fail2ban")), "-o", "ip", str(log),
         str(instance.root / FILTER.name)], text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=tool_env(program)).stdout
    addresses = [line for line in found.split() if line.startswith("127.")]
    check(addresses == [ELSEWHERE, "127.0.0.4", "127.0.0.6"], found[-400:])
    guesser.spawner.close()


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Delay, statistic, fail2ban."""
    instance = Instance(place, identity=SHIPPED)
    mailbox = instance.create_mailbox("guessed")
    yield "guess-slowed", lambda: slowed(instance, mailbox)
    yield "guess-alike", lambda: alike(instance, report)
    yield "guess-alike-at-console", lambda: alike_at_console(place, report)
    yield "guess-fail2ban", lambda: banned(instance, mailbox)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
