# SPDX-License-Identifier: GPL-3.0-or-later
"""One service for all connections of a port, as docs/production.md sets it up
on a host that serves: no session ends by that, nor by what ends the service.
"""

from collections.abc import Callable, Iterator

import tree
from host import CLONE, POP3S, Host
from load import collect, compare, message

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

    def switch(self) -> None:
        """By the documented commands, under load and with a session."""
        host = self.host
        host.empty()
        smtp = host.smtp()
        with host.load("switch") as load:
            load.reach(3)
            self.machine.shell(tree.commands_below(
                "One service a port", "docs/production.md"), cwd=CLONE)
            load.reach(10)
            check(self.main_pid(), "no acceptor")
            equal(self.machine.run("systemctl", "is-active", SOCKET)
                  .stdout.strip(), "active", SOCKET)
            self.go_on(smtp, "switched")
        load.check_replies()
        self.require_all(load.acknowledged)

    def killed(self) -> None:
        """More often than systemd would start another service again."""
        host = self.host
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

    def back(self) -> None:
        """A service for each connection again."""
        smtp = self.host.smtp()
        self.machine.shell(tree.commands_below(
            "One service a port", "docs/production.md", 2), cwd=CLONE)
        self.go_on(smtp, "back")
        self.host.deliver("back-again")
        equal(self.main_pid(), 0, "the acceptor")
        self.host.empty()
        self.host.nothing_failed()

    def require_all(self, acknowledged: dict[str, str]) -> None:
        """What was acknowledged is collected, once and whole."""
        compare(collect(self.host.pop3(POP3S)), acknowledged)

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """In this order."""
        yield "one-service-switch", self.switch
        yield "one-service-killed", self.killed
        yield "one-service-stopped", self.stopped
        yield "one-service-back", self.back
