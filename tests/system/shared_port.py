# SPDX-License-Identifier: GPL-3.0-or-later
"""One standard port for both: pop3-proxy on 110 and 995, with pop3-serve behind
it, serves mail clients and collectors alike; and a client sends through 587 and
465. The real server is a stub on another host.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from host import POP3, POP3S, Host
from load import message

from harness import stub_servers
from harness.certs import make_certificate
from harness.deadline import until
from harness.nets import THEIRS, OtherHost
from harness.pop3 import Pop3, Refused
from harness.report import Failure, check, equal
from harness.smtp import Smtp
from harness.wire import Wire, tls_context

SUBMISSION, SUBMISSIONS = 587, 465
CONF = "/etc/restante/restante.conf"
CA = "/etc/restante/upstream-ca.pem"
COLLECTING = ["restante-pop3-serve.socket", "restante-pop3s-serve.socket"]
SHARED = ["restante-pop3-proxy.socket", "restante-pop3s-proxy.socket",
          "restante-smtp-proxy.socket", "restante-smtps-proxy.socket"]
BEHIND = "restante-pop3-behind.socket"


class SharedPort:
    """The installable choice, taken and given up again."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.machine = host.machine
        self.log = host.work / "stub.log"

    def _systemctl(self, *words: str) -> str:
        return self.machine.run("systemctl", *words, want=None).stdout.strip()

    def choose(self, stack: ExitStack) -> None:
        """The proxies' sockets instead of pop3-serve's; a server to reach."""
        other = stack.enter_context(OtherHost())
        (self.host.work / "stub").mkdir()
        tls = make_certificate(self.host.work / "stub")
        self.log.touch()
        other.serve("harness.stub_servers", THEIRS, tls.certificate, tls.key,
                    self.log)
        shutil.copyfile(tls.ca, self.host.inside(CA))
        self.machine.shell(
            f"cp {CONF} {CONF}.before; chmod 644 {CA}\n"
            f"echo 'proxy {{ upstream-ca = \"{CA}\" }}' >>{CONF}")
        for target in ("4465,tls=implicit", "4587,tls=starttls",
                       "4995,tls=implicit"):
            self.machine.run("restante", "mailbox", "target", "add",
                             self.host.id, f"{THEIRS}:{target}")
        self.machine.run("systemctl", "disable", "--now", *COLLECTING)
        self.machine.run("systemctl", "enable", "--now", *SHARED)
        for unit in (*SHARED, BEHIND):
            equal(self._systemctl("is-active", unit), "active", unit)

    def collectors(self) -> None:
        """In and out again, on both ports; the log has the real client."""
        for port in (POP3, POP3S):
            self.host.round_trip(port, f"shared-{port}")
        until(self._was_collected, 300,
              "pop3-serve's line with the client's address and TLS")

    def _was_collected(self) -> bool:
        return any("peer=127.0.0.1 " in f"{line} " and "tls=TLS1." in line
                   and "outcome=collected" in line for line in
                   self.machine.journal("-t", "pop3-serve").splitlines()[-8:])

    def wrong_collector(self) -> None:
        """His password is pop3-serve's to judge, on this port too."""
        try:
            self.host.pop3(POP3S, "wrong-wrong-wrong")
        except Refused as why:
            check("[AUTH]" in str(why), f"no [AUTH]: {why}")
            return
        raise Failure("a wrong password was accepted")

    def _user(self, port: int) -> str:
        return f"joe%{THEIRS}:{port}%{self.host.id}"

    def _take_all(self) -> list[bytes]:
        """What a collector gets on the shared port."""
        pop3 = self.host.pop3(POP3S)
        found = []
        for number in pop3.list():
            found.append(pop3.retr(number))
            pop3.dele(number)
        pop3.quit()
        return found

    def _check_kept(self, wanted: list[bytes]) -> None:
        kept = self._take_all()
        equal(len(kept), len(wanted), "copies")
        for copy, original in zip(kept, wanted):
            check(copy.endswith(original), f"kept: {copy!r}")

    def fetching(self) -> None:
        """A mail client on either port; a collector finds its messages once."""
        for port in (POP3, POP3S):
            pop3 = Pop3(Wire.connect(port), tls_context(self.host.ca),
                        implicit=port == POP3S)
            pop3.login(self._user(4995), "secret")
            for number, wanted in enumerate(stub_servers.MAILDROP, 1):
                equal(pop3.retr(number), wanted, "what the client got")
            pop3.quit()
        self._check_kept(stub_servers.MAILDROP)

    def sending(self) -> None:
        """Through 587 and 465, to a server under STARTTLS and one under TLS."""
        content = message("sent")
        for port, server in ((SUBMISSION, 4587), (SUBMISSIONS, 4465)):
            smtp = Smtp(Wire.connect(port), tls_context(self.host.ca),
                        implicit=port == SUBMISSIONS)
            smtp.auth_plain(self._user(server)).want(235)
            smtp.deliver("to@example.org", content).want(250)
            smtp.quit()
        self._check_kept([content, content])
        equal(self.log.read_bytes().count(b"X-Load: sent"), 2, "passed on")

    def give_up(self) -> None:
        """Back to pop3-serve's own sockets; nothing is left of the choice."""
        self.machine.run("systemctl", "disable", "--now", *SHARED, BEHIND)
        self.machine.run("systemctl", "enable", "--now", *COLLECTING)
        self.machine.shell(f"mv {CONF}.before {CONF}; rm {CA}")
        self.host.nothing_failed()
        self.host.round_trip(POP3S, "alone-again")

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """In this order."""
        with ExitStack() as stack:
            yield "shared-port-chosen", lambda: self.choose(stack)
            yield "shared-port-collectors", self.collectors
            yield "shared-port-wrong-collector", self.wrong_collector
            yield "shared-port-fetching", self.fetching
            yield "shared-port-sending", self.sending
            yield "shared-port-given-up", self.give_up
