#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies between a client and a server on another host: what is passed,
what is kept, and what is refused before anything is dialled. The server is a
stub, so that it can refuse, vanish and inject on purpose.
"""

import contextlib
import functools
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness import stub_servers
from harness.deadline import until
from harness.instance import Instance
from harness.nets import THEIRS, OtherHost
from harness.place import Place
from harness.processes import memory, require_confined
from harness.proxied import Proxied
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import children
from harness.tools import tool
from harness.wire import Vanished


def send(side: Proxied, port: int, content: bytes):
    """One message to three recipients, one of whom there is not."""
    smtp, handler = side.smtp()
    check("AUTH" in smtp.extensions, "no AUTH before the login")
    smtp.auth_plain(side.user(port)).want(235)
    smtp.ehlo()
    check("AUTH" not in smtp.extensions, "AUTH after the login")
    smtp.command("MAIL FROM:<joe@sender.example> BODY=8BITMIME").want(250)
    smtp.command("RCPT TO:<to@example.org>").want(250)
    smtp.command("RCPT TO:<nobody@example.org>").want(550)
    smtp.command("RCPT TO:<bcc@example.org>").want(250)
    reply = smtp.data(content)
    with contextlib.suppress(Vanished):
        smtp.quit()
    handler.wait(300)
    return reply


def sent_is_kept(side: Proxied, port: int) -> None:
    """The server and the mailbox get the same octets; Bcc survives."""
    content = b"Subject: hello\r\nTo: to@example.org\r\n\r\n.dot\r\nbare\nend"
    wanted = b"Subject: hello\r\nTo: to@example.org\r\n\r\n.dot\r\nbare\r\n" \
        b"end\r\n"
    send(side, port, content).want(250)
    copies = side.kept()
    equal(len(copies), 1, "copies")
    check(copies[0].endswith(wanted), f"the copy is {copies[0]!r}")
    head = copies[0][:-len(wanted)]
    for text in (b"<to@example.org>", b"<bcc@example.org>", b"joe",
                 THEIRS.encode(), b"Return-Path: <joe@sender.example>"):
        check(text in head, f"{text!r} is not in the trace header")
    check(b"nobody" not in head, "a refused recipient is in it")
    passed = wanted.replace(b"\r\n.", b"\r\n..").replace(b"\r\n", b"<CRLF>")
    check(passed in side.log.read_bytes(), "the server got other octets")


def refused_is_dropped(side: Proxied) -> None:
    """What the server refuses is not kept."""
    send(side, 4465, b"Subject: refuse\r\n\r\nx\r\n").want(554)
    equal(side.names(), [], "kept")
    equal(side.instance.unfinished(side.mailbox), [], "left in tmp")


def vanished_is_unconfirmed(side: Proxied) -> None:
    """A server that never says is believed to have the message."""
    send(side, 4465, b"Subject: vanish\r\n\r\nx\r\n").want(421)
    side.instance.restante("sweep")
    equal([name[-6:] for name in side.names()], [",U.age"], "flags")
    side.kept()


def logins_are_refused(side: Proxied) -> None:
    """Told in words, and before anything is dialled where that can be."""
    before = side.log.read_bytes()
    smtp, handler = side.smtp()
    check("535" in str(smtp.auth_plain("joe")), "a user without a server")
    for user in (side.user(4465, host="127.0.0.1"),
                 side.user(4465, host="10.77.0.3"), side.user(25),
                 f"joe%{THEIRS}:4465%mbx-{'0' * 32}"):
        smtp.auth_plain(user).want(535)
    equal(side.log.read_bytes(), before, "what the server heard")
    side.instance.restante("mailbox", "target", "add", side.mailbox.id,
                           "10.77.0.1:4465,tls=implicit")
    reply = smtp.auth_plain(side.user(4465, host="10.77.0.1")).want(535)
    check("our own" in str(reply), f"an address of our own: {reply}")
    smtp.auth_plain(side.user(4465, name="wrong")).want(535)
    smtp.auth_plain(side.user(4465)).want(235)
    smtp.quit()
    handler.wait(300)
    check(b"secret" not in side.smtp_side.log.read_bytes(),
          "a password is in the log")


def suspended_is_refused(side: Proxied) -> None:
    """A suspended mailbox passes nothing, for now."""
    side.instance.restante("mailbox", "suspend", side.mailbox.id)
    smtp, _ = side.smtp()
    smtp.auth_plain(side.user(4465)).want(454)
    smtp.quit()
    side.instance.restante("mailbox", "activate", side.mailbox.id)


def injection_is_refused(side: Proxied) -> None:
    """A reply sent in clear behind STARTTLS ends the attempt."""
    smtp, _ = side.smtp()
    reply = smtp.auth_plain(side.user(4588)).want(454)
    check("in clear" in str(reply), f"told as: {reply}")
    smtp.quit()
    check(b"login" not in side.log.read_bytes().split(b"STARTTLS")[-1],
          "the credential was sent all the same")


def fetched_is_kept_once(side: Proxied) -> None:
    """RETR and a TOP of all of it; a second session keeps nothing more."""
    for wanted in (2, 0):
        pop3, handler = side.pop3(side.user(4995))
        equal(pop3.retr(1), stub_servers.MAILDROP[0], "the client's message")
        equal(pop3.top(2, 99999999), stub_servers.MAILDROP[1], "by TOP")
        pop3.top(1, 0)
        pop3.retr(1)
        pop3.quit()
        handler.wait(300)
        copies = side.kept()
        equal(len(copies), wanted, "copies")
        for copy, original in zip(copies, stub_servers.MAILDROP):
            check(copy.endswith(original), f"the copy is {copy!r}")


def report_wraps_it(side: Proxied) -> None:
    """copies = journal-report: the original stands inside untouched."""
    side.instance.restante("mailbox", "set", side.mailbox.id,
                           "copies=journal-report")
    content = b"Subject: wrapped\r\nTo: to@example.org\r\n\r\nbody\r\n"
    send(side, 4465, content).want(250)
    side.instance.restante("mailbox", "set", side.mailbox.id,
                           "copies=original")
    copy, = side.kept()
    for text in (b"X-MS-Journal-Report:", b"Sender: joe@sender.example\r\n",
                 b"\r\nTo: to@example.org\r\n", b"\r\nBcc: bcc@example.org\r\n",
                 b"Content-Type: message/rfc822\r\n"):
        check(text in copy, f"{text!r} is not in the report")
    check(b"\r\n\r\n" + content + b"\r\n--" in copy, "not untouched")


@contextlib.contextmanager
def pop3_serve_behind(side: Proxied) -> Iterator[None]:
    """It listens where pop3-proxy looks for it."""
    place, path = side.instance.place, side.instance.root / "run"
    sock = path / "pop3-serve.sock"
    sock.unlink(missing_ok=True)
    behind = subprocess.Popen(
        [tool("systemd-socket-activate"), "--accept", "--inetd", "-l",
         str(sock), place.handler("pop3-serve"), "-c",
         str(side.instance.conf), "--tls=none"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **place.as_user)
    try:
        until(sock.exists, 300, "pop3-serve's socket is there")
        yield
    finally:
        behind.terminate()
        behind.wait()


def collector_is_handed_over(side: Proxied) -> None:
    """A login without a % on the proxy's port is pop3-serve's."""
    with pop3_serve_behind(side):
        send(side, 4465, b"Subject: over\r\n\r\nx\r\n").want(250)
        pop3, handler = side.collector_by_proxy()
        equal(len(pop3.list()), 1, "messages")
        check(b"Subject: over" in pop3.retr(1), "another message")
        pop3.dele(1)
        pop3.quit()
        handler.wait(300)
        equal(side.names(), [], "left")


def long_collection_is_not_cut(side: Proxied) -> None:
    """session-max is counted anew from each message, behind the proxy too."""
    side.instance.configure(limits={"session-max": "5s"})
    with pop3_serve_behind(side):
        send(side, 4465, b"Subject: long\r\n\r\nx\r\n").want(250)
        began = time.monotonic()
        pop3, handler = side.collector_by_proxy()
        until(lambda: pop3.retr(1) and time.monotonic() - began > 7, 300,
              "the session is older than session-max")
        pop3.dele(1)
        pop3.quit()
        handler.wait(300)
    side.instance.configure(limits={"session-max": "1h"})
    equal(side.names(), [], "left")


def session_is_confined(side: Proxied) -> None:
    """The session with a server is as confined as before, its dialler too."""
    smtp, handler = side.smtp()
    smtp.auth_plain(side.user(4465)).want(235)
    for pid in (handler.pid, *children(handler.pid)):
        require_confined(pid)
    smtp.quit()
    handler.wait(300)


def holds(pid: int, secrets: list[bytes]) -> bool:
    """Is one of them in the memory of the session or of its dialler?"""
    return any(secret in memory(each) for each in (pid, *children(pid))
               for secret in secrets)


def passwords_go(side: Proxied) -> None:
    """Once it is logged in nothing of the session has the password."""
    if os.geteuid() != 0:
        raise Skip("needs root, to read another process")
    password = "Unmistakable-77-words"
    user = side.user(4465)
    sent = f"\0{user}\0{password}".encode()
    secrets = [password.encode(), b64encode(password.encode()),
               b64encode(sent)]
    smtp, handler = side.smtp()
    smtp.auth_plain(user, password).want(235)
    check(not holds(handler.pid, secrets), "smtp-proxy has it")
    check(holds(handler.pid, [side.mailbox.id.encode()]), "no test")
    smtp.quit()
    handler.wait(300)
    pop3, handler = side.pop3(side.user(4995), password)
    check(not holds(handler.pid, secrets), "pop3-proxy has it")
    check(holds(handler.pid, [side.mailbox.id.encode()]), "no test")
    pop3.quit()
    handler.wait(300)


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """All of them against one stub."""
    with OtherHost() as other:
        side = Proxied(Instance(place), other)
        for port in (4465, 4587):
            yield (f"proxy-sent-is-kept-{port}",
                   functools.partial(sent_is_kept, side, port))
        for case in (refused_is_dropped, vanished_is_unconfirmed,
                     logins_are_refused, suspended_is_refused,
                     injection_is_refused, fetched_is_kept_once,
                     report_wraps_it, collector_is_handed_over,
                     long_collection_is_not_cut, session_is_confined,
                     passwords_go):
            yield ("proxy-" + case.__name__.replace("_", "-"),
                   functools.partial(case, side))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
