#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients exchange mail with real servers through the proxies: msmtp,
swaks, curl and Python's smtplib submit to Dovecot and Postfix; mpop, fetchmail,
getmail6, curl and Python's poplib empty a mailbox at Dovecot. Each must notice
nothing, the server must get or give the same octets as without us, and the
mailbox must hold them, too. Then every mechanism, towards servers that know
them all, or LOGIN alone, or XOAUTH2 alone.
"""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.lineends import normalised, without_trace
from harness.place import Place
from harness.pop3_clients import Pop3Clients
from harness.proxy_site import ProxySite, pop3_direct
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.smtp_clients import SmtpClients
from harness.tools import tool
from harness.upstreams import (DOVECOT, ONLY_LOGIN, ONLY_XOAUTH2, PASSWORD,
                               POSTFIX, TOKEN, Dovecot, Upstreams)

TEXT = "\n".join([".", "..two dots", "8 bits: äöü", "x" * 900, "", "end", ""])


def message(token: str) -> bytes:
    """A message that nothing has to be added to."""
    return (f"From: joe@provider.test\nTo: to@receiver.example\n"
            f"Date: Tue, 01 Jul 2025 12:00:00 +0000\n"
            f"Message-ID: <{token}@provider.test>\nSubject: {token}\n"
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
            f"Content-Transfer-Encoding: 8bit\n\n{TEXT}"
            ).replace("\n", "\r\n").encode()


class Clients:
    """One site, one provider, and every client between them."""

    def __init__(self, place: Place, upstreams: Upstreams,
                 site: ProxySite) -> None:
        self.site, self.upstreams = site, upstreams
        self.smtp = SmtpClients(place, site.instance)
        self.smtp.sender = "joe@provider.test"
        self.smtp.recipients = ["to@receiver.example", "bcc@receiver.example"]
        self.pop3 = Pop3Clients(place, site.instance)

    # --- sending ---------------------------------------------------------

    def use_smtp(self, server: str, implicit: bool, mechanism: str = "PLAIN",
                 secret: str = PASSWORD) -> SmtpClients:
        """Prepare the SMTP clients."""
        self.smtp.port = self.site.port("smtp-proxy", implicit)
        self.smtp.implicit, self.smtp.mechanism = implicit, mechanism
        self.smtp.user, self.smtp.password = self.site.user(server), secret
        return self.smtp

    def arrived(self, content: bytes) -> bytes:
        """The same octets have come to both; the copy's trace header."""
        (taken,), copies = self.upstreams.sink.taken(), self.site.kept()
        equal(taken.mail.split()[0], f"<{self.smtp.sender}>", "MAIL FROM")
        equal(sorted(r.split()[0] for r in taken.recipients),
              sorted(f"<{r}>" for r in self.smtp.recipients), "recipients")
        equal(len(copies), 1, "copies")
        copy, = copies
        equal(without_trace(copy), content, "the copy")
        equal(without_trace(taken.content), content, "what the server got")
        return copy[:-len(content)]

    def send(self, client: str, server: str, implicit: bool) -> None:
        """One client sends a message with a Bcc."""
        content = message(f"{client}-{implicit}")
        getattr(self.use_smtp(server, implicit), client)(content)
        trace = self.arrived(content)
        for text in (b"X-Envelope-To: <to@receiver.example>",
                     b"X-Envelope-To: <bcc@receiver.example>",
                     b"Return-Path: <joe@provider.test>",
                     b"X-Restante-Account: joe@provider.test\r\n",
                     f"X-Restante-Server: {server.split(':')[0]}:".encode()):
            check(text in trace, f"{text!r} is not in {trace!r}")

    def send_with(self, client: str, mechanism: str, server: str) -> None:
        """One mechanism of the client's; the server may know others."""
        secret = PASSWORD if mechanism in ("PLAIN", "LOGIN") else TOKEN
        content = message(mechanism)
        getattr(self.use_smtp(server, True, mechanism, secret),
                client)(content)
        self.arrived(content)

    def wrong_password(self) -> None:
        """The client is told that it is refused, and nothing is kept."""
        said = self.use_smtp(DOVECOT, False, "PLAIN", "wrong").msmtp(
            message("wrong"), want=77)
        check("535" in said, f"msmtp was told {said}")
        equal(self.site.kept(), [], "kept")

    # --- fetching --------------------------------------------------------

    def use_pop3(self, server: str, implicit: bool,
                 secret: str = PASSWORD) -> Pop3Clients:
        """Prepare the POP3 clients."""
        self.pop3.port = self.site.port("pop3-proxy", implicit)
        self.pop3.implicit = implicit
        self.pop3.user = self.site.user(server)
        self.pop3.password = secret
        return self.pop3

    def fill(self, dovecot: Dovecot, token: str) -> list[bytes]:
        """Messages at Dovecot, as it gives them without us."""
        contents = [message(f"{token}-{n}") + b"more\r\n" * n
                    for n in range(4)]
        dovecot.fill([c.replace(b"\r\n", b"\n") for c in contents])
        direct = pop3_direct(self.upstreams, DOVECOT)
        given = [direct.retr(number) for number in direct.list()]
        direct.quit()
        equal(given, contents, "what Dovecot gives without us")
        return given

    def fetch(self, dovecot: Dovecot, client: str, server: str,
              implicit: bool) -> None:
        """One client fetches and deletes everything."""
        given = self.fill(dovecot, f"{client}-{implicit}")
        pop3 = self.use_pop3(server, implicit)
        pop3.count = len(given)
        got = getattr(pop3, client)(f"{client}-{implicit}")
        bodies = [m.partition("\n\n")[2].rstrip("\n") for m in got]
        equal(sorted(bodies), sorted(
            c.decode().replace("\r\n", "\n").partition("\n\n")[2].rstrip("\n")
            for c in given), "what the client got")
        equal(self.site.kept_messages(), given, "the copies")
        equal(dovecot.left(), 0, "messages left at the server")

    def fetch_with(self, dovecot: Dovecot, mechanism: str,
                   server: str) -> None:
        """One mechanism, by curl."""
        given = message(mechanism)
        dovecot.fill([given])
        is_token = mechanism in ("XOAUTH2", "OAUTHBEARER")
        pop3 = self.use_pop3(server, True, TOKEN if is_token else PASSWORD)
        secret = f'user = "{pop3.user}:"\noauth2-bearer = "{TOKEN}"\n' \
            if is_token else f'user = "{pop3.user}:{PASSWORD}"\n'
        got = pop3.run(
            [tool("curl"), "-sS", "--cacert", str(self.site.instance.tls.ca),
             "-K", "-", "--login-options", f"AUTH={mechanism}",
             f"pop3s://localhost:{pop3.port}/1"], secret)
        equal(normalised(got.encode()), given, "what curl got")
        equal(self.site.kept_messages(), [given], "the copy")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each client, each way to TLS, each server; then each mechanism."""
    with Upstreams(place) as upstreams, \
            ProxySite(place, upstreams.tls) as site:
        dovecot = upstreams.dovecot()
        upstreams.postfix(dovecot)
        clients = Clients(place, upstreams, site)
        for number, client in enumerate(("msmtp", "swaks", "curl", "smtplib")):
            for implicit in (False, True):
                server = (DOVECOT, POSTFIX)[(number + implicit) % 2]
                if client != "curl":  # a colon would end its user name
                    server += ":465" if number % 2 else ":587"
                name = "implicit" if implicit else "starttls"
                yield (f"proxy-{client}-{name}", functools.partial(
                    clients.send, client, server, implicit))
        for client in ("mpop", "fetchmail", "curl", "getmail", "poplib"):
            for implicit in (False, True):
                if client == "getmail" and not implicit:
                    continue  # it knows no STLS
                server = DOVECOT if client == "curl" else \
                    f"{DOVECOT}:{110 if implicit else 995}"
                name = "implicit" if implicit else "stls"
                yield (f"proxy-{client}-{name}", functools.partial(
                    clients.fetch, dovecot, client, server, implicit))
        yield "proxy-wrong-password", clients.wrong_password
        yield from mechanisms(clients, upstreams, dovecot)


def mechanisms(clients: Clients, upstreams: Upstreams,
               dovecot: Dovecot) -> Iterator[Case]:
    """Each one towards a server that knows it, and one that does not."""
    only_login = upstreams.dovecot(ONLY_LOGIN, "login")
    only_xoauth2 = upstreams.dovecot(ONLY_XOAUTH2, "xoauth2")
    plan = [("PLAIN", DOVECOT, dovecot), ("LOGIN", DOVECOT, dovecot),
            ("XOAUTH2", DOVECOT, dovecot), ("OAUTHBEARER", DOVECOT, dovecot),
            ("PLAIN", ONLY_LOGIN, only_login),
            ("OAUTHBEARER", ONLY_XOAUTH2, only_xoauth2)]
    for mechanism, server, at in plan:
        name = f"{mechanism.lower()}-{server.split('.')[0]}"
        yield (f"proxy-smtp-msmtp-{name}", functools.partial(
            clients.send_with, "msmtp", mechanism, server))
        yield (f"proxy-smtp-curl-{name}", functools.partial(
            clients.send_with, "curl", mechanism, server))
        yield (f"proxy-pop3-curl-{name}", functools.partial(
            clients.fetch_with, at, mechanism, server))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
