# SPDX-License-Identifier: GPL-3.0-or-later
"""One service for all connections of a port: no session ends by what ends the
service, nor by a change to a unit for each connection and back, which is what
an upgrade of units from before is.
"""

from collections.abc import Callable, Iterator

import tree
from host import CLONE, POP3S, Host
from load import Load, collect, compare, eventually, message

from harness.deadline import until
from harness.report import check, equal
from harness.smtp import Smtp

SOCKET = "restante-smtp-journal.socket"
SERVICE = "restante-smtp-journal.service"
KILLS = 8


class OneService:
    """The host's port 25, served in another way for a while."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.machine = host.machine

    def main_pid(self) -> int:
        """The acceptor, as it is called in there; 0: none."""
        return int(self.machine.run("systemctl", "show", "-P", "MainPID",
                                    SERVICE).stdout)

    def go_on(self, smtp: Smtp, token: str) -> None:
        """A session that was there before takes mail still."""
        smtp.deliver(self.host.mailbox["address"], message(token)).want(250)
        smtp.quit()

    def killed(self) -> None:
        """More often than systemd would start another service again."""
        host = self.host
        host.empty()
        smtp = host.smtp()
        with host.load("killed") as load:
            for _ in range(KILLS):
                pid = until(self.main_pid, 20, "an acceptor")
                self.machine.run("systemctl", "kill", "--kill-whom=main",
                                 "--signal=KILL", SERVICE)
                until(lambda pid=pid: self.main_pid() != pid, 20, "its end")
                load.reach(2)
            self.go_on(smtp, "killed")
        load.check_replies()
        self.require_all(load.acknowledged)
        self.machine.run("systemctl", "reset-failed", SERVICE, want=None)
        host.nothing_failed()

    def stopped(self) -> None:
        """Whoever stops the service ends no session."""
        smtp = self.host.smtp()
        self.machine.run("systemctl", "stop", SERVICE)
        equal(self.main_pid(), 0, "the acceptor")
        self.go_on(smtp, "stopped")
        self.host.deliver("after-it")
        check(self.main_pid(), "no acceptor")
        self.host.empty()

    def restarted(self) -> None:
        """As for another port: the socket, under load and with a session."""
        smtp = self.host.smtp()
        with self.host.load("restarted") as load:
            load.reach(3)
            pid = until(self.main_pid, 20, "an acceptor")
            self.machine.run("systemctl", "restart", SOCKET)
            load.reach(10)
            check(self.main_pid() not in (0, pid), "the acceptor of before")
            self._require_active()
            self.go_on(smtp, "restarted")
        load.check_replies()
        self.require_all(load.acknowledged)

    def a_unit_each(self) -> None:
        """By the documented commands, under load and with a session."""
        smtp = self.host.smtp()
        with self.host.load("each") as load:
            load.reach(3)
            self._documented(1)
            load.reach(10)
            equal(self.main_pid(), 0, "the acceptor")
            self.go_on(smtp, "each")
            self.host.deliver("each-anew")
        load.check_replies()
        self.report_deferred(load, "to Accept=yes")
        self.require_all(load.acknowledged)

    def upgraded(self) -> None:
        """Units of before become those of now, and so back again."""
        smtp = self.host.smtp()
        with self.host.load("upgraded") as load:
            load.reach(3)
            self._documented(2)
            load.reach(10)
            check(self.main_pid(), "no acceptor")
            self._require_active()
            self.go_on(smtp, "upgraded")
        load.check_replies()
        self.report_deferred(load, "to Accept=no")
        self.require_all(load.acknowledged)
        self.host.nothing_failed()

    def _documented(self, block: int) -> None:
        self.machine.shell(tree.commands_below(
            "A unit for each connection", "docs/production.md", block),
            cwd=CLONE)

    def _require_active(self) -> None:
        equal(self.machine.run("systemctl", "is-active", SOCKET)
              .stdout.strip(), "active", SOCKET)

    def report_deferred(self, load: Load, name: str) -> None:
        """How many connections a sender had to make again."""
        self.host.report.figure(f"deferred {name}", load.deferred)

    def require_all(self, acknowledged: dict[str, str]) -> None:
        """What was acknowledged is collected, once and whole."""
        compare(collect(eventually(lambda: self.host.pop3(POP3S), 60,
                                   "a login")), acknowledged)

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """In this order."""
        yield "one-service-killed", self.killed
        yield "one-service-stopped", self.stopped
        yield "one-service-restarted", self.restarted
        yield "one-service-left", self.a_unit_each
        yield "one-service-upgraded", self.upgraded
