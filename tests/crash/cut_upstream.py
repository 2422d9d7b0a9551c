# SPDX-License-Identifier: GPL-3.0-or-later
"""The real servers behind the proxies whose machine loses power, on the other
host: `-m cut_upstream ADDRESS CERTIFICATE KEY JOURNAL`. As storm_upstream, but
each message that came whole is marked in the journal before a word is said of
it, and what becomes of it is said by its subject.
"""

import os
import sys
from pathlib import Path

from harness.lineends import unstuffed
from harness.shadow import Journal
from harness.stub_servers import (Peer, judged, listen, pop3,
                                  serve_until_stdin_ends, smtp,
                                  tls_server_context)
from storm_ledger import recognise
from storm_upstream import maildrop


def judge(content: bytes, journal: Journal) -> bytes:
    """Write down what upstream keeps."""
    number = recognise(unstuffed(content.removesuffix(b".\r\n")))
    if number is None:
        return b"554 5.6.0 damaged"
    reply = judged(content)
    if reply.startswith(b"250"):
        journal.mark(f"kept {number}")
    return reply


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, file = sys.argv[1:]
    context = tls_server_context(certificate, key)
    journal = Journal(Path(file))
    with open(os.devnull, "wb") as log:
        listen(address, 4465, lambda s: smtp(
            Peer(s, context, True), log, judge=lambda c: judge(c, journal)))
        listen(address, 4995, lambda s: pop3(Peer(s, context, True), maildrop))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
