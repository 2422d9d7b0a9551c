#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that broke parsers goes in by DATA and by BDAT in odd chunks, and must
come out by RETR and by TOP n 99999999 identical after the rule for line ends,
with an exact size in LIST.
"""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.corpora import CORPORA, files_of
from harness.instance import Instance, Mailbox
from harness.lineends import as_data, split_trace
from harness.place import Place
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd

CHUNK = 97  # so that chunks begin and end everywhere


def send_all(instance: Instance, port: int, mailbox: Mailbox,
             contents: list[bytes], chunked: bool) -> None:
    """All of them in one connection, in order."""
    smtp = instance.smtp(port)
    for content in contents:
        smtp.envelope(mailbox.address).want(250)
        if chunked:
            smtp.bdat(content, CHUNK).want(250)
        else:
            smtp.data(content).want(250)
    smtp.quit()


def fetch_all(instance: Instance, port: int, mailbox: Mailbox) -> list[bytes]:
    """All of them, in order, with RETR, TOP and LIST agreeing."""
    pop3 = instance.pop3(port, mailbox)
    messages = []
    for number, size in sorted(pop3.list().items()):
        content = pop3.retr(number)
        equal(len(content), size, f"octets of message {number}")
        check(pop3.top(number, 99999999) == content,
              f"TOP and RETR differ in message {number}")
        messages.append(content)
        pop3.dele(number)
    pop3.quit()
    return messages


def round_trip(instance: Instance, servers: Xinetd, report: Report,
               corpus: str, chunked: bool) -> None:
    """One corpus, one way in."""
    files = files_of(corpus)
    contents = [path.read_bytes() for path in files]
    mailbox = instance.create_mailbox(f"corpus {corpus} {chunked}")
    send_all(instance, servers.ports[0], mailbox, contents, chunked)
    messages = fetch_all(instance, servers.ports[1], mailbox)
    equal(len(messages), len(files), "messages")
    bad = []
    for path, sent, fetched in zip(files, contents, messages):
        try:
            split_trace(fetched, sent if chunked else as_data(sent))
        except Failure as why:
            bad.append(f"{path.name}: {why}")
    check(not bad, f"{len(bad)} of {len(files)} files: {'; '.join(bad[:5])}")
    report.figure(f"corpus-{corpus}-{'bdat' if chunked else 'data'}",
                  f"{len(files)} files, {sum(map(len, contents))} octets")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Both corpora, both ways in."""
    instance = Instance(place)
    services = [("smtp-journal", "--tls=starttls"),
                ("pop3-serve", "--tls=starttls")]
    with Xinetd(instance, services) as servers:
        for corpus in CORPORA:
            for chunked in (False, True):
                yield (f"corpus-{corpus}-{'bdat' if chunked else 'data'}",
                       functools.partial(round_trip, instance, servers, report,
                                         corpus, chunked))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
