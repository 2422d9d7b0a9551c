# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers with somebody between them and the proxy, who adds octets in
clear before TLS begins, so that they be taken for what came under it.

Started on the other host as stub_servers is. Each way of injecting has a port
for SMTP and one for POP3. LOG gets a line for each command heard: its port,
"clear" or "tls", its first word.
"""

import sys
from dataclasses import dataclass

from .stub_servers import (Peer, listen, serve_until_stdin_ends,
                           tls_server_context)


@dataclass(frozen=True)
class Tongue:
    """One protocol, as far as a login needs it."""

    ports: int  # the first of them
    greeting: bytes
    asks: bytes
    offers_tls: bytes
    offers_login: bytes
    offers_both: bytes
    offers_nothing: bytes
    starts: bytes
    go_ahead: bytes
    fine: bytes


SMTP = Tongue(4600, b"220 stub\r\n", b"EHLO", b"250-stub\r\n250 STARTTLS\r\n",
              b"250-stub\r\n250 AUTH PLAIN\r\n",
              b"250-stub\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
              b"250 stub\r\n", b"STARTTLS", b"220 go\r\n", b"235 yes\r\n")
POP3 = Tongue(4700, b"+OK stub\r\n", b"CAPA", b"+OK\r\nSTLS\r\n.\r\n",
              b"+OK\r\nUSER\r\nUIDL\r\n.\r\n",
              b"+OK\r\nSTLS\r\nSASL PLAIN\r\nUIDL\r\n.\r\n",
              b"+OK\r\nSASL GSSAPI\r\n.\r\n", b"STLS", b"+OK go\r\n",
              b"+OK yes\r\n")

# What follows the offer in clear, and what follows the go-ahead.
WAYS = {
    "nothing": lambda t: (b"", b""),
    "behind": lambda t: (b"", t.offers_login),
    "unfinished": lambda t: (b"", t.offers_login[:6]),
    "answered-early": lambda t: (t.go_ahead, b""),
    "all-early": lambda t: (t.go_ahead + t.offers_login, b""),
    "promised-in-clear": lambda t: (b"", b""),
}


def port_of(tongue: Tongue, way: str) -> int:
    """Where this is done."""
    return tongue.ports + list(WAYS).index(way)


def serve(peer: Peer, tongue: Tongue, way: str, log) -> None:
    """One connection."""
    early, behind = WAYS[way](tongue)
    promised = way == "promised-in-clear"
    in_clear = tongue.offers_both if promised else tongue.offers_tls
    under_tls = tongue.offers_nothing if promised else tongue.offers_login
    peer.sock.sendall(tongue.greeting)
    while line := peer.hear():
        word = line.split()[0].upper()
        log.write(b"%d %s %s\n" % (port_of(tongue, way), b"tls" if peer.secure
                                   else b"clear", word))
        if word == tongue.asks:
            peer.sock.sendall(under_tls if peer.secure else in_clear + early)
        elif word == tongue.starts:
            peer.sock.sendall(tongue.go_ahead + behind)
            peer.start_tls()
        else:
            peer.sock.sendall(tongue.fine)


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, log_file = sys.argv[1:]
    context = tls_server_context(certificate, key)
    with open(log_file, "ab", 0) as log:
        for tongue in (SMTP, POP3):
            for way in WAYS:
                listen(address, port_of(tongue, way),
                       lambda s, t=tongue, w=way: serve(
                           Peer(s, context, False), t, w, log))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
