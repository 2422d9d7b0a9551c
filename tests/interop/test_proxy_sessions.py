#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session through a proxy may hold, towards Dovecot and Postfix: some
recipients refused, several messages, RSET, pipelining, DSN, SMTPUTF8, copies
as journal reports, an alias in place of an id; and what is fetched again by
another device, or from a server that begins its UIDLs anew.
"""

import email
import email.policy
import functools
import re
import shutil
import smtplib
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.lineends import without_trace
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.proxy_site import ProxySite, pop3_direct
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.smtp import Smtp
from harness.smtp_clients import SmtpClients
from harness.upstreams import (DOVECOT, LONG_PASSWORD, LONG_USER, PASSWORD,
                               POSTFIX, USER, Dovecot, Taken, Upstreams)
from harness.wire import Wire

SENDER = "joe@provider.test"
TO, BCC = "to@receiver.example", "bcc@receiver.example"
NOBODY = "nobody@receiver.example"


def message(token: str) -> bytes:
    """A short message."""
    return (f"From: {SENDER}\r\nTo: {TO}\r\nDate: Tue, 1 Jul 2025 12:00:00 "
            f"+0000\r\nMessage-ID: <{token}@provider.test>\r\n"
            f"Subject: {token}\r\n\r\n.{token}\r\n").encode()


class Sessions:
    """One site, and a client that is logged in."""

    def __init__(self, place: Place, upstreams: Upstreams, site: ProxySite,
                 dovecot: Dovecot) -> None:
        self.site, self.upstreams, self.dovecot = site, upstreams, dovecot
        self.clients = SmtpClients(place, site.instance)
        self.clients.implicit = True
        self.clients.port = site.port("smtp-proxy", True)
        self.clients.password = PASSWORD

    def smtp(self, server: str) -> smtplib.SMTP:
        """A session with this server."""
        self.clients.user = self.site.user(server)
        return self.clients.connect()

    def pop3(self) -> Pop3:
        """A session with Dovecot."""
        return self.site.pop3(self.site.user(DOVECOT))

    def both(self, contents: list[bytes]) -> tuple[list[Taken], list[bytes]]:
        """What came to the server and what was kept: these, in order."""
        taken = self.upstreams.sink.taken(len(contents))
        copies = self.site.kept()
        equal(sorted(without_trace(t.content) for t in taken),
              sorted(contents), "what the server got")
        equal([without_trace(c) for c in copies], contents, "the copies")
        return taken, copies

    def some_refused(self, server: str) -> None:
        """Who was refused is told to the client, and named nowhere."""
        with self.smtp(server) as smtp:
            refused = smtp.sendmail(SENDER, [TO, NOBODY, BCC],
                                    message("some"))
        equal(list(refused), [NOBODY], "refused")
        taken, (copy,) = self.both([message("some")])
        equal(sorted(r.split()[0] for r in taken[0].recipients),
              [f"<{BCC}>", f"<{TO}>"], "recipients")
        for address, named in ((TO, True), (BCC, True), (NOBODY, False)):
            equal(f"X-Envelope-To: <{address}>".encode() in copy, named,
                  f"{address} is named in the copy")

    def all_refused(self, server: str) -> None:
        """Then there is no message, and nothing kept; the session goes on."""
        with self.smtp(server) as smtp:
            try:
                smtp.sendmail(SENDER, [NOBODY], message("none"))
            except smtplib.SMTPRecipientsRefused:
                pass
            smtp.sendmail(SENDER, [TO], message("after"))
        self.both([message("after")])

    def many_messages(self, server: str) -> None:
        """Each is kept with its own envelope."""
        contents = [message(f"many-{n}") for n in range(5)]
        with self.smtp(server) as smtp:
            for number, content in enumerate(contents):
                smtp.sendmail(SENDER, [f"r{number}@receiver.example"], content)
                smtp.noop()
        _, copies = self.both(contents)
        for number, copy in enumerate(copies):
            equal(copy.count(b"X-Envelope-To:"), 1, "recipients of a copy")
            check(f"<r{number}@receiver.example>".encode() in copy,
                  "another message's recipient")

    def rset_forgets(self, server: str) -> None:
        """RSET ends the transaction on both sides."""
        with self.smtp(server) as smtp:
            smtp.mail("other@provider.test")
            smtp.rcpt(BCC)
            equal(smtp.rset()[0], 250, "RSET")
            equal(smtp.docmd("DATA")[0], 503, "DATA behind RSET")
            smtp.sendmail(SENDER, [TO], message("rset"))
        (taken,), (copy,) = self.both([message("rset")])
        equal(len(taken.recipients), 1, "recipients")
        check(BCC.encode() not in copy, "a forgotten recipient is named")

    def pipelined(self, server: str) -> None:
        """Envelopes in one packet, the next one right behind the dot."""
        contents = [message(f"pipelined-{n}") for n in range(3)]
        envelope = (f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{TO}>\r\n"
                    f"RCPT TO:<{NOBODY}>\r\nRCPT TO:<{BCC}>\r\n"
                    "DATA\r\n").encode()
        with self.smtp(server) as smtp:
            smtp.send(envelope)
            for number, content in enumerate(contents):
                codes = [smtp.getreply()[0] for _ in range(5)]
                check(codes[0] == codes[1] == codes[3] == 250 and
                      codes[2] // 10 == 55 and codes[4] == 354,
                      f"the replies are {codes}")
                last = number + 1 == len(contents)
                smtp.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n" +
                          (b"" if last else envelope))
                equal(smtp.getreply()[0], 250, "the reply to the message")
        self.both(contents)

    def dsn_is_passed(self) -> None:
        """Postfix knows DSN: what the client asks for comes through."""
        with self.smtp(POSTFIX) as smtp:
            check(smtp.has_extn("dsn"), "no DSN behind the login")
            smtp.sendmail(SENDER, [TO], message("dsn"),
                          ["RET=HDRS", "ENVID=id-1"],
                          ["NOTIFY=SUCCESS,FAILURE",
                           "ORCPT=rfc822;first@receiver.example"])
        (taken,), _ = self.both([message("dsn")])
        for text in ("RET=HDRS", "ENVID=id-1"):
            check(text in taken.mail, f"{text} is not in {taken.mail}")
        for text in ("NOTIFY=SUCCESS,FAILURE",
                     "ORCPT=rfc822;first@receiver.example"):
            check(text in taken.recipients[0],
                  f"{text} is not in {taken.recipients}")

    def utf8_is_passed(self) -> None:
        """Postfix knows SMTPUTF8; Dovecot does not, and is not asked to."""
        content = message("utf8").replace(b"From: ", "From: Jöe ".encode())
        address = "empfänger@receiver.example"
        with self.smtp(POSTFIX) as smtp:
            check(smtp.has_extn("smtputf8"), "no SMTPUTF8 behind the login")
            smtp.sendmail(SENDER, [address], content,
                          ["SMTPUTF8", "BODY=8BITMIME"])
        (taken,), (copy,) = self.both([content])
        check(address in taken.recipients[0], f"{taken.recipients}")
        check(f"<{address}>".encode() in copy, "not named in the copy")
        with self.smtp(DOVECOT) as smtp:
            check(not smtp.has_extn("smtputf8"), "SMTPUTF8 is offered")
            smtp.mail(SENDER)
            smtp.send(f"RCPT TO:<{address}>\r\n".encode())
            code, text = smtp.getreply()
            check(code in (550, 553) and b"5.6.7" in text,
                  f"refused as {code} {text}")

    def journal_report(self, server: str) -> None:
        """The copy as a journal report, read by Python's email package."""
        content = message("report")
        instance = self.site.instance
        instance.restante("mailbox", "set", self.site.mailbox.id,
                          "copies=journal-report")
        with self.smtp(server) as smtp:
            smtp.sendmail(SENDER, [TO, NOBODY, BCC], content)
        self.upstreams.sink.taken()
        copy, = self.site.kept()
        instance.restante("mailbox", "set", self.site.mailbox.id,
                          "copies=original")
        report = email.message_from_bytes(copy, policy=email.policy.default)
        equal(report.defects, [], "defects")
        equal(report.get_content_type(), "multipart/mixed", "type")
        envelope, original = report.iter_parts()
        lines = envelope.get_content().splitlines()
        for line in (f"Sender: {SENDER}", f"To: {TO}", f"Bcc: {BCC}",
                     "Subject: report"):
            check(line in lines, f"{line!r} is not in {lines}")
        check(not any(NOBODY in line for line in lines), "a refused one is")
        equal(original.get_content_type(), "message/rfc822", "type")
        equal(original.get_content().as_bytes(
            policy=email.policy.SMTP), content, "the original")

    def long_password(self) -> None:
        """One that no line of 512 octets holds."""
        user = self.site.user(DOVECOT, LONG_USER)
        self.clients.user, self.clients.password = user, LONG_PASSWORD
        try:
            self.clients.connect().quit()
        finally:
            self.clients.password = PASSWORD
        self.site.pop3(user, LONG_PASSWORD).quit()

    def short_name(self) -> None:
        """An alias is good in either case for both proxies and for collecting,
        is shown, is no address, and is nothing any more once it is removed.
        """
        instance, mailbox = self.site.instance, self.site.mailbox
        said = instance.restante("mailbox", "alias", mailbox.id).stdout
        alias = re.fullmatch("alias: ([a-z2-7]{10})\n", said)[1]
        check(f"\n{said}" in instance.restante("mailbox", "show",
                                               mailbox.id).stdout, "show")
        names = (alias, alias.upper(), f"{alias}@anything.example")
        for name in names:
            equal(self.logs_in(name), ["235", "+OK", "+OK"], name)
        with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as server:
            smtp = Smtp(Wire.connect(server.port), instance.context)
            domain = mailbox.address.partition("@")[2]
            smtp.envelope(f"{alias}@{domain}").want(550)
            smtp.command("RSET").want(250)
            smtp.envelope(mailbox.address).want(250)
            smtp.quit()
        instance.restante("mailbox", "alias", mailbox.id, "--remove")
        check("alias:" not in instance.restante("mailbox", "show",
                                                mailbox.id).stdout, "show")
        for name in names:
            equal(self.logs_in(name), ["535", "-ERR [AUTH]", "-ERR [AUTH]"],
                  name)

    def logs_in(self, name: str) -> list[str]:
        """What smtp-proxy, pop3-proxy and pop3-serve say to it."""
        user = f"{USER}%{DOVECOT}%{name}"
        wire = Wire.connect(self.site.port("smtp-proxy", True))
        smtp = Smtp(wire, self.site.instance.context, implicit=True)
        said = [str(smtp.auth_plain(user, PASSWORD).code)]
        smtp.quit()
        for port, who, password, implicit in (
                (self.site.port("pop3-proxy", True), user, PASSWORD, True),
                (self.site.collector_port, name, self.site.mailbox.password,
                 False)):
            pop3 = Pop3(Wire.connect(port), self.site.instance.context,
                        implicit=implicit)
            try:
                pop3.login(who, password)
                said.append("+OK")
            except Refused as why:
                said.append("-ERR [AUTH]" if "[AUTH]" in str(why)
                            else str(why))
            pop3.wire.close()
        return said

    # --- fetching --------------------------------------------------------

    def fetch_all(self) -> list[bytes]:
        """One device, which leaves the messages on the server."""
        pop3 = self.pop3()
        messages = [pop3.retr(number) for number in pop3.list()]
        pop3.quit()
        return messages

    def two_devices(self) -> None:
        """What a second device fetches is kept once."""
        contents = [message(f"device-{n}") for n in range(3)]
        self.dovecot.fill(contents)
        for _ in range(2):
            equal(self.fetch_all(), contents, "a device got")
        equal(self.site.kept_messages(), contents, "the copies")

    def begins_anew(self) -> None:
        """Another message under a UIDL seen before, as after a server's loss
        of its index within one second: kept again rather than lost.
        """
        contents = [message(f"anew-{n}") for n in range(2)]
        for given in (contents, contents[::-1]):
            self.dovecot.fill(given)
            equal(self.fetch_all(), given, "the client got")
        equal(self.site.kept_messages(), contents + contents[::-1], "copies")

    def lists_are_the_same(self) -> None:
        """STAT, LIST and UIDL, with and without a number; what is refused."""
        contents = [message(f"list-{n}") + b"more\r\n" * 3 for n in range(4)]
        self.dovecot.fill(contents)
        proxied, direct = self.pop3(), pop3_direct(self.upstreams, DOVECOT)
        for command in ("STAT", "LIST 2", "UIDL 3", "NOOP", "DELE 1", "STAT",
                        "RSET", "STAT"):
            equal(proxied.command(command), direct.command(command), command)
        for command in ("LIST", "UIDL", "TOP 2 0", "TOP 3 1"):
            equal(proxied.lines(command), direct.lines(command), command)
        offered = {line.split()[0] for line in proxied.lines("CAPA")}
        equal(offered & {"TOP", "UIDL", "PIPELINING", "STLS", "USER", "SASL"},
              {"TOP", "UIDL", "PIPELINING"}, "CAPA behind the login")
        for command in ("RETR 9", "LIST 9", "DELE 9", "TOP 9 1"):
            for pop3 in (proxied, direct):
                try:
                    pop3.command(command)
                    check(False, f"{command} is answered +OK")
                except Refused:
                    pass
        equal(self.site.kept(), [], "kept of a TOP of the beginning")
        for lines in (4, 5):  # all of the body's, and more than it has
            equal(proxied.top(lines - 3, lines), contents[lines - 4], "TOP")
        proxied.quit()
        direct.quit()
        equal(self.site.kept_messages(), contents[:2], "kept of the others")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """What both servers can, towards both."""
    with Upstreams(place) as upstreams, \
            ProxySite(place, upstreams.tls) as site:
        dovecot = upstreams.dovecot()
        upstreams.postfix(dovecot)
        sessions = Sessions(place, upstreams, site, dovecot)
        for case in (sessions.some_refused, sessions.all_refused,
                     sessions.many_messages, sessions.rset_forgets,
                     sessions.pipelined, sessions.journal_report):
            for server in (DOVECOT, POSTFIX):
                name = f"{case.__name__}-{server.split('.')[0]}"
                yield ("proxy-" + name.replace("_", "-"),
                       functools.partial(case, server))
        for case in (sessions.dsn_is_passed, sessions.utf8_is_passed,
                     sessions.long_password,
                     sessions.short_name, sessions.two_devices, sessions.begins_anew,
                     sessions.lists_are_the_same):
            yield "proxy-" + case.__name__.replace("_", "-"), case


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
