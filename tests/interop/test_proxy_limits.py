#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the proxies wait for whom, and what the other side is told then: a
server that cannot be reached, one that never ends a login, one that falls
silent, one that refuses a message in its midst and reads no further, a client
that falls silent; and wrong logins, slowed for an address and a server. In each
case one limit is short, and all others are further away than a busy machine is slow.
"""

import contextlib
import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance
from harness.nets import SILENT, THEIRS, OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.proxied import Proxied
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script

LIMIT = 2.0
FAR = 60.0  # the other limits
SLACK = 40.0  # what a busy machine may add
SLOWED = 8.0  # what a seventh wrong login waits for
ALSO = "10.77.0.3"  # another address of the server, where nobody listens


@contextlib.contextmanager
def takes(at_least: float, at_most: float, what: str) -> Iterator[None]:
    """What is done within takes so long."""
    begun = time.monotonic()
    yield
    took = time.monotonic() - begun
    check(at_least - 0.1 <= took <= at_most,
          f"{what} took {took:.2f} s, not {at_least:g} to {at_most:g}")


def refused_pop3(side: Proxied, user: str) -> str:
    """What a login that must fail is told."""
    try:
        side.pop3(user)
    except Refused as why:
        return str(why)
    raise Failure(f"{user} was let in")


def login_fails_in_time(side: Proxied, name: str, host: str,
                        word: str) -> None:
    """Both protocols: told in words, by a code that means try again."""
    smtp, handler = side.smtp()
    with takes(LIMIT, LIMIT + SLACK, "the SMTP login"):
        reply = smtp.auth_plain(side.user(4465, name, host)).want(454)
    check(host in str(reply) and word in str(reply), f"told: {reply}")
    smtp.quit()
    equal(handler.wait(FAR), 0, "exit status")
    with takes(LIMIT, LIMIT + SLACK, "the POP3 login"):
        told = refused_pop3(side, side.user(4995, name, host))
    check("[SYS/TEMP]" in told and host in told and word in told,
          f"told: {told}")


def unreachable(side: Proxied) -> None:
    """connect-timeout: packets to the server are lost."""
    login_fails_in_time(side, "joe", SILENT, "timed out")


def slow_login(side: Proxied) -> None:
    """login-timeout: the server never answers the credential."""
    login_fails_in_time(side, "slow", THEIRS, "in time")


def silent_client(side: Proxied, other: OtherHost) -> None:
    """idle-timeout: the client is told, and so is the server."""
    smtp, handler = side.smtp()
    with takes(LIMIT, LIMIT + SLACK, "silence"):
        smtp.auth_plain(side.user(4465)).want(235)
        smtp.reply().want(421)
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(FAR), 0, "exit status")
    check(side.log.read_bytes().endswith(b"C QUIT\r\n"),
          "the server was not told")
    with takes(LIMIT, LIMIT + SLACK, "silence"):
        pop3, handler = side.pop3(side.user(4995))
        ended_by_proxy(pop3)
    equal(handler.wait(FAR), 0, "exit status")
    until(lambda: not connected(other, 4995), FAR, "the server is left")


def ended_by_proxy(pop3: Pop3) -> None:
    """RFC 1939 3: closed, and not a message deleted."""
    check(pop3.wire.at_end(), "the client was told something")


def connected(other: OtherHost, port: int) -> bool:
    """Has anybody a connection to that port over there?"""
    table = subprocess.run([*other.enter, "cat", "/proc/net/tcp"], check=True,
                           text=True, stdout=subprocess.PIPE).stdout
    rows = (row.split() for row in table.splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] in ("01", "08")
               for row in rows)


def silent_stranger(side: Proxied) -> None:
    """The same before a login."""
    with takes(LIMIT, LIMIT + SLACK, "silence"):
        smtp, handler = side.smtp()
        smtp.reply().want(421)
    equal(handler.wait(FAR), 0, "exit status")


def silent_server(side: Proxied) -> None:
    """command-timeout: the client is told that the server fell silent."""
    smtp, handler = side.smtp()
    smtp.auth_plain(side.user(4465)).want(235)
    with takes(LIMIT, LIMIT + SLACK, "MAIL"):
        reply = smtp.command("MAIL FROM:<mute@sender.example>").want(421)
    check(THEIRS in str(reply), f"told: {reply}")
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(FAR), 0, "exit status")
    pop3, handler = side.pop3(side.user(4995, "mute"))
    try:
        with takes(LIMIT, LIMIT + SLACK, "STAT"):
            pop3.command("STAT")
    except Refused as why:
        check("[SYS/TEMP]" in str(why) and THEIRS in str(why), f"told: {why}")
    check(pop3.wire.at_end(), "the connection goes on")
    equal(handler.wait(FAR), 0, "exit status")


def enough(side: Proxied) -> None:
    """A refusal in the midst, by a server that takes not an octet more: the
    client is told it, long before data-timeout, and nothing is kept.
    """
    smtp, handler = side.smtp()
    smtp.auth_plain(side.user(4465)).want(235)
    with takes(0, 60, "the message"):
        reply = smtp.deliver("to@receiver.example", b"Subject: enough\r\n\r\n" +
                             (b"x" * 998 + b"\r\n") * 20_000).want(552)
    check("that is" in str(reply) and "enough" in str(reply), f"told: {reply}")
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(FAR), 0, "exit status")
    equal(side.kept(), [], "kept")


def attempt(side: Proxied, name: str = "wrong", host: str = THEIRS,
            source: str = "") -> int:
    """One login; the code of the reply."""
    smtp, handler = side.smtp(source)
    code = smtp.auth_plain(side.user(4465, name, host)).code
    smtp.quit()
    handler.wait(FAR)
    return code


def guessing_is_slowed(side: Proxied) -> None:
    """Three are free; then each waits twice as long, but nobody else, nor
    elsewhere. What is free is told from what waits by the SLOWED seconds.
    """
    equal([attempt(side) for _ in range(3)], [535] * 3, "replies")
    with takes(1 + 2 + 4, FAR, "the next three wrong logins"):
        equal([attempt(side) for _ in range(3)], [535] * 3, "replies")
    with takes(0, SLOWED, "a login from another address"):
        equal(attempt(side, "joe", source="127.0.0.2"), 235, "reply")
    with takes(0, SLOWED, "a login to another server"):
        equal(attempt(side, "joe", ALSO), 454, "reply")
    with takes(SLOWED, SLOWED + SLACK, "the right login"):
        equal(attempt(side, "joe"), 235, "reply")
    with takes(0, SLOWED, "a wrong login after it"):
        equal(attempt(side), 535, "reply")


def limited(case: Callable[[Proxied], None], side: Proxied,
            section: str = "proxy", key: str = "") -> None:
    """It, with this limit alone near; or every one, and none so near that what
    goes well could meet it.
    """
    far = {"proxy": {"connect-timeout": FAR, "login-timeout": FAR,
                     "idle-timeout": FAR}, "limits": {"command-timeout": FAR}}
    side.instance.configure(**{
        name: {each: int(LIMIT if (name, each) == (section, key) else
                         FAR / 4 if key == "every" else seconds)
               for each, seconds in limits.items()}
        for name, limits in far.items()})
    case(side)


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each with a limit of its own."""
    with OtherHost() as other:
        other.also(ALSO)
        side = Proxied(Instance(place), other)
        for host in (SILENT, ALSO):
            side.allow(f"{host}:4465,tls=implicit")
        side.allow(f"{SILENT}:4995,tls=implicit")
        for case, *near in (
                (unreachable, "proxy", "connect-timeout"),
                (slow_login, "proxy", "login-timeout"),
                (silent_stranger, "proxy", "idle-timeout"),
                (silent_server, "limits", "command-timeout"),
                (enough, "", "every"),
                (guessing_is_slowed,),
                (functools.partial(silent_client, other=other), "proxy",
                 "idle-timeout")):
            name = getattr(case, "func", case).__name__.replace("_", "-")
            yield (f"proxy-limit-{name}",
                   functools.partial(limited, case, side, *near))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
