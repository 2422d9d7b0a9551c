# SPDX-License-Identifier: GPL-3.0-or-later
"""Neomutt, as people use it: it sends what it is given, and in a terminal of our
own it fetches into a maildir. It checks the certificate.
"""

import os
import pty
import select
import signal
import subprocess
import time
import urllib.parse
from pathlib import Path

from .place import Place
from .report import check
from .tools import tool, tool_env

SECONDS = 120
RC = """set ssl_ca_certificates_file = "{ca}"
set ssl_use_system_certs = no
set ssl_starttls = yes
set ssl_force_tls = yes
set smtp_url = "smtp://{url_user}@localhost:{port}"
set smtp_pass = "{password}"
set smtp_authenticators = "plain"
set pop_host = "{scheme}://localhost:{port}"
set pop_user = "{user}"
set pop_pass = "{password}"
set pop_delete = yes
set mbox_type = Maildir
set folder = "{out}"
set spool_file = "{out}"
set record = ""
set move = no
set quit = yes
set from = "{sender}"
set use_from = yes
set use_envelope_from = yes
set envelope_from_address = "{sender}"
set hostname = "provider.test"
"""


def _ends(child: subprocess.Popen[bytes], master: int) -> bytes:
    """What it shows until it ends, which it must."""
    shown, until = b"", time.monotonic() + SECONDS
    while child.poll() is None and time.monotonic() < until:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            shown += os.read(master, 65536)
        except OSError:  # the other side of it is closed
            break
    try:
        child.wait(max(0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
    return shown


class Neomutt:
    """One account."""

    def __init__(self, place: Place, authority: Path) -> None:
        self.place, self.authority = place, authority

    def _command(self, name: str, **values: object) -> list[str]:
        """With a configuration of its own."""
        values = {"sender": "", "scheme": "pop", "out": "", **values}
        url_user = urllib.parse.quote(str(values["user"]), safe="")
        rc = self.place.root / f"{name}.muttrc"
        rc.write_text(RC.format(ca=self.authority, url_user=url_user,
                                **values))
        rc.chmod(0o600)
        return [tool("neomutt"), "-n", "-F", str(rc)]

    def _env(self) -> dict[str, str]:
        return tool_env(tool("neomutt"), HOME=str(self.place.root),
                        TERM="vt100")

    def send(self, subject: str, to: str, text: bytes,
             **values: object) -> None:
        """One message; no terminal is needed."""
        command = self._command("neomutt-send", **values)
        done = subprocess.run([*command, "-s", subject, "--", to], input=text,
                              timeout=SECONDS, check=False, env=self._env(),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        check(done.returncode == 0, f"neomutt ended with {done.returncode}: "
              f"{done.stdout[-800:]!r}")

    def fetch(self, name: str, **values: object) -> list[bytes]:
        """Everything, deleted over there; the texts in the order of octets."""
        out = self.place.folder(name)
        for folder in ("tmp", "new", "cur"):
            self.place.folder(f"{name}/{folder}")
        command = self._command(name, out=out, **values)
        master, slave = pty.openpty()
        child = subprocess.Popen(
            [*command, "-e", "push <fetch-mail><quit>"], stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            env={**self._env(), "LINES": "24", "COLUMNS": "80"})
        os.close(slave)
        shown = _ends(child, master)
        os.close(master)
        check(child.returncode == 0, f"neomutt ended with {child.returncode}: "
              f"{shown[-1500:]!r}")
        return sorted(path.read_bytes() for folder in ("new", "cur")
                      for path in (out / folder).iterdir())
