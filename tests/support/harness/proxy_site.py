# SPDX-License-Identifier: GPL-3.0-or-later
"""A Restante between clients here and the real servers of the other host."""

from .certs import Certificate
from .instance import Instance
from .lineends import without_trace
from .place import Place
from .pop3 import Pop3
from .servers import Xinetd
from .upstreams import ADDRESSES, PASSWORD, USER, Upstreams
from .wire import Wire, tls_context

SERVICES = [("smtp-proxy", "--tls=starttls"), ("smtp-proxy", "--tls=implicit"),
            ("pop3-proxy", "--tls=starttls"), ("pop3-proxy", "--tls=implicit"),
            ("pop3-serve", "--tls=starttls")]


class ProxySite:
    """An instance whose mailbox may reach every upstream; a context."""

    def __init__(self, place: Place, authority: Certificate) -> None:
        self.instance = Instance(place)
        self.instance.configure(proxy={"upstream-ca": authority.ca})
        self.mailbox = self.instance.create_mailbox("proxied")
        for name in ADDRESSES:
            self.allow(name)
        self.front = Xinetd(self.instance, SERVICES)
        self.collector_port = self.front.ports[-1]

    def allow(self, target: str) -> None:
        """Another server for the mailbox."""
        self.instance.restante("mailbox", "target", "add", self.mailbox.id,
                               target)

    def port(self, service: str, implicit: bool) -> int:
        """Where a proxy listens."""
        tls = "implicit" if implicit else "starttls"
        return self.front.ports[SERVICES.index((service, f"--tls={tls}"))]

    def user(self, server: str, name: str = USER) -> str:
        """The user name that a client is given; server may name a port."""
        return f"{name}%{server}%{self.mailbox.id}"

    def pop3(self, user: str, password: str = PASSWORD) -> Pop3:
        """A client of the proxy that has logged in."""
        wire = Wire.connect(self.port("pop3-proxy", True))
        pop3 = Pop3(wire, self.instance.context, implicit=True)
        pop3.login(user, password)
        return pop3

    def kept(self) -> list[bytes]:
        """All copies, as the archive collects them; the mailbox is empty."""
        return self.instance.collect(self.collector_port, self.mailbox)

    def kept_messages(self) -> list[bytes]:
        """The same without the trace header."""
        return [without_trace(copy) for copy in self.kept()]

    def __enter__(self) -> "ProxySite":
        return self

    def __exit__(self, *_: object) -> None:
        self.front.stop()


def pop3_direct(upstreams: Upstreams, server: str) -> Pop3:
    """The real server without a proxy between."""
    wire = Wire.connect(995, address=ADDRESSES[server])
    pop3 = Pop3(wire, tls_context(str(upstreams.tls.ca)), server,
                implicit=True)
    pop3.login(USER, PASSWORD)
    return pop3
