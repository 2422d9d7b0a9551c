# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies between clients of ours and stubs of servers on the other host.
"""

import subprocess

from .instance import Instance
from .nets import THEIRS, OtherHost
from .pop3 import Pop3
from .script import require_private_mounts
from .servers import Spawner
from .smtp import Smtp
from .wire import Wire


class Proxied:
    """An instance, and stubs of servers that its mailbox may reach."""

    def __init__(self, instance: Instance, other: OtherHost,
                 module: str = "harness.stub_servers") -> None:
        require_private_mounts()
        self.instance = instance
        instance.configure(proxy={"upstream-ca": instance.tls.ca})
        self.mailbox = instance.create_mailbox("proxied")
        for target in ("4465,tls=implicit", "4587,tls=starttls",
                       "4588,tls=starttls", "4995,tls=implicit"):
            self.allow(f"{THEIRS}:{target}")
        self.smtp_side = Spawner(instance, "smtp-proxy", "--tls=implicit")
        self.pop3_side = Spawner(instance, "pop3-proxy", "--tls=implicit")
        self.collector = Spawner(instance, "pop3-serve", "--tls=starttls")
        self.log = instance.root / "server.log"
        self.log.touch()
        other.serve(module, THEIRS, instance.tls.certificate, instance.tls.key,
                    self.log)

    def allow(self, target: str) -> None:
        """Another server for the mailbox."""
        self.instance.restante("mailbox", "target", "add", self.mailbox.id,
                               target)

    def user(self, port: int, name: str = "joe", host: str = THEIRS) -> str:
        """The user name for a login."""
        return f"{name}%{host}:{port}%{self.mailbox.id}"

    def smtp(self, source: str = "") -> tuple[Smtp, subprocess.Popen]:
        """A client that is greeted and under TLS, and the proxy."""
        client, handler = self.smtp_side.open(source)
        return Smtp(Wire(client), self.instance.context,
                    implicit=True), handler

    def pop3(self, user: str, password: str = "secret"
             ) -> tuple[Pop3, subprocess.Popen]:
        """A client that has logged in."""
        client, handler = self.pop3_side.open()
        pop3 = Pop3(Wire(client), self.instance.context, implicit=True)
        pop3.login(user, password)
        return pop3, handler

    def collector_by_proxy(self) -> tuple[Pop3, subprocess.Popen]:
        """A collector on the proxy's port."""
        client, handler = self.pop3_side.open()
        pop3 = Pop3(Wire(client), self.instance.context, implicit=True)
        pop3.login(self.mailbox.id, self.mailbox.password)
        return pop3, handler

    def kept(self) -> list[bytes]:
        """Collects everything from the mailbox."""
        client, handler = self.collector.open()
        pop3 = Pop3(Wire(client), self.instance.context)
        pop3.login(self.mailbox.id, self.mailbox.password)
        numbers = list(pop3.list())
        messages = [pop3.retr(number) for number in numbers]
        for number in numbers:
            pop3.dele(number)
        pop3.quit()
        handler.wait(300)
        return messages

    def names(self) -> list[str]:
        """The names in cur/."""
        return self.instance.kept(self.mailbox)
