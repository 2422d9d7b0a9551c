# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind the real servers on the other host.

Started there: `python3 -m harness.upstream_sink FOLDER`. On 127.0.0.1:2525 an
SMTP server that takes everything but a recipient with "nobody" in it, and
writes each message to FOLDER/<number>.json; on 127.0.0.1:8080 the endpoint that
says whose token one is. Prints "ready"; ends with its stdin.
"""

import http.server
import itertools
import json
import sys
import threading
import urllib.parse
from pathlib import Path

from .lineends import unstuffed
from .stub_servers import Peer, data, listen

SMTP_PORT, HTTP_PORT = 2525, 8080
TOKENS = {"token-of-joe": "joe@provider.test"}


class Sink:
    """Takes messages and writes them down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    def keep(self, mail: str, recipients: list[str], content: bytes) -> None:
        """One message; it is there at once or not at all."""
        path = self.folder / f"{next(self.numbers):04}.json"
        path.with_suffix(".part").write_text(json.dumps(
            {"mail": mail, "recipients": recipients,
             "content": content.decode("latin-1")}))
        path.with_suffix(".part").rename(path)

    def serve(self, peer: Peer) -> None:
        """One session."""
        mail, recipients = "", []
        peer.say(b"220 sink ESMTP")
        while line := peer.hear():
            word = line.split()[0].upper()
            if word == b"EHLO":
                peer.say(b"250-sink", b"250-PIPELINING", b"250-8BITMIME",
                         b"250-SMTPUTF8", b"250-ENHANCEDSTATUSCODES",
                         b"250 DSN")
            elif word == b"RCPT" and b"nobody" in line:
                peer.say(b"550 5.1.1 nobody of that name")
            elif word == b"RCPT":
                recipients.append(line[8:].strip().decode())
                peer.say(b"250 2.1.5 ok")
            elif word == b"DATA":
                peer.say(b"354 go")
                self.keep(mail, recipients,
                          unstuffed(data(peer).removesuffix(b".\r\n")))
                peer.say(b"250 2.0.0 kept")
            elif word == b"QUIT":
                peer.say(b"221 2.0.0 bye")
                return
            else:
                peer.say(b"250 2.0.0 ok")
            if word in (b"MAIL", b"RSET"):
                mail, recipients = line[10:].strip().decode(), []


class Introspection(http.server.BaseHTTPRequestHandler):
    """RFC 7662, as little of it as there can be."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        """Whose token is it?"""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token = urllib.parse.parse_qs(form).get("token", [""])[0]
        user = TOKENS.get(token)
        text = json.dumps({"active": user is not None, "user": user}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:  # pylint: disable=W0221
        """Says nothing."""


def main() -> None:
    """Listen until stdin ends."""
    sink = Sink(Path(sys.argv[1]))
    listen("127.0.0.1", SMTP_PORT, lambda s: sink.serve(Peer(s, None, False)))
    web = http.server.ThreadingHTTPServer(("127.0.0.1", HTTP_PORT),
                                          Introspection)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
