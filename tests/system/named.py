# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is known by a name which no resolver knows: mail in and out."""

import re
import ssl
from pathlib import Path

from load import collect, compare, digest, message

from harness.deadline import until
from harness.pop3 import Pop3
from harness.report import equal
from harness.smtp import Smtp
from harness.wire import Wire


def eventually_connects(port: int) -> None:
    """Somebody listens."""
    def listens() -> bool:
        try:
            Wire.connect(port).close()
        except ConnectionRefusedError:
            return False
        return True
    until(listens, 60, f"port {port}")


def box(said: str) -> dict[str, str]:
    """The lines of `mailbox create`."""
    found = dict(re.findall(r"^(id|address|password): (.*)$", said,
                            re.MULTILINE))
    equal(sorted(found), ["address", "id", "password"], said)
    return found


def round_trip(mailbox: dict[str, str], smtp_port: int, pop3_port: int,
               context: ssl.SSLContext, token: str) -> None:
    """In with STARTTLS, out under TLS."""
    smtp = Smtp(Wire.connect(smtp_port), context)
    smtp.deliver(mailbox["address"], message(token)).want(250)
    smtp.quit()
    pop3 = Pop3(Wire.connect(pop3_port), context, implicit=True)
    pop3.login(mailbox["id"], mailbox["password"])
    compare(collect(pop3), {token: digest(message(token))})


class Named(ssl.SSLContext):
    """Trusts this authority alone, for this one name, which no resolver knows."""

    def __new__(cls, _authority: Path | str, _name: str) -> "Named":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, authority: Path | str, name: str) -> None:
        super().__init__()
        self.load_verify_locations(authority)
        self.name = name

    def wrap_socket(self, sock: object, **options: object) -> ssl.SSLSocket:
        """As if the caller had connected to that name."""
        return super().wrap_socket(sock, **{**options, "server_hostname": self.name})
