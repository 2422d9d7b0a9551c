#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies that mail servers in the field lost elsewhere, sent by the real ones.

Postfix bounces a copy that is refused, while the mail itself arrives: so each
case looks for the copy in the mailbox, and for no bounce in the log. HAProxy
stands in front with both versions of its protocol; openssl asks for odd names.
Public sources stand at the cases.
"""

import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import RSA, make_certificate
from harness.deadline import until
from harness.instance import Instance
from harness.mounts import add_users, use_tree_libraries
from harness.mtas import Exim, PostfixTree
from harness.place import Place
from harness.pop3 import Pop3
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Server, SocketActivate, Xinetd, free_port
from harness.smtp import Smtp
from harness.tools import tool, tool_env
from harness.wire import Wire

PAGE = Path(__file__).resolve().parents[2] / "docs/production.md"

POSTFIX = """
myhostname = sender.example
inet_interfaces = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks reject
default_transport = discard:
"""

# As main.cf is on many hosts: its own names are local, users are looked up.
PAGE_POSTFIX = """
myhostname = mail.example.org
mydestination = mail.example.org, example.org, localhost
local_recipient_maps =
local_transport = error:5.1.1 user unknown
inet_interfaces = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks reject
default_transport = discard:
"""

HAPROXY = """
global
	maxconn 100
defaults
	mode tcp
	timeout connect 10s
	timeout client 60s
	timeout server 60s
listen smtp
	bind 127.0.0.1:{inlet}
	server one 127.0.0.1:{port} source {source} {protocol} check inter 500
