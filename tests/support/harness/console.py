# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance with a console behind its own lighttpd, and console.cgi alone,
started as any CGI program is.
"""

import http.client
import io
import os
import re
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .instance import Instance, Mailbox
from .place import Place
from .report import check
from .tools import SYSTEM_PATH
from .web_client import FORM, Page, WebClient
from .web_servers import Lighttpd, with_console

ADMIN, PASSWORD = "anna", "a sentence of hers"


class Console:
    """One console with one administrator; use it as a context."""

    def __init__(self, place: Place, name: str = "instance",
                 **settings: object) -> None:
        self.instance = with_console(Instance(place, name), **settings)
        self.state = self.instance.root / "console"
        self.add_admin(ADMIN)
        self.server = Lighttpd(self.instance)

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def add_admin(self, name: str) -> None:
        """One more, with the same password."""
        self.instance.restante("admin", "add", name, text=f"{PASSWORD}\n")

    def client(self, source: str = "127.0.0.1", **headers: str) -> WebClient:
        """A stranger."""
        return WebClient(self.server.port, self.instance.context, source,
                         headers)

    def signed_in(self, name: str = ADMIN, **options: str) -> WebClient:
        """An administrator."""
        client = self.client(**options)
        client.sign_in(name, PASSWORD).to("/")
        client.get("/")
        return client

    def forget_failures(self) -> None:
        """As if nobody had ever been wrong."""
        with suppress(FileNotFoundError):
            (self.state / "throttle").unlink()

    def shown(self, mailbox: Mailbox) -> dict[str, str]:
        """`mailbox show`, by its keys."""
        said = self.instance.restante("mailbox", "show", mailbox.id,
                                      "--porcelain").stdout
        return dict(line.split(": ", 1) for line in said.splitlines()
                    if ": " in line)

    def mailboxes(self) -> list[str]:
        """The names of all mailboxes."""
        said = self.instance.restante("mailbox", "list", "--porcelain").stdout
        return [line.split("\t")[6] for line in said.splitlines()]


@dataclass
class Routes:
    """The table of routes.c: (method, path, needs)."""

    rows: list[tuple[str, str, str]]

    @classmethod
    def read(cls) -> "Routes":
        """From the source, so that none is forgotten."""
        source = Path(__file__).resolve().parents[3] / \
            "handlers/console/routes.c"
        rows = re.findall(r'\{METHOD_(GET|POST), "([^"]+)", (NEEDS_\w+),',
                          source.read_text("utf-8"))
        check(len(rows) > 25, f"routes: {rows}")
        return cls(rows)

    def of(self, method: str, mailbox: Mailbox,
           *needs: str) -> list[str]:
        """The paths with this method, of those who need this."""
        return [path.replace("*", mailbox.id) for how, path, need in self.rows
                if how == method and (not needs or need in needs)]


@dataclass
class ProgramRun:
    """How a program ended, what it wrote, and what it cost."""

    status: int
    said: bytes
    log: str
    cpu: float  # seconds, with those it started

    @property
    def page(self) -> Page | None:
        """The answer of a CGI program."""
        return _page(self.said)


def run_program(command: list[str], env: dict[str, str], body: bytes = b"",
                **options: object) -> ProgramRun:
    """A program with body on its standard input."""
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=stderr, env={
                name.encode(): value.encode("utf-8", "surrogateescape")
                for name, value in env.items()}, **options)
        with suppress(BrokenPipeError):
            process.stdin.write(body)
            process.stdin.close()
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        stderr.seek(0)
        return ProgramRun(process.returncode, said,
                          stderr.read().decode("utf-8", "replace"),
                          used.ru_utime + used.ru_stime)


def run_cgi(instance: Instance, method: str, path: str, body: bytes = b"",
            query: str = "", **env: str) -> ProgramRun:
    """One request to console.cgi, without a web server."""
    return run_program(
        [instance.place.handler("console.cgi")],
        {"PATH": SYSTEM_PATH, "RESTANTE_CONF": str(instance.conf),
         "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path,
         "QUERY_STRING": query, "REMOTE_ADDR": "192.0.2.7", "HTTPS": "on",
         "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": FORM, **env},
        body, **instance.place.as_user)


def evidence_page(instance: Instance, mailbox: Mailbox, **env: str) -> str:
    """Its page Evidence, where the web server says who somebody is."""
    run = run_cgi(instance, "GET", f"/mailbox/{mailbox.id}/evidence",
                  REMOTE_USER="anna", **env)
    check(run.page, run.log)
    return run.page.want(200).text


def evidence_rows(instance: Instance, mailbox: Mailbox,
                  **env: str) -> list[dict[str, str]]:
    """The days of that page, each by the heads of the table."""
    page = evidence_page(instance, mailbox, **env)
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)
    return [dict(zip(heads, re.findall(r">([^<]+)</t[hd]>", row),
                     strict=True))
            for row in re.findall(r'<tr>(<th scope="row">.*?)</tr>', page)]


def _page(said: bytes) -> Page | None:
    head, end, body = said.partition(b"\r\n\r\n")
    if not end:
        return None
    headers = http.client.parse_headers(io.BytesIO(head + end))
    return Page(int(headers["Status"].split()[0]), headers, body)


def age(path: Path, seconds: float) -> None:
    """The file was changed so long ago."""
    when = time.time() - seconds
    os.utime(path, (when, when))
