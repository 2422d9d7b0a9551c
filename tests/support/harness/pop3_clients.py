# SPDX-License-Identifier: GPL-3.0-or-later
"""Real POP3 clients that empty a mailbox, with the certificate checked."""

import poplib
import re
import subprocess
from pathlib import Path

from .instance import Instance
from .place import Place
from .report import check, equal
from .tools import tool, tool_env

GETMAIL = """[retriever]
type = SimplePOP3SSLRetriever
server = localhost
port = {port}
username = {user}
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
  username "{user}" password "{password}"
  {tls} sslcertck sslcertfile {ca}
  mda "cat > {out}/new/$$" no keep
"""

MPOP = """account default
host localhost
port {port}
user {user}
password {password}
tls on
tls_starttls {starttls}
tls_trust_file {ca}
delivery maildir {out}
uidls_file {out}/uidls
received_header off
keep off
"""


class Pop3Clients:
    """How each is started; who logs in where is set before it is."""

    def __init__(self, place: Place, instance: Instance) -> None:
        self.place = place
        self.instance = instance
        self.port = 0
        self.implicit = False
        self.count = 0  # of messages that wait
        self.user, self.password = "", ""

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
        return {"port": self.port, "user": self.user, "out": out,
                "password": self.password, "ca": self.instance.tls.ca,
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
        command = [tool("getmail"), f"--getmaildir={out}", f"--rcfile={rc}"]
        # It misses the end of its own child where that comes before it waits
        # (baseclasses.py, _wait_for_child), and stands still: then nothing
        # was deleted, and it comes once more.
        for _ in range(3):
            try:
                self.run(command)
                return self.delivered(out)
            except subprocess.TimeoutExpired:
                for path in (out / "new").iterdir():
                    path.unlink()
        self.run(command)
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
        equal(len(tops), self.count, "fetchmail's TOP commands")
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
        secret = f'user = "{self.user}:{self.password}"\n'
        numbers = [int(line.split()[0])
                   for line in self.run([*common, base], secret).splitlines()]
        messages = [self.run([*common, f"{base}{n}"], secret) for n in numbers]
        for _ in numbers:  # those behind it move up
            self.run([*common, "-I", "-X", "DELE", f"{base}1"], secret)
        return [message.replace("\r\n", "\n") for message in messages]

    def poplib(self, _name: str) -> list[str]:
        """Python's own client: LIST, RETR, DELE, QUIT."""
        if self.implicit:
            pop3 = poplib.POP3_SSL("localhost", self.port,
                                   context=self.instance.context)
        else:
            pop3 = poplib.POP3("localhost", self.port)
            pop3.stls(self.instance.context)
        pop3.user(self.user)
        pop3.pass_(self.password)
        messages = []
        for number in range(1, len(pop3.list()[1]) + 1):
            lines = pop3.retr(number)[1]
            messages.append(b"\n".join([*lines, b""]).decode())
            pop3.dele(number)
        pop3.quit()
        return messages
