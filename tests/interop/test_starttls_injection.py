#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Octets in clear that are to be taken for what came under TLS: commands behind
STARTTLS and STLS at every handler, replies before and behind it at both
proxies. Each way is tried as a scanner does it: go on with TLS where the other
side lets one, and see whether what was injected had any effect.
"""

import contextlib
import ssl
import sys
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.injecting_servers import POP3, SMTP, WAYS, Tongue, port_of
from harness.instance import Instance
from harness.nets import THEIRS, OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.proxied import Proxied
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner
from harness.wire import Vanished, Wire

HANDLERS = {"smtp-journal": SMTP, "smtp-proxy": SMTP,
            "pop3-serve": POP3, "pop3-proxy": POP3}
# Sent in clear, sent behind the answer to it, and sent under TLS; {go} begins
# TLS and {ask} has an answer of several lines, which "x" has not.
COMMANDS = {
    "nothing": ("{go}\r\n", "", "x\r\n"),
    "one": ("{go}\r\n{ask}\r\n", "", "x\r\n"),
    "several": ("{go}\r\n{ask}\r\n{ask}\r\n{ask}\r\n", "", "x\r\n"),
    "all-at-once": ("{ask}\r\n{go}\r\n{ask}\r\n", "", "x\r\n"),
    "bare-lf": ("{go}\n{ask}\nQUIT\r\n", "", "x\r\n"),
    "bare-cr": ("{go}\r{ask}\r\nQUIT\r\n", "", "x\r\n"),
    "nul": ("{go}\0\r\n{ask}\r\nQUIT\r\n", "", "x\r\n"),
    "twice": ("{go}\r\n{go}\r\n{ask}\r\n", "", "x\r\n"),
    "first-half": ("{go}\r\n{half}", "", "{rest}\r\n"),
    "after-the-answer": ("{go}\r\n", "{ask}\r\n", "x\r\n"),
    "half-after-the-answer": ("{go}\r\n", "{half}", "{rest}\r\n"),
}
MAY_GO_ON = {"nothing"}  # so that a way that is cut off tells something


def words(tongue: Tongue, text: str) -> bytes:
    """The text with this protocol's words."""
    ask = "EHLO injected" if tongue is SMTP else "CAPA"
    return text.format(go=tongue.starts.decode(), ask=ask, half=ask[:2],
                       rest=ask[2:]).encode()


def answer_under_tls(wire: Wire, instance: Instance, tongue: Tongue,
                     way: tuple[str, str, str]) -> bytes:
    """The first line that comes under TLS; empty where there is no TLS."""
    clear, then, under_tls = (words(tongue, text) for text in way)
    wire.line()
    wire.send(clear)
    with contextlib.suppress(Vanished, ssl.SSLError):
        while not wire.line().startswith(tongue.go_ahead[:3]):
            pass
        wire.held.clear()
        wire.send(then)
        wire.upgrade(instance.context, "localhost")
        wire.send(under_tls)
        return wire.line()
    return b""


def commands(spawner: Spawner, instance: Instance, tongue: Tongue,
             name: str) -> None:
    """Nothing said in clear is obeyed under TLS."""
    client, handler = spawner.open()
    wire = Wire(client, 10)
    said = answer_under_tls(wire, instance, tongue, COMMANDS[name])
    wire.close()
    equal(handler.wait(300), 0, "exit status")
    check(said.startswith((b"5", b"-ERR")) if name in MAY_GO_ON
          else said == b"", f"answered with {said!r}")


def log_in(side: Proxied, tongue: Tongue, port: int) -> bool:
    """Does the proxy say that it has logged in?"""
    if tongue is SMTP:
        smtp, handler = side.smtp()
        said = smtp.auth_plain(side.user(port)).code
        smtp.quit()
        handler.wait(300)
        return said == 235
    client, handler = side.pop3_side.open()
    pop3 = Pop3(Wire(client), side.instance.context, implicit=True)
    plain = b64encode(f"\0{side.user(port)}\0secret".encode()).decode()
    try:
        pop3.command(f"AUTH PLAIN {plain}")
    except Refused:
        return False
    finally:
        pop3.wire.close()
        handler.wait(300)
    return True


def replies(side: Proxied, tongue: Tongue, way: str) -> None:
    """A server's words in clear never lead to a password."""
    port = port_of(tongue, way)
    side.allow(f"{THEIRS}:{port},tls=starttls")
    # docs/decisions/0150: under TLS USER and PASS are tried whatever CAPA lists
    # (RFC 2449 came after them); a mechanism promised in clear alone is not.
    by_user = tongue is POP3 and way == "promised-in-clear"
    equal(log_in(side, tongue, port), way == "nothing" or by_user, "logged in")
    heard = [line.split()[1:] for line in side.log.read_bytes().splitlines()
             if line.startswith(b"%d " % port)]
    check([b"clear", tongue.starts] in heard, f"no test: {heard}")
    in_clear = {word for how, word in heard if how == b"clear"}
    check(in_clear <= {tongue.asks, tongue.starts, b"QUIT"},
          f"said in clear: {in_clear}")
    credentials = {word for _, word in heard if word in (b"AUTH", b"USER")}
    if by_user:
        equal(credentials, {b"USER"}, "ways in that were tried")
    else:
        equal(bool(credentials), way == "nothing", "a credential was sent")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Every way at every handler, then towards the proxies."""
    with OtherHost() as other:
        instance = Instance(place)
        for handler, tongue in HANDLERS.items():
            spawner = Spawner(instance, handler, "--tls=starttls")
            for name in COMMANDS:
                yield f"injected-{handler}-{name}", partial(
                    commands, spawner, instance, tongue, name)
        side = Proxied(instance, other, "harness.injecting_servers")
        for proxy, tongue in (("smtp-proxy", SMTP), ("pop3-proxy", POP3)):
            for way in WAYS:
                yield f"injected-upstream-{proxy}-{way}", partial(
                    replies, side, tongue, way)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
