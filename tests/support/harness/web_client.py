# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser without eyes: cookies, hidden fields, one page after the other.

Every page that comes is looked at: headers that protect it, and no markup but
the console's own.
"""

import http.client
import re
import ssl
from dataclasses import dataclass
from urllib.parse import quote, quote_from_bytes, urlencode

from .report import check, equal

FORM = "application/x-www-form-urlencoded"
PROTECTIONS = {
    "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy":
    "same-origin", "Strict-Transport-Security": "max-age=31536000",
}


@dataclass
class Page:
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body; that it is UTF-8 is part of the test."""
        return self.body.decode("utf-8")

    def hidden(self, name: str) -> str:
        """The value of a hidden field of the first form that has it."""
        found = re.search(f'type="hidden" name="{name}" value="([^"]*)"',
                          self.text)
        return found.group(1) if found else ""

    def want(self, status: int, told: str = "") -> "Page":
        """Fail unless the answer is this one and says that."""
        equal(self.status, status, f"status of {self.body[-300:]!r}")
        check(told in self.text, f"no {told!r} in {self.text[-1500:]!r}")
        return self

    def to(self, path: str) -> "Page":
        """Fail unless it leads there."""
        self.want(303)
        equal(self.headers["Location"], path, "Location")
        return self


def encode(fields: dict[str, str | bytes] | bytes) -> bytes:
    """As a form is sent; bytes go as they are."""
    if isinstance(fields, bytes):
        return fields
    return "&".join(
        f"{quote(name)}={quote_from_bytes(value)}" if isinstance(value, bytes)
        else urlencode({name: value})
        for name, value in fields.items()).encode("ascii")


class WebClient:
    """One reader, who comes from the address source."""

    def __init__(self, port: int, context: ssl.SSLContext,
                 source: str = "127.0.0.1",
                 headers: dict[str, str] | None = None) -> None:
        self.port, self.context, self.source = port, context, source
        self.headers = headers or {}
        self.cookies: dict[str, str] = {}
        self.last: Page | None = None

    def request(self, method: str, path: str, body: bytes | None = None,
                headers: dict[str, str] | None = None) -> Page:
        """One request on a connection of its own."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=300, context=self.context,
            source_address=(self.source, 0))
        sent = {"Host": "journal.restante.test", **self.headers,
                **(headers or {})}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(
                f"{name}={value}" for name, value in self.cookies.items()))
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        page = Page(answer.status, answer.headers, answer.read())
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self._keep(cookie)
        return page

    def _keep(self, cookie: str) -> None:
        value, *attributes = cookie.split("; ")
        check({"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <=
              set(attributes), f"attributes of {cookie}")
        name, _, content = value.partition("=")
        check(name.startswith("__Host-"), f"name of {cookie}")
        self.cookies[name] = content

    def get(self, path: str) -> Page:
        """A page, which is protected as each must be."""
        page = self.request("GET", path)
        protected(page)
        if page.status == 200:
            self.last = page
        return page

    def post(self, path: str, fields: dict[str, str | bytes] | bytes,
             headers: dict[str, str] | None = None) -> Page:
        """Exactly these fields."""
        page = self.request("POST", path, encode(fields),
                            {"Content-Type": FORM, **(headers or {})})
        protected(page)
        return page

    def send(self, page: str, fields: dict[str, str | bytes],
             path: str | None = None) -> Page:
        """Load the page, and send its form with these fields."""
        form = self.get(page).want(200)
        hidden = {name: form.hidden(name)
                  for name in ("proof", "form", "messages")
                  if form.hidden(name)}
        return self.post(path or page, {**hidden, **fields})

    def sign_in(self, name: str, password: str) -> Page:
        """Through the page."""
        return self.send("/login", {"name": name, "password": password})


def protected(page: Page) -> None:
    """The headers that every answer of the console has."""
    for name, value in PROTECTIONS.items():
        equal(page.headers.get_all(name), [value],
              f"{name} of {page.status} {page.body[:200]!r}")
    policy = page.headers["Content-Security-Policy"] or ""
    check("default-src 'none'" in policy and "unsafe" not in policy,
          f"Content-Security-Policy: {policy}")
    if "text/html" in page.headers["Content-Type"]:
        equal(page.headers["Cache-Control"], "no-store", "Cache-Control")
