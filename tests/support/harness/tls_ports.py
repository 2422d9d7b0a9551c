# SPDX-License-Identifier: GPL-3.0-or-later
"""Every port at which Restante speaks TLS, the console's too, in one site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .certs import EC
from .instance import Instance
from .place import Place
from .servers import Xinetd
from .web_servers import Lighttpd, with_console

HANDLERS = {"smtp-journal": "smtp", "smtp-proxy": "smtp",
            "pop3-proxy": "pop3", "pop3-serve": "pop3"}
GREETINGS = {"smtp": b"220 ", "pop3": b"+OK "}
SERVICES = [(handler, f"--tls={mode}") for handler in HANDLERS
            for mode in ("starttls", "implicit")]


@dataclass(frozen=True)
class Port:
    """Where TLS is spoken, in which protocol it has to be asked for, and how
    whoever answers under it speaks first, if at all.
    """

    name: str
    number: int
    starttls: str = ""
    greeting: bytes = b""

    @property
    def asking(self) -> list[str]:
        """The option of openssl's s_client."""
        return ["-starttls", self.starttls] if self.starttls else []


class TlsSite:
    """All handlers and a console over one instance; a context."""

    def __init__(self, place: Place, name: str, kind: Sequence[str] = EC
                 ) -> None:
        self.instance = with_console(Instance(place, name))
        self.instance.certify(kind)
        self.handlers = Xinetd(self.instance, SERVICES)
        self.console = Lighttpd(self.instance)

    def ports(self) -> Iterator[Port]:
        """In the order of the handlers; the console's last."""
        for (handler, option), number in zip(SERVICES, self.handlers.ports):
            protocol = HANDLERS[handler]
            if option == "--tls=starttls":
                yield Port(f"{handler}-starttls", number, starttls=protocol)
            else:
                yield Port(f"{handler}-implicit", number,
                           greeting=GREETINGS[protocol])
        yield Port("console", self.console.port)

    def __enter__(self) -> "TlsSite":
        return self

    def __exit__(self, *_: object) -> None:
        self.console.stop()
        self.handlers.stop()
