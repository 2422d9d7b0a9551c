#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real senders deliver to smtp-journal, under STARTTLS with the certificate
checked: swaks, curl, msmtp, Postfix with always_bcc, and Exim, which uses BDAT
as soon as CHUNKING is announced. Each message must then lie in its mailbox,
whole, received over TLS.
"""

import functools
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import NAME, Certificate, make_certificate
from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.mounts import add_users, use_tree_libraries
from harness.mtas import Exim, Postfix
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Server, SocketActivate, Spawner, Xinetd
from harness.smtp import Smtp
from harness.tools import tool, tool_env
from harness.wire import Wire

SENDER = "author@sender.example"
BODY = [b".", b"..two dots", b"a line with 8 bits: \xc3\xa4\xc3\xb6\xc3\xbc",
        b"", b"the last line"]


def message(token: str, end: bytes = b"\n") -> bytes:
    """A message that can be found again."""
    header = [b"From: author@sender.example", b"To: reader@receiver.example",
              b"Subject: " + token.encode(), b"MIME-Version: 1.0",
              b"Content-Type: text/plain; charset=utf-8",
              b"Content-Transfer-Encoding: 8bit", b""]
    return end.join([*header, *BODY]) + end


def run(command: list[str], content: bytes | None = None) -> None:
    """Run a sender; it must say that it succeeded."""
    done = subprocess.run(command, input=content, timeout=300, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=tool_env(command[0]))
    check(done.returncode == 0, f"{Path(command[0]).name} ended with "
          f"{done.returncode}: {done.stdout.decode('utf-8', 'replace')[-600:]}")


class Senders:
    """The senders, all against the same instance."""

    def __init__(self, place: Place, instance: Instance) -> None:
        self.place = place
        self.instance = instance
        self.mailbox = instance.create_mailbox("senders")
        self.collector = Spawner(instance, "pop3-serve", "--tls=starttls")

    def found(self, token: str, seconds: float = 10) -> bytes:
        """The message with this token, once it lies in the mailbox."""
        until(lambda: self.instance.kept(self.mailbox), seconds,
              "a message lies in the mailbox")
        client, handler = self.collector.open()
        messages = collect(self.instance, client, self.mailbox)
        handler.wait(300)
        matching = [m for m in messages if token.encode() in m]
        check(len(matching) == 1 == len(messages),
              f"{len(matching)} of {len(messages)} messages have the token")
        return matching[0]

    def is_whole(self, token: str) -> None:
        """The message has come, whole and over TLS."""
        content = self.found(token)
        body = content.split(b"\r\n\r\n", 1)[1]
        wanted = b"\r\n".join(BODY) + b"\r\n"
        check(body == wanted, f"the body is {body!r}")
        # A sender may ask for SMTPUTF8 without need (RFC 6531 3.7.3).
        check(re.search(rb"with (UTF8SMTPS|ESMTPS)\b", content),
              f"the trace header says otherwise: {content[:400]!r}")
        check(self.mailbox.id.encode() in content,
              "the trace header does not name the mailbox")

    def swaks(self, port: int, token: str) -> None:
        """Swaks, a tester's tool; it adds a line end of its own."""
        file = self.place.root / "swaks.eml"
        file.write_bytes(message(token).removesuffix(b"\n"))
        run([tool("swaks"), "--server", "127.0.0.1", "--port", str(port),
             "--tls", "--tls-verify", "--tls-ca-path",
             str(self.instance.tls.ca), "--from", SENDER,
             "--to", self.mailbox.address, "--data", f"@{file}"])

    def curl(self, port: int, token: str) -> None:
        """Curl sends the file as it is: CRLF it must be."""
        file = self.place.root / "curl.eml"
        file.write_bytes(message(token, b"\r\n"))
        run([tool("curl"), "-sS", "--ssl-reqd", "--cacert",
             str(self.instance.tls.ca), f"smtp://127.0.0.1:{port}/curl.example",
             "--mail-from", SENDER, "--mail-rcpt", self.mailbox.address,
             "--upload-file", str(file)])

    def msmtp(self, port: int, token: str) -> None:
        """Msmtp, a sendmail for users."""
        run([tool("msmtp"), "--host=localhost", f"--port={port}", "--tls=on",
             "--tls-starttls=on", f"--tls-trust-file={self.instance.tls.ca}",
             "--auth=off", f"--from={SENDER}", self.mailbox.address],
            message(token))

    def postfix(self, port: int, token: str) -> None:
        """Postfix takes a message for somebody else and copies it to us."""
        require_private_mounts()
        with Postfix(self.instance, self.mailbox.address, port) as postfix:
            smtp = Smtp(Wire.connect(postfix.inlet))
            smtp.ehlo()
            smtp.deliver("reader@receiver.example", message(token, b"\r\n"),
                         SENDER).want(250)
            smtp.quit()
            until(lambda: "status=sent (250" in postfix.log_text(), 20,
                  "Postfix has sent it: " + postfix.log_text()[-500:])
            check("Verified TLS connection" in postfix.log_text(),
                  "Postfix did not verify the certificate")

    def exim(self, port: int, token: str) -> None:
        """Exim must be seen to use BDAT: K in its log."""
        require_private_mounts()
        add_users(self.place, {Exim.USER: 64999})
        use_tree_libraries(self.place)
        exim = Exim(self.instance, self.mailbox.address, port)
        said = exim.send(message(token), "reader@receiver.example")
        log = exim.log_text()
        line = next((line for line in log.splitlines() if "T=archive" in line
                     and ("=>" in line or "->" in line)), "")
        check(line, f"Exim did not deliver: {said} {log[-600:]}")
        check(" K " in line, f"Exim did not use BDAT: {line}")
        check(" X=TLS" in line and " CV=yes" in line,
              f"Exim did not verify the certificate: {line}")


