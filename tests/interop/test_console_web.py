#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console behind every web server that an example is installed for: its own
lighttpd, nginx and Apache in front of that, nginx and Apache with fcgiwrap, and
all three where they ask for the password. The examples are run as they are, but
for ports and files.
"""

import base64
import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance
from harness.place import Place
from harness.report import Failure, check, equal
from harness.script import Case, run_script
from harness.web_client import Page, WebClient
from harness.web_servers import (Apache, Fcgiwrap, Lighttpd, Nginx, WebServer,
                                 web_folder, with_console)

ADMIN, PASSWORD = "anna", "a sentence of hers"
CLIENT = "127.0.0.2"  # not the one address that may speak for others


def basic(name: str, password: str) -> dict[str, str]:
    """As a browser answers a 401."""
    text = base64.b64encode(f"{name}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {text}"}


def too_large(client: WebClient) -> Page:
    """A body that the web server itself refuses. It may close while we still
    send, and then its answer is lost now and then.
    """
    for _ in range(5):
        with contextlib.suppress(OSError):
            return client.request("POST", "/login", b"x=" + b"y" * 140000)
    raise Failure("no answer to a body of 140,000 octets")


class Web:
    """One instance; each case has its servers."""

    def __init__(self, place: Place) -> None:
        self.own = with_console(Instance(place, "own"))
        self.own.restante("admin", "add", ADMIN, text=f"{PASSWORD}\n")
        self.asked = with_console(Instance(place, "asked"), auth="web-server")
        hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD],
                                text=True, stdout=subprocess.PIPE,
                                check=True).stdout
        for name in (self.own, self.asked):
            (name.root / "console.htpasswd").write_text(f"{ADMIN}:{hashed}")

    @staticmethod
    def client(server: WebServer, **headers: str) -> WebClient:
        """A reader from another address, who lies about it."""
        return WebClient(server.port, server.instance.context, CLIENT,
                         {"X-Forwarded-For": "192.0.2.66", **headers})

    @staticmethod
    def logged(log: WebServer, *words: str) -> None:
        """An audit line has all these words, and CLIENT as its peer."""
        until(lambda: any(set(words) | {f"peer={CLIENT}"} <= set(line.split())
                          for line in log.log_text().splitlines()), 10,
              f"a line with {words} and {CLIENT}: {log.log_text()[-800:]}")

    @staticmethod
    def pages(client: WebClient) -> None:
        """What is refused has a page, whoever is in front."""
        client.get("/nothing").want(404, "Not found")
        client.request("PUT", "/login", b"").want(405, "Not possible")
        client.post("/login", {"proof": "0" * 64}).want(403)
        client.post("/login", b"x=" + b"y" * 70000).want(413, "64 KiB")
        client.post("/login", b"x=%zz").want(400, "That did not work")
        large = too_large(client)
        equal(large.status, 413, "a body of 140,000 octets")
        check(b"<" in large.body, f"no page: {large.body!r}")
        for path in ("/new/", "/mailbox/../../etc/passwd", "//x", "/login%2f",
                     "/%2e%2e/x", "/login;x", "/new%3fx"):
            status = client.request("GET", path).status
            check(status in (303, 400, 404), f"{path}: {status}")
        client.get("/assets/console.css").want(200)
        check(client.request("HEAD", "/login").body == b"", "HEAD has a body")

    def signed_in(self, server: WebServer, log: WebServer) -> None:
        """In, a form, out; the audit lines have the client's address."""
        client = self.client(server)
        client.get("/").to("/login")
        self.pages(client)
        client.sign_in(ADMIN, "wrong").want(403)
        self.logged(log, "action=sign-in", "outcome=refused")
        client.sign_in(ADMIN, PASSWORD).to("/")
        client.get("/").want(200, "Sign out")
        client.send("/new", {"name": f"<b>&é {server.port}"}).want(
            200, 'id="password"')
        self.logged(log, "action=mailbox-create", f"admin={ADMIN}",
                    "outcome=done")
        client.get("/").want(200, "&lt;b&gt;&amp;é")
        client.get("/activity?mailbox=&amp;x=%20").want(200)
        client.post("/logout", {"proof": client.last.hidden("proof")}).to(
            "/login")
        client.get("/").to("/login")

    def known_by_server(self, server: WebServer, log: WebServer) -> None:
        """REMOTE_USER is who it is; nobody gets by without."""
        for headers in ({}, basic(ADMIN, "wrong"), basic("eve", PASSWORD)):
            for path in ("/", "/login", "/assets/console.css"):
                page = self.client(server, **headers).request("GET", path)
                equal(page.status, 401, f"{path} with {headers}")
        client = self.client(server, **basic(ADMIN, PASSWORD),
                             Remote_User="eve")
        client.get("/").want(200, ADMIN)
        client.send("/new", {"name": f"made {server.port}"}).want(
            200, 'id="password"')
        self.logged(log, "action=mailbox-create", f"admin={ADMIN}")

    def alone(self) -> None:
        """lighttpd as the unit starts it; one address may speak for others."""
        with Lighttpd(self.own) as server:
            self.signed_in(server, server)
            trusted = WebClient(server.port, self.own.context, "127.0.0.1",
                                {"X-Forwarded-For": CLIENT})
            trusted.sign_in("nobody", "wrong").want(403)
            self.logged(server, "admin=nobody")

    def alone_users(self) -> None:
        """lighttpd asks itself."""
        text = (web_folder(self.asked) / "lighttpd-users.conf").read_text()
        etc = self.asked.place.prefix / "etc/restante"
        with Lighttpd(self.asked, text.replace(
                str(etc), str(self.asked.root))) as server:
            self.known_by_server(server, server)

    def nobody_asks(self) -> None:
        """auth = web-server behind one that does not ask: 403."""
        with Lighttpd(self.asked) as server:
            for headers in ({}, basic(ADMIN, PASSWORD),
                            {"Remote_User": ADMIN, "REMOTE-USER": ADMIN}):
                self.client(server, **headers).get("/").want(
                    403, "Not signed in")

    def proxied(self, kind: Callable[..., WebServer], name: str) -> None:
        """In front of the console's own lighttpd."""
        with Lighttpd(self.own) as behind, \
                kind(self.own, name, behind) as server:
            self.signed_in(server, behind)

    def fcgi(self, kind: Callable[..., WebServer], name: str) -> None:
        """With fcgiwrap."""
        with Fcgiwrap(self.own) as behind, \
                kind(self.own, name, behind) as server:
            self.signed_in(server, behind)

    def users(self, kind: Callable[..., WebServer], name: str) -> None:
        """With fcgiwrap, and who it is said by the server."""
        with Fcgiwrap(self.asked) as behind, \
                kind(self.asked, name, behind) as server:
            self.known_by_server(server, behind)


def cases(place: Place, *_: object) -> Iterator[Case]:
    """One for each example."""
    web = Web(place)
    yield "lighttpd", web.alone
    yield "lighttpd-users", web.alone_users
    yield "web-server-that-does-not-ask", web.nobody_asks
    for kind in (Nginx, Apache):
        name = kind.__name__.lower()
        for case, with_it in (("proxy", web.proxied), ("fcgi", web.fcgi),
                              ("users", web.users)):
            yield f"{name}-{case}", lambda case=case, with_it=with_it, \
                kind=kind, name=name: with_it(kind, f"{name}-{case}.conf")


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
