# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that take and have the large message of bulk.py.

Started on the other host: `-m harness.bulk_servers ADDRESS CERTIFICATE KEY LOG`.
SMTP on 4465 reads slowly and answers with the message's digest, POP3 on 4995
has it as its one message.
"""

import hashlib
import sys
import time

from .bulk import MIB, SIZE, stuffed_blocks
from .stub_servers import (Peer, listen, serve_until_stdin_ends, smtp,
                           tls_server_context)

REST_SECONDS = 1.0  # what a slow reader takes off behind the first MiB


def slow_digest(peer: Peer) -> bytes:
    """Read a message, with a rest; its digest."""
    sha, octets, rested = hashlib.sha256(), 0, False
    while (line := peer.hear()) != b".\r\n":
        if not line:
            raise ConnectionError("the client left in the middle")
        sha.update(line[1:] if line.startswith(b".") else line)
        octets += len(line)
        if octets > MIB and not rested:
            time.sleep(REST_SECONDS)
            rested = True
    return sha.hexdigest().encode()


def pop3(peer: Peer) -> None:
    """The few commands that one message takes."""
    replies = {b"CAPA": [b"+OK", b"USER", b"TOP", b"UIDL", b"."],
               b"UIDL": [b"+OK", b"1 large", b"."],
               b"LIST": [b"+OK", b"1 %d" % SIZE, b"."],
               b"LIST 1": [b"+OK 1 %d" % SIZE]}
    peer.say(b"+OK bulk")
    while line := peer.hear():
        word = line.split()[0].upper()
        if word == b"RETR":
            peer.say(b"+OK")
            for block in stuffed_blocks():
                peer.sock.sendall(block)
            peer.say(b".")
        else:
            peer.say(*replies.get(line.strip().upper(), [b"+OK"]))


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, log_file = sys.argv[1:]
    context = tls_server_context(certificate, key)
    with open(log_file, "ab", 0) as log:
        listen(address, 4465, lambda s: smtp(
            Peer(s, context, True), log, read=slow_digest,
            judge=lambda digest: b"250 " + digest))
        listen(address, 4995, lambda s: pop3(Peer(s, context, True)))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
