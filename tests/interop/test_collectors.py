#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real collectors empty a mailbox through pop3-serve, with the certificate
checked: getmail6, fetchmail (it fetches with TOP), mpop (it pipelines), curl,
and a client that sends QUIT and hangs up without reading the answer. Each must
get every message whole, and what it deletes must be gone.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3_clients import Pop3Clients
from harness.report import Report, equal
from harness.script import Case, run_script
from harness.servers import Server, SocketActivate, Spawner, Xinetd
from harness.smtp import Smtp
from harness.wire import Wire

N_MESSAGES = 7
LINES = ["a line", ".", "..", ".dot first", "", "x" * 900, "last line"]


class Collectors(Pop3Clients):
    """A mailbox for each collector, filled before it comes."""

    def __init__(self, place: Place, instance: Instance) -> None:
        super().__init__(place, instance)
        self.mailbox: Mailbox | None = None
        self.sender = Spawner(instance, "smtp-journal", "--tls=starttls")
        self.count = N_MESSAGES

    def fill(self, token: str) -> list[str]:
        """Put messages into the mailbox; their texts."""
        texts = ["\n".join([f"{token} {number}", *LINES[number:], ""])
                 for number in range(N_MESSAGES)]
        client, handler = self.sender.open()
        smtp = Smtp(Wire(client), self.instance.context)
        for number, text in enumerate(texts):
            content = (f"From: a@sender.example\nSubject: {token} {number}\n"
                       f"\n{text}").replace("\n", "\r\n").encode()
            smtp.deliver(self.mailbox.address, content).want(250)
        smtp.quit()
        handler.wait(300)
        return texts

    def quit_and_close(self, _name: str) -> list[str]:
        """What some archives do: QUIT, and away, no answer read."""
        pop3 = self.instance.pop3(self.port, self.mailbox, self.implicit)
        messages = []
        for number in pop3.list():
            messages.append(pop3.retr(number).decode().replace("\r\n", "\n"))
            pop3.dele(number)
        pop3.wire.send(b"QUIT\r\n")
        pop3.wire.close()
        return messages

    def case(self, start: Callable[[], Server], implicit: bool,
             collect: Callable[[str], list[str]], name: str) -> None:
        """One collector against one server."""
        self.implicit = implicit
        self.mailbox = self.instance.create_mailbox(name)
        self.user, self.password = self.mailbox.id, self.mailbox.password
        texts = self.fill(name)
        with start() as server:
            self.port = server.port
            messages = collect(name)
            until(lambda: not self.instance.kept(self.mailbox), 300,
                  "the mailbox is empty")
            server.idle()
        bodies = [m.partition("\n\n")[2] for m in messages]
        if any(body not in texts for body in bodies):
            bodies = [body.removesuffix("\n") for body in bodies]
            texts = [text.removesuffix("\n") for text in texts]
        equal(sorted(bodies), sorted(texts), "what was collected")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each collector, each server, each way to TLS at least once."""
    instance = Instance(place)
    collectors = Collectors(place, instance)

    def start(server: str, tls: str) -> Server:
        if server == "xinetd":
            return Xinetd(instance, [("pop3-serve", f"--tls={tls}")])
        return SocketActivate(instance, "pop3-serve", f"--tls={tls}")

    plan = [("getmail", "xinetd", "implicit"),
            ("getmail", "systemd", "implicit"),
            ("fetchmail", "xinetd", "starttls"),
            ("fetchmail", "systemd", "implicit"),
            ("mpop", "xinetd", "implicit"), ("mpop", "systemd", "starttls"),
            ("curl", "xinetd", "starttls"), ("curl", "systemd", "implicit"),
            ("quit_and_close", "xinetd", "implicit"),
            ("quit_and_close", "systemd", "starttls")]
    for program, server, tls in plan:
        name = f"collector-{program.replace('_', '-')}-{server}-{tls}"
        yield name, functools.partial(
            collectors.case, functools.partial(start, server, tls),
            tls == "implicit", getattr(collectors, program), name)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
