# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers as a proxy meets them, reduced to what a test must steer.

Started on the other host: `-m harness.stub_servers ADDRESS CERTIFICATE KEY
LOG`. Listens with implicit TLS on 4465 (SMTP) and 4995 (POP3), with STARTTLS on 4587,
with something injected behind STARTTLS on 4588, and prints "ready". What SMTP
clients said is appended to LOG. A user of the name "wrong" is refused; a
message with the subject "refuse" is, and "vanish" ends the connection; one with
the subject "enough" is refused in its midst, and not read any further. Users
"slow" and "mute" and the sender "mute" are never answered any more.
"""

import array
import base64
import fcntl
import socket
import ssl
import sys
import termios
import threading
import time

from .lineends import stuffed

ENOUGH = 100_000  # octets
MAILDROP = [b"Subject: one\r\n\r\nbody\r\n.a dot\r\n",
            b"Subject: two\r\n\r\n" + b"x" * 3000 + b"\r\nend\r\n"]


class Peer:
    """One connection, by lines."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None,
                 implicit: bool) -> None:
        self.sock, self.context = sock, context
        self.file = sock.makefile("rb")
        self.secure = False
        if implicit:
            self.start_tls()

    def start_tls(self) -> None:
        """Go on under TLS."""
        self.sock = self.context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.secure = True

    def say(self, *lines: bytes) -> None:
        """Send lines."""
        self.sock.sendall(b"".join(line + b"\r\n" for line in lines))

    def hear(self) -> bytes:
        """The next line, with its end; empty at the end."""
        return self.file.readline()


def keep_silent(peer: Peer) -> None:
    """Until the client has had enough."""
    while peer.hear():
        pass


def judged(content: bytes) -> bytes:
    """The reply to a message; empty where the server vanishes instead."""
    if b"Subject: vanish" in content:
        return b""
    return b"554 5.7.1 not this" if b"Subject: refuse" in content \
        else b"250 queued"


def await_full_window(sock: socket.socket) -> None:
    """Until nothing more has come in for a second."""
    lengths = list(range(20))
    while len(set(lengths)) > 1:
        time.sleep(0.05)
        waiting = array.array("i", [0])
        fcntl.ioctl(sock, termios.FIONREAD, waiting)
        lengths = [*lengths[1:], waiting[0]]


def data(peer: Peer) -> bytes:
    """A message with its last line, dot-stuffed."""
    content = bytearray()
    while content != b".\r\n" and not content.endswith(b"\r\n.\r\n"):
        line = peer.hear()
        if not line:
            raise ConnectionError("the client left in the middle")
        content += line
        if len(content) > ENOUGH and content.startswith(b"Subject: enough"):
            await_full_window(peer.sock)
            peer.say(b"552-5.3.4 that is", b"552 5.3.4 enough")
            threading.Event().wait()
    return bytes(content)


def smtp(peer: Peer, log, inject: bool = False, read=data,
         judge=judged) -> None:
    """An SMTP server that offers AUTH LOGIN under TLS alone."""
    peer.say(b"220 stub")
    while line := peer.hear():
        log.write(b"C " + line)
        word = line.split()[0].upper()
        if word == b"EHLO":
            more = [b"250-AUTH LOGIN"] if peer.secure else [b"250-STARTTLS"]
            peer.say(b"250-stub", *more, b"250 SIZE 1000000")
        elif word == b"STARTTLS":
            peer.say(b"220 go", *([b"250 injected"] if inject else []))
            peer.start_tls()
        elif word == b"AUTH":
            peer.say(b"334 VXNlcm5hbWU6")
            user = base64.b64decode(peer.hear())
            peer.say(b"334 UGFzc3dvcmQ6")
            log.write(b"login " + user + b" " +
                      base64.b64decode(peer.hear()) + b"\n")
            if user == b"slow":
                keep_silent(peer)
                return
            peer.say(b"535 5.7.8 no" if user == b"wrong" else b"235 yes")
        elif word == b"MAIL" and b"mute" in line:
            keep_silent(peer)
            return
        elif word == b"RCPT" and b"nobody" in line:
            peer.say(b"550-there is", b"550 nobody")
        elif word == b"DATA":
            peer.say(b"354 go")
            content = read(peer)
            log.write(b"DATA " + content.replace(b"\r\n", b"<CRLF>") + b"\n")
            reply = judge(content)
            if not reply:
                return
            peer.say(reply)
        elif word == b"QUIT":
            peer.say(b"221 bye")
            return
        else:
            peer.say(b"250 ok")


def two_messages(_user: bytes) -> list[bytes]:
    """What everybody finds."""
    return MAILDROP


def pop3(peer: Peer, maildrop=two_messages) -> None:
    """A POP3 server with USER alone; maildrop says what a user finds."""
    def block(text: bytes) -> None:
        peer.say(b"+OK\r\n" + text + b".")

    user, messages = b"", []
    peer.say(b"+OK stub")
    while line := peer.hear():
        words = line.split()
        word, numbers = words[0].upper(), [int(w) for w in words[1:]
                                           if w.isdigit()]
        if word == b"USER":
            user = words[1]
            messages = maildrop(user)
            peer.say(b"+OK")
        elif user + word in (b"slowPASS", b"muteSTAT"):
            keep_silent(peer)
            return
        elif word == b"CAPA":
            block(b"USER\r\nTOP\r\nUIDL\r\n")
        elif word == b"LIST" and not numbers:
            block(b"".join(b"%d %d\r\n" % (i, len(m))
                           for i, m in enumerate(messages, 1)))
        elif word == b"LIST":
            peer.say(b"+OK %d %d" % (numbers[0],
                                     len(messages[numbers[0] - 1])))
        elif word == b"UIDL":
            block(b"".join(b"%d uid-%d\r\n" % (i, i)
                           for i in range(1, len(messages) + 1)))
        elif word == b"RETR" or (word == b"TOP" and numbers[1] > 0):
            block(stuffed(messages[numbers[0] - 1]))
        elif word == b"TOP":
            block(messages[numbers[0] - 1].split(b"\r\n\r\n")[0] +
                  b"\r\n\r\n")
        else:
            peer.say(b"+OK")
        if word == b"QUIT":
            return


def listen(address: str, port: int, serve) -> None:
    """Serve each connection in a thread of its own."""
    server = socket.create_server((address, port))

    def accept() -> None:
        while True:
            client, _ = server.accept()
            threading.Thread(target=quietly, args=(serve, client),
                             daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def quietly(serve, client: socket.socket) -> None:
    """A client that leaves is no failure of ours."""
    try:
        serve(client)
    except (OSError, ValueError, IndexError):
        pass
    client.close()


def serve_until_stdin_ends() -> None:
    """What listens so far is all there is."""
    print("ready", flush=True)
    sys.stdin.read()


def tls_server_context(certificate: str, key: str) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, log_file = sys.argv[1:]
    context = tls_server_context(certificate, key)
    with open(log_file, "ab", 0) as log:
        listen(address, 4465, lambda s: smtp(Peer(s, context, True), log))
        listen(address, 4587, lambda s: smtp(Peer(s, context, False), log))
        listen(address, 4588, lambda s: smtp(Peer(s, context, False), log,
                                             inject=True))
        listen(address, 4995, lambda s: pop3(Peer(s, context, True)))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
