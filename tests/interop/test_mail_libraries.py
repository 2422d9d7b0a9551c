#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs send mail with, which are no mail servers: JavaMail, nodemailer,
PHPMailer and Perl's Net::SMTP deliver copies to smtp-journal under STARTTLS, the
certificate checked, two in each session, with DSN parameters, from a sender and
to a recipient that are not of the plainest.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.libraries import Libraries
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd

BODY = "Grüße\r\n.\r\nend\r\n".encode()
Send = Callable[[str, str, list[str]], None]


class Senders:
    """Each of them, against one instance."""

    def __init__(self, place: Place) -> None:
        self.instance = Instance(place)
        self.mailbox = self.instance.create_mailbox("libraries")
        self.libraries = Libraries(place, self.instance.tls.ca)

    def sends(self, server: Xinetd, send: Send, sender: str,
              suffix: str) -> None:
        """Both messages are kept, whole, with their envelope."""
        to = self.mailbox.address.replace("@", f"{suffix}@")
        name = send.__name__
        self.libraries.port = server.port
        send(sender, to, [f"{name}-1", f"{name}-2"])
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
    senders = Senders(place)
    libraries = senders.libraries
    plan = [(libraries.javamail, "jörg@sender.example", "+jörg"),
            (libraries.nodemailer, "jörg@sender.example", "+jörg"),
            (libraries.phpmailer, "o'neil+x=y@sender.example", "+a.b"),
            (libraries.net_smtp, "jörg@sender.example", "+jörg")]
    with Xinetd(senders.instance,
                [("smtp-journal", "--tls=starttls")]) as server:
        for send, sender, suffix in plan:
            name = send.__name__.replace("_", "-")
            yield f"library-{name}", functools.partial(
                senders.sends, server, send, sender, suffix)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
