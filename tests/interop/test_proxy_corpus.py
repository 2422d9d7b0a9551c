#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that broke parsers passes through both proxies. What smtp-proxy sends
and what it keeps are the same octets, mended by the rule for line ends; what
pop3-proxy hands to the client and keeps is what the server gave, after the same
rule. A TOP of everything is seen to be the same messages again. The server is a stub that changes nothing, then Dovecot.
"""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.corpora import CORPORA, files_of
from harness.lineends import as_data, passed_on, split_trace
from harness.place import Place
from harness.pop3 import Pop3
from harness.proxy_site import ProxySite, pop3_direct
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.smtp import Smtp
from harness.upstreams import DOVECOT, THEIRS, Dovecot, Upstreams
from harness.wire import Wire


class Corpora:
    """One site, a stub and Dovecot."""

    def __init__(self, upstreams: Upstreams, site: ProxySite,
                 dovecot: Dovecot, report: Report) -> None:
        self.upstreams, self.site = upstreams, site
        self.dovecot, self.report = dovecot, report
        self.folder = upstreams.place.root / "corpus"
        self.folder.mkdir()
        upstreams.host.serve("corpus_upstream", THEIRS,
                             upstreams.tls.certificate, upstreams.tls.key,
                             self.folder)
        for port in (4465, 4995):
            site.allow(f"{DOVECOT}:{port},tls=implicit")

    def taken(self) -> list[bytes]:
        """What the stub got, in order."""
        paths = sorted(self.folder.iterdir())
        contents = [path.read_bytes() for path in paths]
        for path in paths:
            path.unlink()
        return contents

    def all_kept(self, names: list[Path], sent: list[bytes]) -> None:
        """The copies are these, in order, each behind a trace header."""
        copies = self.site.kept()
        equal(len(copies), len(sent), "copies")
        bad = []
        for path, content, copy in zip(names, sent, copies):
            try:
                split_trace(copy, passed_on(content))
            except Failure as why:
                bad.append(f"{path.name}: {why}")
        check(not bad, f"{len(bad)} files: {'; '.join(bad[:5])}")

    def send(self, corpus: str) -> None:
        """All of a corpus in one session."""
        names = files_of(corpus)
        sent = [as_data(path.read_bytes()) for path in names]
        smtp = Smtp(Wire.connect(self.site.port("smtp-proxy", True)),
                    self.site.instance.context, implicit=True)
        user = self.site.user(f"{DOVECOT}:4465", corpus)
        smtp.auth_plain(user).want(235)
        for content in sent:
            smtp.deliver("to@receiver.example", content).want(250)
        smtp.quit()
        taken = self.taken()
        equal(len(taken), len(sent), "messages at the server")
        for path, content, got in zip(names, sent, taken):
            equal(got, passed_on(content), f"{path.name} at the server")
        self.all_kept(names, sent)
        self.report.figure(f"proxy-corpus-{corpus}", f"{len(names)} files, "
                           f"{sum(map(len, sent))} octets")

    @staticmethod
    def fetch_all(pop3: Pop3) -> list[bytes]:
        """Everything by RETR, and an end."""
        contents = [pop3.retr(number) for number in pop3.list()]
        pop3.quit()
        return contents

    def fetch(self, corpus: str) -> None:
        """All of a corpus from the stub, and once more by TOP."""
        names = files_of(corpus)
        given = [as_data(path.read_bytes()) for path in names]
        user = self.site.user(f"{DOVECOT}:4995", corpus)
        got = self.fetch_all(self.site.pop3(user))
        for path, content, fetched in zip(names, given, got, strict=True):
            equal(fetched, passed_on(content), f"{path.name} at the client")
        pop3 = self.site.pop3(user)
        for number, content in enumerate(given, 1):
            equal(pop3.top(number, 99999999), passed_on(content),
                  f"TOP {number}")
        pop3.quit()
        self.all_kept(names, given)

    def fetch_dovecot(self, corpus: str) -> None:
        """All of a corpus from Dovecot, which has ideas of its own."""
        names = files_of(corpus)
        self.dovecot.fill([path.read_bytes() for path in names])
        given = self.fetch_all(pop3_direct(self.upstreams, DOVECOT))
        got = self.fetch_all(self.site.pop3(self.site.user(DOVECOT)))
        equal(len(got), len(names), "messages")
        for path, content, fetched in zip(names, given, got, strict=True):
            equal(fetched, passed_on(content), f"{path.name} at the client")
        self.all_kept(names, given)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Both corpora, both proxies."""
    with Upstreams(place) as upstreams, \
            ProxySite(place, upstreams.tls) as site:
        corpora = Corpora(upstreams, site, upstreams.dovecot(), report)
        for corpus in CORPORA:
            for way in (corpora.send, corpora.fetch, corpora.fetch_dovecot):
                name = way.__name__.replace("_", "-")
                yield (f"proxy-corpus-{corpus}-{name}",
                       functools.partial(way, corpus))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_net=True))
