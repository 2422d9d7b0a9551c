# SPDX-License-Identifier: GPL-3.0-or-later
"""The real servers behind the proxies of a storm, on the other host.

`-m storm_upstream ADDRESS CERTIFICATE KEY SINK`: SMTP on 4465, POP3 on 4995. The
number of each message that SMTP brought whole is appended to the file SINK
before a word is said of it; some are refused then, and behind some the server
vanishes. What a POP3 user finds follows from his name, see maildrop().
"""

import os
import random
import sys

from harness.lineends import unstuffed
from harness.stub_servers import (Peer, listen, pop3, serve_until_stdin_ends,
                                  smtp, tls_server_context)
from storm_ledger import compose, recognise


def user_name(first: int, count: int) -> str:
    """The user who finds the messages with these numbers."""
    return f"joe.{first}.{count}"


def message(number: int) -> bytes:
    """The one message of that number."""
    return compose(number, random.Random(number))


def maildrop(user: bytes) -> list[bytes]:
    """The messages that user_name() promised."""
    first, count = map(int, user.split(b".")[1:])
    return [message(number) for number in range(first, first + count)]


def judge(content: bytes, sink: int) -> bytes:
    """Write it down, then say what becomes of it; empty: vanish."""
    number = recognise(unstuffed(content.removesuffix(b".\r\n")))
    if number is None:
        os.write(sink, b"damaged\n")
        return b"554 5.6.0 damaged"
    refused = random.random() < 0.1
    os.write(sink, b"refused %d\n" % number if refused
             else b"accepted %d\n" % number)
    if random.random() < 0.05:
        return b""
    return b"554 5.7.1 not this" if refused else b"250 queued"


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, file = sys.argv[1:]
    context = tls_server_context(certificate, key)
    sink = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    with open(os.devnull, "wb") as log:
        listen(address, 4465, lambda s: smtp(Peer(s, context, True), log,
                                             judge=lambda c: judge(c, sink)))
        listen(address, 4995, lambda s: pop3(Peer(s, context, True), maildrop))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