"""


class Front(PostfixTree):
    """A Postfix that takes mail, with these settings."""

    def __init__(self, place: Place, name: str, settings: str) -> None:
        super().__init__(place.root / name)
        self.inlet = self.port = free_port()
        self.run(settings, f"127.0.0.1:{self.inlet} inet n - n - - smtpd\n"
                 "local unix - n n - - local\n", [self.inlet])

    def take(self, subject: str, to: str = "reader@receiver.example",
             sender: bytes = b"author@sender.example",
             params: bytes = b"") -> None:
        """It accepts a message."""
        smtp = Smtp(Wire.connect(self.inlet))
        smtp.ehlo()
        smtp.command(b"MAIL FROM:<" + sender + b">" + params).want(250)
        smtp.command(f"RCPT TO:<{to}>".encode()).want(250)
        smtp.command("DATA").want(354)
        smtp.command(f"Subject: {subject}\r\n\r\ntext\r\n.").want(250)
        smtp.quit()

    def has_sent(self, address: str) -> None:
        """The copy was taken, and nothing has bounced."""
        sent = re.compile(f"to=<[^>]*{re.escape(address)}[^>]*>.*"
                          r"status=sent \(250", re.IGNORECASE)
        until(lambda: sent.search(self.log_text()) or
              "status=bounced" in self.log_text(), 60, "it is sent")
        check("status=bounced" not in self.log_text() and
              sent.search(self.log_text()), self.log_text()[-900:])


class HAProxy(Server):
    """TCP mode; it speaks to us from an address of its own."""

    def __init__(self, place: Place, port: int, protocol: str,
                 source: str) -> None:
        super().__init__()
        self.port = free_port()
        conf = place.root / f"haproxy-{self.port}.cfg"
        conf.write_text(HAPROXY.format(inlet=self.port, port=port,
                                       protocol=protocol, source=source))
        program = tool("haproxy")
        with open(conf.with_suffix(".log"), "wb") as log:
            self.started(subprocess.Popen(
                [program, "-db", "-f", str(conf)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=tool_env(program)), [self.port])


class Field:
    """The cases."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.instance = Instance(place)
        self.number = 0

    def transport(self, domain: str, port: int) -> str:
        """What main.cf needs to find us, the certificate checked."""
        return (f"transport_maps = inline:{{ {{ {domain} = "
                f"smtp:[127.0.0.1]:{port} }} }}\n"
                "smtp_tls_security_level = secure\n"
                "smtp_tls_secure_cert_match = journal.restante.test\n"
                f"smtp_tls_CAfile = {self.instance.tls.ca}\n")

    def copied(self, name: str, settings: str, *wanted: str,
               to: str = "reader@receiver.example",
               sender: str = "author@sender.example",
               params: bytes = b"") -> None:
        """Postfix with these settings copies to us; the header says so."""
        require_private_mounts()
        mailbox = self.instance.create_mailbox(name)
        with Xinetd(self.instance, [("smtp-journal", "--tls=starttls")]) as s, \
                Front(self.place, name, POSTFIX +
                      self.transport("archive.test", s.port) +
                      settings.format(id=mailbox.id)) as front:
            front.take(name, to, sender.encode(), params)
            front.has_sent(mailbox.id)
            s.idle()
        header = self.header(mailbox)
        for text in wanted:
            check(text.format(id=mailbox.id).encode() in header, header)

    def header(self, mailbox: object) -> bytes:
        """Of the one message that is kept."""
        with Xinetd(self.instance, [("pop3-serve", "--tls=starttls")]) as pop:
            messages = self.instance.collect(pop.port, mailbox)
        equal(len(messages), 1, "copies")
        return messages[0].split(b"\r\n\r\n", 1)[0] + b"\r\n"

    def defaults(self) -> None:
        """Postfix as it is, a sender in UTF-8 under SMTPUTF8."""
        self.copied("utf8", "always_bcc = {id}@archive.test\n",
                    "Return-Path: <jörg@sender.example>", "UTF8SMTPS",
                    sender="jörg@sender.example", params=b" SMTPUTF8")

    def no_smtputf8(self) -> None:
        """smtputf8_enable=no: UTF-8 goes through without being announced.

        sisimai/go-sisimai#434, postalserver/postal#724
        """
        self.copied("no-smtputf8", "smtputf8_enable = no\n"
                    "always_bcc = {id}@archive.test\n",
                    "Return-Path: <jörg@sender.example>", " ESMTPS\r\n",
                    sender="jörg@sender.example")

    def quoted(self) -> None:
        """The recipient behind a plus: Postfix quotes two dots.

        KumoCorp/kumomta#77, smtpd/qpsmtpd#313, s1t5/mail-archiver#271
        """
        self.copied("quoted", "recipient_bcc_maps = regexp:{{ {{ "
                    "/^(.+)@receiver[.]example/ {id}+$$1@archive.test }} }}\n",
                    'X-Envelope-To: <"{id}+\\"john..doe\\""@archive.test>',
                    to="john..doe@receiver.example")

    def exim_quoted(self) -> None:
        """Exim copies to an address that needs quotes."""
        require_private_mounts()
        mailbox = self.instance.create_mailbox("exim")
        add_users(self.place, {Exim.USER: 64999})
        use_tree_libraries(self.place)
        with SocketActivate(self.instance, "smtp-journal",
                            "--tls=starttls") as server:
            exim = Exim(self.instance,
                        f'"\\"{mailbox.id}+john..doe\\"@archive.test"',
                        server.port)
            said = exim.send(b"Subject: exim\n\ntext\n",
                             "reader@receiver.example")
            server.idle()
            check(self.instance.kept(mailbox),
                  f"{said} {exim.log_text()[-600:]}")
        check(f'X-Envelope-To: <"{mailbox.id}+john..doe"@archive.test>'
              .encode() in self.header(mailbox), "the recipient")

    def page(self) -> None:
        """docs/production.md, "If another mail server owns port 25"."""
        require_private_mounts()
        blocks = re.findall(r"```\n(.*?)```", PAGE.read_text().split(
            "### If another mail server owns port 25")[1], re.DOTALL)
        ours, theirs, behind_plus = blocks[:3]
        instance = Instance(self.place, "page")
        instance.settings.pop("domain")
        instance.configure()
        instance.conf.write_text(instance.conf.read_text() + ours)
        mailbox = instance.create_mailbox("page")
        check(mailbox.address.endswith("@archive.example.org"), mailbox)
        named = re.compile("mbx-[0-9a-f]{32}")
        with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as server:
            settings = named.sub(mailbox.id, theirs).replace(
                ":2525", f":{server.port}")
            with Front(self.place, "page-postfix",
                       PAGE_POSTFIX + settings) as front:
                front.take("page")
                front.has_sent(mailbox.id)
                server.idle()
            equal(len(instance.kept(mailbox)), 1, "always_bcc")
            settings = settings.replace("always_bcc", "# always_bcc") + \
                named.sub(mailbox.id, behind_plus)
            with Front(self.place, "page-postfix-plus",
                       PAGE_POSTFIX + settings) as front:
                front.take("page", "john..doe@receiver.example")
                front.has_sent(mailbox.id)
                server.idle()
            equal(len(instance.kept(mailbox)), 2, "recipient_bcc_maps")

    # --- TLS ------------------------------------------------------------------------

    def s_client(self, port: int, *options: str) -> str:
        """What openssl says of a session with us."""
        done = subprocess.run(
            [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{port}",
             "-starttls", "smtp", "-CAfile", str(self.instance.tls.ca),
             *options], input="QUIT\n", text=True, timeout=300, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout

    def odd_names(self) -> None:
        """Names that no certificate has end no handshake (RFC 6066 3)."""
        with Xinetd(self.instance, [("smtp-journal", "--tls=starttls")]) as s:
            for name in ("mail_gw.corp.example", "a:b", "user@host", "jörg.de",
                         "127.0.0.1", "x" * 255, "-", " "):
                for version in ("-tls1_2", "-tls1_3"):
                    text = self.s_client(s.port, version, "-servername", name)
                    check(re.search("CN ?= ?journal.restante.test", text) and
                          "alert" not in text, f"{name}: {text[-600:]}")

    def two_certificates(self) -> None:
        """RSA-only senders get in, customers get their own name."""
        rsa = make_certificate(self.place.folder("rsa"), kind=RSA)
        other = make_certificate(self.place.folder("customer"),
                                 ["DNS:mx.customer.test"], kind=RSA)
        for made in (rsa, other):
            self.place.give(made.key)
        tls = self.instance.tls
        conf = self.instance.variant("lists", tls={
            "certificate": [tls.certificate, rsa.certificate,
                            other.certificate],
            "key": [tls.key, rsa.key, other.key]})
        with Xinetd(self.instance, [("smtp-journal", "--tls=starttls")],
                    conf=conf) as server:
            old = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
            new = self.s_client(server.port, "-tls1_2")
            check("ECDSA" in new, new[-600:])
            text = self.s_client(server.port, *old)
            check("ECDHE-RSA-AES128-GCM-SHA256" in text, text[-600:])
            text = self.s_client(server.port, "-servername",
                                 "mx.customer.test", "-verify_hostname",
                                 "mx.customer.test")
            check("Verified peername: mx.customer.test" in text or
                  "hostname mismatch" not in text, text[-600:])

    # --- balancers ------------------------------------------------------------------

    def haproxy(self, protocol: str, source: str) -> None:
        """The client that HAProxy names is the one that counts."""
        mailbox = self.instance.create_mailbox("balanced")
        self.instance.restante("mailbox", "set", mailbox.id,
                               "allow-from=127.0.0.1")
        conf = self.instance.variant("balanced", limits={
            "proxy-from": [f"{source}/32"]})
        with SocketActivate(self.instance, "smtp-journal", "--tls=starttls",
                            conf=conf) as server, \
                HAProxy(self.place, server.port, protocol, source) as balancer:
            smtp = self.instance.smtp(balancer.port)
            smtp.deliver(mailbox.address, b"Subject: x\r\n\r\n").want(250)
            smtp.quit()
            # Who comes from elsewhere speaks SMTP, and no PROXY.
            direct = Smtp(Wire.connect(server.port))
            direct.command("PROXY TCP4 192.0.2.7 192.0.2.1 9 25").want(500)
            direct.quit()
            server.idle()
            until(lambda: "outcome=kept" in server.log_text(), 300, "logged")
            log = server.log_text()
        check(re.search(r"peer=127\.0\.0\.1 .*outcome=kept", log), log)
        check("([127.0.0.1])" in self.header(mailbox).decode(), "Received")

    def balanced_collector(self) -> None:
        """Implicit TLS right behind the header, on another port."""
        mailbox = self.instance.create_mailbox("collected")
        conf = self.instance.variant("collected", limits={
            "proxy-from": ["127.0.0.3/32"]})
        with SocketActivate(self.instance, "pop3-serve", "--tls=implicit",
                            conf=conf) as server, \
                HAProxy(self.place, server.port, "send-proxy-v2",
                        "127.0.0.3") as balancer:
            pop3 = Pop3(Wire.connect(balancer.port), self.instance.context,
                        implicit=True)
            pop3.login(mailbox.id, mailbox.password)
            pop3.quit()
            server.idle()
            check(re.search(r"peer=127\.0\.0\.1 ", server.log_text()),
                  server.log_text())


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """All of them."""
    field = Field(place)
    for name in ("defaults", "no_smtputf8", "quoted", "page"):
        yield f"field-postfix-{name.replace('_', '-')}", getattr(field, name)
    yield "field-exim-quoted", field.exim_quoted
    yield "field-odd-server-names", field.odd_names
    yield "field-two-certificates", field.two_certificates
    for number, protocol in enumerate(("send-proxy", "send-proxy-v2"), 2):
        yield f"field-haproxy-{protocol}", functools.partial(
            field.haproxy, protocol, f"127.0.0.{number}")
    yield "field-haproxy-implicit-tls", field.balanced_collector


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