def collect(instance: Instance, client: socket.socket,
            mailbox: Mailbox) -> list[bytes]:
    """Fetch and delete all messages over a connected socket."""
    pop3 = Pop3(Wire(client), instance.context)
    pop3.login(mailbox.id, mailbox.password)
    messages = [pop3.retr(number) for number in pop3.list()]
    for number in range(1, len(messages) + 1):
        pop3.dele(number)
    pop3.quit()
    return messages


def deliver(senders: Senders, start: Callable[[], Server],
            send: Callable[[int, str], None], token: str) -> None:
    """One sender against one server."""
    with start() as server:
        send(server.port, token)
        server.idle()
        senders.is_whole(token)


def shown(senders: Senders, made: Certificate, port: int) -> int:
    """How swaks ends that shows this certificate."""
    file = senders.place.root / "named.eml"
    file.write_bytes(message("named"))
    program = tool("swaks")
    return subprocess.run(
        [program, "--server", "127.0.0.1", "--port", str(port), "--tls",
         "--tls-cert", str(made.certificate), "--tls-key", str(made.key),
         "--from", SENDER, "--to", senders.mailbox.address,
         "--data", f"@{file}"], timeout=300, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        env=tool_env(program)).returncode


def every_name_counts(place: Place) -> None:
    """The second of two hosts opens, what the subject says does not."""
    folder = place.root / "clients"
    folder.mkdir()
    made = make_certificate(folder, ["DNS:a.sender.test", "DNS:b.sender.test"])
    folder.chmod(0o755)
    named = Instance(place, "named")
    for name, refused in (("b.sender.test", False), (NAME, True),
                          ("*.sender.test", True)):
        named.configure(tls={"client-ca": made.ca},
                        **{"smtp-journal": {"client-names": [name]}})
        named_senders = Senders(place, named)
        with Xinetd(named, [("smtp-journal", "--tls=starttls")]) as server:
            ended = shown(named_senders, made, server.port)
        check((ended != 0) == refused, f"{name}: swaks ended with {ended}")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each sender under each server."""
    instance = Instance(place)
    senders = Senders(place, instance)
    servers = {
        "xinetd": lambda: Xinetd(instance,
                                 [("smtp-journal", "--tls=starttls")]),
        "systemd": lambda: SocketActivate(instance, "smtp-journal",
                                          "--tls=starttls"),
    }
    plan = [("swaks", "xinetd"), ("swaks", "systemd"), ("curl", "xinetd"),
            ("curl", "systemd"), ("msmtp", "xinetd"), ("msmtp", "systemd"),
            ("postfix", "xinetd"), ("exim", "systemd")]
    for program, server in plan:
        name = f"sender-{program}-{server}"
        yield name, functools.partial(
            deliver, senders, servers[server], getattr(senders, program),
            f"token-{program}-{server}-")
    yield "sender-every-name-counts", functools.partial(
        every_name_counts, place)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
