#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs send mail with, which are no mail servers: JavaMail, nodemailer,
PHPMailer and Perl's Net::SMTP deliver copies to smtp-journal under STARTTLS, the
certificate checked, two in each session, with DSN parameters, from a sender and
to a recipient that are not of the plainest.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.node import node_modules
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.tools import TREE, tool, tool_env, tool_like, tree_file

HERE = Path(__file__).resolve().parent / "libraries"
BODY = "Grüße\r\n.\r\nend\r\n".encode()
Send = Callable[[int, str, str, list[str]], None]


def run(command: list[str], **more: str) -> None:
    """A sender must say that it succeeded."""
    env = {**os.environ, **tool_env(command[0], **more)}
    done = subprocess.run(command, timeout=120, check=False, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    check(done.returncode == 0, f"{Path(command[0]).name} ended with "
          f"{done.returncode}: {done.stdout.decode('utf-8', 'replace')[-900:]}")


class Libraries:
    """Each of them, against one instance."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.instance = Instance(place)
        self.mailbox = self.instance.create_mailbox("libraries")

    def java(self, port: int, sender: str, to: str, subjects: list[str]) -> None:
        """JavaMail; the authority has to be in a store of Java's own."""
        store = self.place.root / "trust"
        if not store.exists():
            run([tool("keytool"), "-importcert", "-noprompt", "-storepass",
                 "changeit", "-keystore", str(store), "-file",
                 str(self.instance.tls.ca)])
        jars = ":".join(str(tree_file(f"usr/share/java/{name}.jar"))
                        for name in ("javax.mail", "javax.activation"))
        run([tool("java"), "-cp", jars, str(HERE / "Send.java"), str(port),
             str(store), sender, to, *subjects])

    def nodemailer(self, port: int, sender: str, to: str,
                   subjects: list[str]) -> None:
        """Nodemailer, from npm."""
        run([tool("node"), str(HERE / "send.js"), str(port),
             str(self.instance.tls.ca), sender, to, *subjects],
            NODE_PATH=str(node_modules(HERE)))

    def phpmailer(self, port: int, sender: str, to: str,
                  subjects: list[str]) -> None:
        """PHPMailer, as Debian has it."""
        library = tree_file("usr/share/php/libphp-phpmailer/src")
        modules = [f"-dextension={path}" for path in
                   sorted(tree_file("usr/lib/php").glob("*/openssl.so"))]
        run([tool_like("php8.[0-9]"), *modules, str(HERE / "send.php"), str(library),
             str(port), str(self.instance.tls.ca), sender, to, *subjects])

    def perl(self, port: int, sender: str, to: str,
             subjects: list[str]) -> None:
        """Net::SMTP; TLS is from the tree."""
        modules = [TREE / "usr/share/perl5",
                   *TREE.glob("usr/lib/*-linux-gnu/perl5/*")]
        run([tool("perl"), str(HERE / "send.pl"), str(port),
             str(self.instance.tls.ca), sender, to, *subjects],
            PERL5LIB=":".join(map(str, modules)))

    def sends(self, server: Xinetd, send: Send, sender: str,
              suffix: str) -> None:
        """Both messages are kept, whole, with their envelope."""
        to = self.mailbox.address.replace("@", f"{suffix}@")
        name = send.__name__
        send(server.port, sender, to, [f"{name}-1", f"{name}-2"])
        server.idle()
        with Xinetd(self.instance, [("pop3-serve", "--tls=starttls")]) as pop:
            messages = self.instance.collect(pop.port, self.mailbox)
        equal(len(messages), 2, "messages")
        for number, message in enumerate(messages, 1):
            header = message.split(b"\r\n\r\n", 1)[0]
            check(f"Subject: {name}-{number}".encode() in header, message)
            check(f"Return-Path: <{sender}>".encode() in header, message)
            check(f"X-Envelope-To: <{to}>".encode() in header, message)
            check(b"S\r\n\t(TLS1." in header, message)
            check(BODY in message or b"base64" in header or
                  b"quoted-printable" in header, message)


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each library."""
    libraries = Libraries(place)
    plan = [(libraries.java, "jörg@sender.example", "+jörg"),
            (libraries.nodemailer, "jörg@sender.example", "+jörg"),
            (libraries.phpmailer, "o'neil+x=y@sender.example", "+a.b"),
            (libraries.perl, "jörg@sender.example", "+jörg")]
    with Xinetd(libraries.instance,
                [("smtp-journal", "--tls=starttls")]) as server:
        for send, sender, suffix in plan:
            yield f"library-{send.__name__}", functools.partial(
                libraries.sends, server, send, sender, suffix)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
