#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody types: markup, line ends, NUL, marks that turn text around, 10,000
characters and broken UTF-8, in every field of every form of the console, in
headers, cookies and REMOTE_USER. Nothing of it may become markup, a header or
a line of the log, or end the program.
"""

import html.parser
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.console import ADMIN, Console, Routes, run_cgi
from harness.instance import Instance
from harness.place import Place
from harness.report import check, equal
from harness.script import Case, run_script
from harness.web_client import Page
from harness.web_servers import with_console

MARK = "injected"
EVIL: dict[str, bytes] = {
    "markup": f"<script>{MARK}</script>\"'><img src=x onerror={MARK}>".encode(),
    "line-ends": f"a\r\nX-{MARK}: 1\r\n\r\n<p>{MARK}".encode(),
    "log-line": f"a\n<3>console.cgi: {MARK} outcome=done".encode(),
    "nul": b"a\0b",
    "marks": "a\u202egro.elpmaxe\u2066\ufeff\u200b".encode(),
    "long": b"A" * 10000,
    "broken": b"\xff\xfe\xc3(\xed\xa0\x80\xf4\x90\x80\x80",
    "expansion": b"${HOME}'; x = \"$(id)\" %s%n `id` ../../etc/passwd",
    "option": b"--yes",
}
FIELDS = {
    "/new": ["name", "description", "targets", "recipient"],
    "/mailbox/*": ["name", "description", "targets", "copies", "allow-from",
                   "client-names", "quota", "rate", "undo", "expire"],
    "/mailbox/*/undo": ["hours"],
    "/mailbox/*/recipients": ["action", "recipient", "password",
                              "agreed"],
    "/mailbox/*/password": ["old"],
    "/mailbox/*/rekey": ["password"],
    "/mailbox/*/reset": ["typed", "messages"],
    "/mailbox/*/delete": ["typed", "messages"],
    "/mailbox/*/kept": ["kept"],
    "/system/test": ["mailbox"],
    "/login": ["name", "password"],
    "/account/password": ["old", "new", "again", "username"],
    "/account/language": ["language"],
}
GOOD = {"name": "fine", "copies": "original", "action": "add",
        "old": "x" * 20, "new": "y" * 20, "again": "y" * 20, "kept": "yes",
        "password": "z"}
LOG_LINE = re.compile(r"<[346]>(console\.cgi|smtp-journal): [\x20-\x7e]*$|"
                      r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: \(")


class Markup(html.parser.HTMLParser):
    """Fails at what none of our pages has."""

    def handle_starttag(self, tag: str,
                        attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        check(tag != "script" or set(names) == {"src", "defer"},
              f"<script> with {attrs}")
        check(tag not in ("iframe", "object", "base"), f"<{tag}>")
        check(not any(name.startswith("on") or name == "style"
                      for name in names), f"<{tag}> with {attrs}")
        check(len(set(names)) == len(names), f"<{tag}> with {attrs}")


def harmless(page: Page | None, what: str) -> None:
    """An answer of ours, whatever was sent."""
    check(page, f"{what}: no answer")
    check(page.status < 500, f"{what}: {page.status}")
    for name, value in page.headers.items():
        check(MARK not in f"{name}{value}", f"{what}: header {name}: {value}")
    if "text/html" in page.headers["Content-Type"]:
        check("\0" not in page.text, f"{what}: NUL in the page")
        Markup().feed(page.text)


class Input:
    """All cases, with one console."""

    def __init__(self, place: Place, console: Console) -> None:
        self.place = place
        self.console = console
        self.instance = console.instance
        self.mailbox = self.instance.create_mailbox("fine")

    def every_form_is_known(self) -> None:
        """A new form has to be added to FIELDS here."""
        wanted = {path for method, path, _ in Routes.read().rows
                  if method == "POST"}
        without = {"/logout", "/account/end-all", "/mailbox/*/suspend",
                   "/mailbox/*/activate", "/mailbox/*/password/confirm",
                   "/mailbox/*/password/cancel", "/mailbox/*/hold",
                   "/mailbox/*/release"}
        equal(set(FIELDS) | without, wanted, "forms")

    def fields(self, form: str) -> None:
        """Each of EVIL in each of its fields, and in the field's name."""
        path = form.replace("*", self.mailbox.id)
        source = "/login" if form == "/login" else "/new"
        client = self.console.client() if form == "/login" else \
            self.console.signed_in()
        proof = client.get(source).hidden("proof")
        for field in FIELDS[form]:
            for name, octets in EVIL.items():
                harmless(client.post(path, {
                    **GOOD, "proof": proof, "form": secrets.token_hex(32),
                    field: octets}), f"{form} {field} {name}")
                self.console.forget_failures()
        for name, octets in EVIL.items():
            harmless(client.post(path, {"proof": proof, "form": octets}),
                     f"{form} form {name}")
            harmless(client.post(path, {"proof": octets}),
                     f"{form} proof {name}")

    def shown_again(self) -> None:
        """What could be stored is text on every page; the log is as it was."""
        client = self.console.signed_in()
        before = self.console.mailboxes()
        for name in ("markup", "expansion", "option"):
            if EVIL[name].decode() in before:
                continue  # by a field that was not
            page = client.get("/new")
            client.post("/new", {"proof": page.hidden("proof"),
                                 "form": page.hidden("form"),
                                 "name": EVIL[name],
                                 "description": EVIL[name]}).want(200)
        names = self.console.mailboxes()
        for name in ("markup", "expansion", "option"):
            check(EVIL[name].decode() in names, f"{name} is not in {names}")
        for path in ("/", "/activity", "/system", *(
                f"/mailbox/{mailbox}{page}" for mailbox in self.ids()
                for page in ("", "/connect", "/password", "/delete"))):
            harmless(client.get(path).want(200), path)

    def ids(self) -> list[str]:
        """Every mailbox."""
        said = self.instance.restante("mailbox", "list", "--porcelain").stdout
        return [line.split("\t")[0] for line in said.splitlines()]

    def queries(self) -> None:
        """In the query, as value and as name, and in the path."""
        client = self.console.signed_in()
        for name, octets in EVIL.items():
            text = "".join(f"%{octet:02x}" for octet in octets[:600])
            for path in (f"/activity?mailbox={text}&outcome={text}&days={text}",
                         f"/?done={text}", f"/account?{text}=1",
                         f"/mailbox/{self.mailbox.id}?done={text}"):
                page = client.request("GET", path)
                harmless(page, f"{path} {name}")
                check(page.status in (200, 400), f"{path}: {page.status}")
        for path in ("/x?" + "y" * 7000, "/" + "y" * 3000):
            harmless(client.get(path), path[:9])

    def headers(self) -> None:
        """In headers and cookies, as far as a web server lets them pass."""
        for name, octets in EVIL.items():
            value = octets.replace(b"\r", b"").replace(b"\n", b"").replace(
                b"\0", b"")[:4000].decode("latin-1")
            for header in ("Cookie", "Accept-Language", "X-Forwarded-For",
                           "User-Agent", "Referer", "Host-Name"):
                client = self.console.client(**{header: value})
                harmless(client.request("GET", "/").to("/login"),
                         f"{header} {name}")

    def environment(self) -> None:
        """The same without a web server in between."""
        for name, octets in EVIL.items():
            value = octets.replace(b"\0", b"").decode("utf-8",
                                                      "surrogateescape")
            for variable in ("HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE", "PATH_INFO",
                             "REMOTE_ADDR", "QUERY_STRING", "CONTENT_TYPE",
                             "CONTENT_LENGTH", "REMOTE_USER", "HTTPS",
                             "REQUEST_METHOD"):
                method = "POST" if variable.startswith("CONTENT") else "GET"
                run = run_cgi(self.instance, method, "/login",
                              b"name=a&password=b&proof=c", **{variable: value})
                equal(run.status, 0, f"{variable} {name}: {run.log}")
                harmless(run.page, f"{variable} {name}")
                self.lines(run.log)

    def remote_user(self) -> None:
        """A name that the web server passes on, into pages and the log."""
        asked = with_console(Instance(self.place, "asked"), auth="web-server")
        made = run_cgi(asked, "GET", "/new", REMOTE_USER=ADMIN).page.want(200)
        cookie = made.headers["Set-Cookie"].partition(";")[0]
        for name, octets in {**EVIL, "none": b"", "space": b"  ",
                             "name": "Jürg <j@example.org>".encode()}.items():
            user = octets.replace(b"\0", b"").decode("utf-8",
                                                     "surrogateescape")
            body = (f"proof={made.hidden('proof')}&form="
                    f"{abs(hash(name)):064x}&name={MARK}").encode()
            for method, path in (("GET", "/"), ("GET", "/account"),
                                 ("POST", "/new")):
                run = run_cgi(asked, method, path, body, REMOTE_USER=user,
                              HTTP_COOKIE=cookie)
                equal(run.status, 0, f"{path} {name}: {run.log}")
                harmless(run.page, f"REMOTE_USER {name} {path}")
                self.lines(run.log)
                if name in ("line-ends", "log-line", "long", "broken", "none"):
                    equal(run.page.status, 403, f"{path} as {name}")

    @staticmethod
    def lines(log: str) -> None:
        """Each is one that we or the web server wrote."""
        for line in log.splitlines():
            check(LOG_LINE.match(line), f"forged: {line!r}")

    def log(self) -> None:
        """After everything: no line is forged, and nothing has crashed."""
        said = self.console.server.log_text()
        check("action=mailbox-create" in said, "no line of ours")
        self.lines(said)
        check("died" not in said and "bug" not in said, said[-500:])


def cases(place: Place, *_: object) -> Iterator[Case]:
    """In this order."""
    with Console(place) as console:
        given = Input(place, console)
        yield "every-form-is-known", given.every_form_is_known
        for form in FIELDS:
            name = "fields" + form.replace("/*", "").replace("/", "-")
            yield name, lambda form=form: given.fields(form)
        yield "stored-and-shown", given.shown_again
        yield "queries", given.queries
        yield "headers", given.headers
        yield "environment", given.environment
        yield "remote-user", given.remote_user
        yield "log-after-all", given.log


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
