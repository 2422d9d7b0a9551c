#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real collectors empty a mailbox through pop3-serve, with the certificate
checked: getmail6, fetchmail (it fetches with TOP), mpop (it pipelines), curl,
and a client that sends QUIT and hangs up without reading the answer. Each must
get every message whole, and what it deletes must be gone.
"""

import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.servers import Server, SocketActivate, Spawner, Xinetd
from harness.smtp import Smtp
from harness.tools import tool, tool_env
from harness.wire import Wire

N_MESSAGES = 7
LINES = ["a line", ".", "..", ".dot first", "", "x" * 900, "last line"]

GETMAIL = """[retriever]
type = SimplePOP3SSLRetriever
server = localhost
port = {port}
username = {id}
password = {password}
ca_certs = {ca}
[destination]
type = Maildir
path = {out}/
[options]
read_all = true
delete = true
received = false
delivered_to = false
"""

FETCHMAIL = """set invisible
poll localhost protocol pop3 service {port}
  username "{id}" password "{password}"
  {tls} sslcertck sslcertfile {ca}
  mda "cat > {out}/new/$$" no keep
"""

MPOP = """account default
host localhost
port {port}
user {id}
password {password}
tls on
tls_starttls {starttls}
tls_trust_file {ca}
delivery maildir {out}
uidls_file {out}/uidls
received_header off
keep off
"""


class Collectors:
    """A mailbox for each collector, filled before it comes."""

    def __init__(self, place: Place, instance: Instance) -> None:
        self.place = place
        self.instance = instance
        self.mailbox: Mailbox | None = None
        self.sender = Spawner(instance, "smtp-journal", "--tls=starttls")
        self.port = 0
        self.implicit = False

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
        handler.wait(10)
        return texts

    def file(self, name: str, text: str) -> Path:
        """A configuration file that only its owner reads."""
        path = self.place.root / name
        path.write_text(text)
        path.chmod(0o600)
        self.place.give(path)
        return path

    def maildir(self, name: str) -> Path:
        """An empty maildir."""
        path = self.place.folder(name)
        for folder in ("tmp", "new", "cur"):
            self.place.folder(f"{name}/{folder}")
        return path

    def values(self, out: Path) -> dict[str, object]:
        """What the configuration files are filled in with."""
        return {"port": self.port, "id": self.mailbox.id, "out": out,
                "password": self.mailbox.password,
                "ca": self.instance.tls.ca,
                "starttls": "off" if self.implicit else "on",
                "tls": "ssl" if self.implicit else 'sslproto "TLS1.2+"'}

    def run(self, command: list[str], text: str = "",
            **env: str) -> str:
        """Run a collector; it must say that it succeeded."""
        done = subprocess.run(
            command, input=text, text=True, timeout=60, check=False,
            encoding="utf-8", errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=tool_env(command[0], HOME=str(self.place.root), **env),
            cwd=self.place.root, **self.place.as_user)
        check(done.returncode == 0, f"{Path(command[0]).name} ended with "
              f"{done.returncode}: {done.stdout[-800:]}")
        return done.stdout

    @staticmethod
    def delivered(out: Path) -> list[str]:
        """The messages in a maildir."""
        return [path.read_text("utf-8") for path in (out / "new").iterdir()]

    def getmail(self, name: str) -> list[str]:
        """Getmail6: UIDL, LIST, RETR, DELE."""
        out = self.maildir(name)
        rc = self.file(f"{name}.rc", GETMAIL.format(**self.values(out)))
        self.run([tool("getmail"), f"--getmaildir={out}",
                  f"--rcfile={rc}"])
        return self.delivered(out)

    def fetchmail(self, name: str) -> list[str]:
        """Fetchmail fetches with TOP unless told otherwise."""
        out = self.maildir(name)
        rc = self.file(f"{name}.rc", FETCHMAIL.format(**self.values(out)))
        said = self.run([tool("fetchmail"), "-f", str(rc), "-v", "-v",
                         "--nosyslog", "--nodetach", "-d", "0",
                         "--idfile", f"{out}/ids", "--pidfile", f"{out}/pid"],
                        FETCHMAILHOME=str(self.place.root))
        tops = re.findall(r"POP3> TOP \d+ 99999999", said)
        equal(len(tops), N_MESSAGES, "fetchmail's TOP commands")
        check("POP3> RETR" not in said, "fetchmail used RETR")
        return self.delivered(out)

    def mpop(self, name: str) -> list[str]:
        """Mpop sends several commands before it reads."""
        out = self.maildir(name)
        rc = self.file(f"{name}.rc", MPOP.format(**self.values(out)))
        said = self.run([tool("mpop"), "-C", str(rc), "--debug"])
        check(re.search(r"--> (RETR|DELE) .*\n--> (RETR|DELE) ", said),
              f"mpop did not pipeline: {said[-1500:]}")
        return self.delivered(out)

    def curl(self, _name: str) -> list[str]:
        """Curl: one command a connection."""
        scheme = "pop3s" if self.implicit else "pop3"
        base = f"{scheme}://localhost:{self.port}/"
        common = [tool("curl"), "-sS", "--ssl-reqd", "--cacert",
                  str(self.instance.tls.ca), "-K", "-"]
        secret = f'user = "{self.mailbox.id}:{self.mailbox.password}"\n'
        numbers = [int(line.split()[0])
                   for line in self.run([*common, base], secret).splitlines()]
        messages = [self.run([*common, f"{base}{n}"], secret) for n in numbers]
        for _ in numbers:  # those behind it move up
            self.run([*common, "-I", "-X", "DELE", f"{base}1"], secret)
        return [message.replace("\r\n", "\n") for message in messages]

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
        texts = self.fill(name)
        with start() as server:
            self.port = server.port
            messages = collect(name)
            until(lambda: not self.instance.kept(self.mailbox), 10,
                  "the mailbox is empty")
            server.idle()
        bodies = [m.partition("\n\n")[2] for m in messages]
        if any(body not in texts for body in bodies):
            bodies = [body.removesuffix("\n") for body in bodies]
            texts = [text.removesuffix("\n") for text in texts]
        equal(sorted(bodies), sorted(texts), "what was collected")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each collector, each server, each way to TLS at least once."""
    instance = Instance(place, identity={"scrypt-log-n": 10})
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
