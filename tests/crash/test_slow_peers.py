#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody holds a process for ever: peers that send an octet a second in
commands, in a login, in DATA and BDAT, in the handshake of TLS or in a record;
that never answer the handshake; that read an octet a second, or nothing. The
process of each is gone when the limit that the documents name for it is over.

All limits are seconds here, and all peers come at once.
"""

import dataclasses
import functools
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import load_slow as slow
from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.smtp import Smtp
from harness.wire import Wire

COMMAND, DATA, SESSION = 2, 3, 6
SLACK = 8.0  # what a busy machine may add
TIMEOUT = b"421 4.4.2 "
BIG = 6 << 20
LINE = b"x" * 70 + b"\r\n"


@dataclasses.dataclass
class Visit:
    """A slow peer at a handler, the limit that ends it, and its last words."""

    name: str
    handler: str
    peer: slow.Peer
    limit: int
    words: bytes = b""
    mode: str = "starttls"
    took: float = 0.0
    heard: bytes = b""
    status: int | None = None
    trouble: str = ""


def visits() -> list[Visit]:
    """Everybody."""
    smtp, pop3 = "smtp-journal", "pop3-serve"
    told = TIMEOUT
    found = [
        Visit("command", smtp, slow.slow_command, COMMAND, told),
        Visit("commands", smtp, slow.smtp_noops, SESSION, told),
        Visit("no-hello", smtp, slow.smtp_no_hello, COMMAND),
        Visit("slow-hello", smtp, slow.smtp_slow_hello, COMMAND),
        Visit("slow-record", smtp, slow.smtp_slow_record, COMMAND, told),
        Visit("data", smtp, slow.smtp_slow_data, DATA, told),
        Visit("bdat", smtp, slow.smtp_slow_bdat, DATA, told),
        Visit("deaf", smtp, slow.smtp_deaf, SESSION),
        Visit("no-hello", pop3, slow.pop3_no_hello, COMMAND),
        Visit("command", pop3, slow.slow_command, COMMAND),
        Visit("login", pop3, slow.pop3_slow_login, COMMAND),
        Visit("sasl", pop3, slow.pop3_slow_sasl, COMMAND),
        Visit("command-later", pop3, slow.pop3_slow_command, SESSION),
        Visit("commands", pop3, slow.pop3_noops, SESSION),
        Visit("reader", pop3, slow.pop3_slow_reader, SESSION),
    ]
    for handler in (smtp, pop3, "smtp-proxy", "pop3-proxy"):
        found += [Visit("silent", handler, slow.silent, COMMAND),
                  Visit("implicit", handler, slow.silent, COMMAND,
                        mode="implicit")]
    return found + [
        Visit("command", "smtp-proxy", slow.slow_command, COMMAND, told),
        Visit("slow-hello", "smtp-proxy", slow.smtp_slow_hello, COMMAND),
        Visit("slow-record", "smtp-proxy", slow.smtp_slow_record, COMMAND,
              told),
        Visit("commands", "smtp-proxy", slow.smtp_noops, SESSION, told),
        Visit("deaf", "smtp-proxy", slow.smtp_deaf, SESSION),
        Visit("command", "pop3-proxy", slow.slow_command, COMMAND),
        Visit("sasl", "pop3-proxy", slow.pop3_slow_sasl, COMMAND),
        Visit("login", "pop3-proxy", slow.pop3_slow_user, COMMAND),
    ]


class Waiting:
    """All of the visits, at once."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(
            place, proxy={"idle-timeout": COMMAND, "login-timeout": COMMAND},
            limits={"command-timeout": COMMAND, "data-timeout": DATA,
                    "session-max": SESSION, "minimum-rate": 1_000_000})
        self.shared = self.instance.create_mailbox("shared")
        self.visits = visits()

    def deliver_big(self, mailbox: Mailbox) -> None:
        """One that does not fit into the kernel's buffers, in its own time."""
        patient = self.instance.variant(
            "patient", limits={"command-timeout": 60, "data-timeout": 60,
                               "session-max": 60})
        spawner = Spawner(self.instance, "smtp-journal", "--tls=starttls",
                          patient)
        client, handler = spawner.open()
        smtp = Smtp(Wire(client), self.instance.context)
        smtp.deliver(mailbox.address, LINE * (BIG // len(LINE))).want(250)
        smtp.quit()
        handler.wait(300)
        spawner.close()

    def mailbox(self, visit: Visit) -> Mailbox:
        """Who logs in needs one for himself."""
        if visit.name not in ("reader", "commands", "command-later"):
            return self.shared
        mailbox = self.instance.create_mailbox(visit.name)
        if visit.name == "reader":
            self.deliver_big(mailbox)
        return mailbox

    def one(self, visit: Visit, mailbox: Mailbox) -> None:
        """From the connection to the end of the handler."""
        spawner = Spawner(self.instance, visit.handler, f"--tls={visit.mode}")
        client, handler = spawner.open()
        spawner.close()
        try:
            raw = slow.Raw(client, self.instance)
            drops = visit.peer(raw, mailbox)
            begun = time.monotonic()
            raw.drip(drops, lambda: handler.poll() is None, SESSION + SLACK)
            visit.took = time.monotonic() - begun
            visit.heard = raw.rest()
        except Exception as why:  # pylint: disable=broad-except
            visit.trouble = f"{type(why).__name__}: {why}"
        visit.status = handler.poll()
        handler.kill()
        handler.wait()
        client.close()

    def all(self) -> None:
        """Come, and stay until ended."""
        boxes = [self.mailbox(visit) for visit in self.visits]
        self.instance.place.become_user()
        threads = [threading.Thread(target=self.one, args=pair)
                   for pair in zip(self.visits, boxes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def judge(self, visit: Visit) -> None:
        """Ended at its limit, and by itself."""
        check(not visit.trouble, visit.trouble)
        self.report.note(f"{visit.handler} {visit.name}: {visit.took:.1f} s, "
                         f"{visit.heard[-60:]!r}")
        check(visit.status is not None,
              f"still there {visit.took:.1f} s later; the limit is "
              f"{visit.limit} s")
        equal(visit.status, 0, "exit status")
        check(visit.took > min(visit.limit, COMMAND) - 1.5,
              f"ended too early: {visit.took:.1f} s, {visit.heard!r}")
        check(visit.took < visit.limit + SLACK,
              f"ended after {visit.took:.1f} s, the limit is {visit.limit}")
        check(visit.words in visit.heard, f"heard {visit.heard[-200:]!r}")


def cases(place: Place, report: Report, _args: Namespace) -> Iterator[Case]:
    """All at once, then judged one by one."""
    waiting = Waiting(place, report)
    yield "slow-peers-came", waiting.all
    for visit in waiting.visits:
        yield (f"slow-{visit.name}-{visit.handler}",
               functools.partial(waiting.judge, visit))
    ended = [visit.took - visit.limit for visit in waiting.visits]
    report.figure("slow-peers-latest", f"{max(ended):.1f} s behind its limit, "
                  f"of {len(ended)}")


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
