#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail libraries exchange mail with real servers through the proxies, and collect
from pop3-serve: JavaMail, nodemailer, PHPMailer, Net::SMTP and neomutt submit to
Dovecot and Postfix; JavaMail, node-pop3, Net::POP3, Ruby's net/pop and neomutt
empty a mailbox at Dovecot, and the archive. Each logs in once with the mailbox's id
and once with its alias. What the one side got, what the other gave and what was
kept are the same octets.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.libraries import Libraries
from harness.lineends import normalised, stuffed, without_trace
from harness.place import Place
from harness.proxy_site import ProxySite, pop3_direct
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.smtp import Smtp
from harness.upstreams import (DOVECOT, PASSWORD, POSTFIX, Dovecot, Upstreams)
from harness.wire import Wire

SENDER, TO = "joe@provider.test", "to@receiver.example"
LINES = [".", "..two dots", "8 bits: äöü", "x" * 900, "", "end", ""]
Fetch = Callable[[str], list[bytes]]


def messages(token: str) -> list[bytes]:
    """A few, with what libraries get wrong."""
    return [(f"From: joe@provider.test\r\nSubject: {token} {number}\r\n\r\n" +
             "\r\n".join(LINES[number:])).encode() for number in range(4)]


class Sessions:
    """One site, one provider, every library."""

    def __init__(self, place: Place, upstreams: Upstreams,
                 site: ProxySite, dovecot: Dovecot) -> None:
        self.upstreams, self.site, self.dovecot = upstreams, site, dovecot
        self.libraries = Libraries(place, site.instance.tls.ca)
        self.alias = site.instance.restante(
            "mailbox", "alias", site.mailbox.id).stdout.split()[1]

    def log_in(self, server: str, short: bool) -> None:
        """At that server, by id or by alias."""
        name = self.alias if short else self.site.mailbox.id
        self.libraries.user = f"joe@provider.test%{server}%{name}"
        self.libraries.password = PASSWORD

    def sends(self, send: Callable[[str, str, list[str]], None], server: str,
              short: bool) -> None:
        """Two messages, the same at the server and in the mailbox."""
        self.log_in(server, short)
        self.libraries.port = self.site.port("smtp-proxy", False)
        subjects = [f"{send.__name__}-{number}" for number in (1, 2)]
        send(SENDER, TO, subjects)
        taken, copies = self.upstreams.sink.taken(2), self.site.kept()
        equal(len(copies), 2, "copies")
        contents = sorted(without_trace(copy) for copy in copies)
        equal(sorted(without_trace(t.content) for t in taken), contents,
              "what the server got, and the copies")
        for subject in subjects:
            equal(sum(f"Subject: {subject}\r\n".encode() in content
                      for content in contents), 1, f"copies of {subject}")
        for copy in copies:
            check(f"X-Envelope-To: <{TO}>\r\n".encode() in copy, copy)

    def got(self, fetch: Fetch, given: list[bytes], name: str) -> None:
        """The library has these octets, in its own form of line ends."""
        got = [normalised(content) for content in fetch(name)]
        if fetch == self.libraries.fetch_node_pop3:
            given = [stuffed(content) for content in given]
        equal(got, given, "what the library got")

    def fetches(self, fetch: Fetch, implicit: bool, short: bool,
                name: str) -> None:
        """Everything is fetched, kept, and deleted over there."""
        self.dovecot.fill([content.replace(b"\r\n", b"\n")
                           for content in messages(name)])
        direct = pop3_direct(self.upstreams, DOVECOT)
        given = [direct.retr(number) for number in direct.list()]
        direct.quit()
        equal(given, messages(name), "what Dovecot gives without us")
        self.log_in(DOVECOT, short)
        self.libraries.implicit = implicit
        self.libraries.port = self.site.port("pop3-proxy", implicit)
        self.got(fetch, given, name)
        equal(self.site.kept_messages(), given, "the copies")
        equal(self.dovecot.left(), 0, "messages left at the server")

    def collects(self, fetch: Fetch, implicit: bool, short: bool,
                 name: str) -> None:
        """The archive's own mailbox is emptied."""
        instance, mailbox = self.site.instance, self.site.mailbox
        tls = "implicit" if implicit else "starttls"
        with Xinetd(instance, [("smtp-journal", "--tls=starttls"),
                               ("pop3-serve", f"--tls={tls}")]) as server:
            smtp = Smtp(Wire.connect(server.ports[0]), instance.context)
            for content in messages(name):
                smtp.deliver(mailbox.address, content).want(250)
            smtp.quit()
            server.idle()
            pop3 = instance.pop3(server.ports[1], mailbox, implicit)
            given = [pop3.retr(number) for number in pop3.list()]
            pop3.quit()
            equal([without_trace(content) for content in given],
                  messages(name), "what is kept")
            self.libraries.implicit = implicit
            self.libraries.port = server.ports[1]
            self.libraries.user = self.alias if short else mailbox.id
            self.libraries.password = mailbox.password
            self.got(fetch, given, name)
            server.idle()
        equal(instance.kept(mailbox), [], "messages left")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each library by id and by alias, each way to TLS that it knows."""
    with Upstreams(place) as upstreams, \
            ProxySite(place, upstreams.tls) as site:
        dovecot = upstreams.dovecot()
        upstreams.postfix(dovecot)
        sessions = Sessions(place, upstreams, site, dovecot)
        libraries = sessions.libraries
        for number, send in enumerate((libraries.javamail,
                                       libraries.nodemailer,
                                       libraries.phpmailer,
                                       libraries.net_smtp,
                                       libraries.neomutt)):
            for short in (False, True):
                server = (DOVECOT, POSTFIX)[(number + short) % 2]
                name = f"{send.__name__}-{'alias' if short else 'id'}"
                yield ("proxy-library-" + name.replace("_", "-"),
                       functools.partial(sessions.sends, send, server, short))
        for fetch, knows_stls in ((libraries.fetch_javamail, True),
                                  (libraries.fetch_node_pop3, False),
                                  (libraries.fetch_net_pop3, True),
                                  (libraries.fetch_ruby, False),
                                  (libraries.fetch_neomutt, True)):
            for short in (False, True):
                implicit = short or not knows_stls
                name = (f"{fetch.__name__}-{'alias' if short else 'id'}"
                        ).replace("_", "-")
                for act in (sessions.fetches, sessions.collects):
                    case = f"proxy-library-{act.__name__}-{name}"
                    yield case, functools.partial(act, fetch, implicit, short,
                                                  case)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
