#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets what from the console, under its own lighttpd: every page of the
table of routes signed in and out, every form without its proof, passwords that
are wrong, sessions that end, forms that come twice, and being killed.
"""

import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.console import ADMIN, PASSWORD, Console, Routes, age, run_cgi
from harness.deadline import until
from harness.instance import Mailbox
from harness.place import Place
from harness.report import check, equal
from harness.script import Case, run_script
from harness.servers import Xinetd
from harness.web_client import Page, WebClient, encode

COOKIE = "__Host-restante"
FORM_COOKIE = "__Host-restante-form"
ANOTHER = "another sentence"
IDLE = 30 * 60
ABSOLUTE = 12 * 3600


class Access:
    """All cases, with one console."""

    def __init__(self, place: Place, console: Console) -> None:
        self.place = place
        self.console = console
        self.instance = console.instance
        self.routes = Routes.read()
        self.mailbox = self.instance.create_mailbox("of the cases")

    # --- routes ---------------------------------------------------------------

    def pages(self) -> None:
        """200 to those who are signed in, 303 to /login to others."""
        client, stranger = self.console.signed_in(), self.console.client()
        for path in self.routes.of("GET", self.mailbox, "NEEDS_STORE",
                                   "NEEDS_ADMIN"):
            # A proof is of one message, and none is named here.
            client.get(path).want(400 if path.endswith("/proof") else 200,
                                  "</html>")
            stranger.get(path).to("/login")
        for path in self.routes.of("GET", self.mailbox, "NEEDS_NOTHING"):
            stranger.get(path).want(200)
        for path in ("/mailbox/mbx-" + "0" * 32, "/mailbox/mbx-0", "/nothing",
                     "/mailbox/", "/assets/../nothing"):
            client.get(path).want(404, "Not found")

    def unproved(self) -> None:
        """A form without its proof, or with another's, changes nothing."""
        other = self.console.signed_in()
        before = self.console.shown(self.mailbox)
        for client in (self.console.client(), self.console.signed_in()):
            for path in self.routes.of("POST", self.mailbox):
                for proof in ({}, {"proof": ""}, {"proof": "0" * 64},
                              {"proof": other.last.hidden("proof")}):
                    client.post(path, {**proof, "name": "changed"}).want(403)
        equal(self.console.shown(self.mailbox), before, "the mailbox")

    def stranger_with_proof(self) -> None:
        """What proves that a form is ours signs nobody in."""
        client = self.console.client()
        proof = client.get("/login").hidden("proof")
        for path in self.routes.of("POST", self.mailbox, "NEEDS_STORE",
                                   "NEEDS_ADMIN"):
            client.post(path, {"proof": proof, "name": "changed"}).to("/login")
        equal(self.console.shown(self.mailbox)["status"], "active", "status")

    def methods(self) -> None:
        """405 and its page, for every path, and what it does take
        (RFC 9110 15.5.6).
        """
        client = self.console.signed_in()
        gets = set(self.routes.of("GET", self.mailbox))
        posts = set(self.routes.of("POST", self.mailbox))
        for path in gets | posts:
            allowed = ["GET, HEAD"] * (path in gets) + ["POST"] * (path in posts)
            for method in ("PUT", "DELETE", "PATCH"):
                page = client.request(method, path, b"")
                page.want(405, "Not possible")
                equal(page.headers["Allow"], ", ".join(allowed), path)
        for path in gets - posts:
            client.post(path, {}).want(405)

    # --- passwords ------------------------------------------------------------

    def wrong_passwords(self) -> None:
        """Six of them: 403, then 429 too, and the right one must wait as well.
        The first wait is of a second, and a slow machine outlasts it.
        """
        self.console.add_admin("berta")
        client = self.console.client()
        inside = self.console.client()
        inside.sign_in("berta", PASSWORD).to("/")
        pages = [client.sign_in("berta", "wrong") for _ in range(6)]
        said = [page.status for page in pages]
        check(said[:3] == [403] * 3 and 429 in said[3:] and
              set(said) == {403, 429}, f"six wrong passwords: {said}")
        waits = [int(page.headers["Retry-After"]) for page in pages
                 if page.status == 429]
        check(all(0 < wait <= 30 for wait in waits), f"Retry-After: {waits}")
        until(lambda: self.told_to_wait(client, "berta") >= 8, 300,
              "the waits grow")
        client.sign_in("berta", PASSWORD).want(429, "please wait")
        page = inside.send("/account", {"old": PASSWORD, "new": ANOTHER,
                                        "again": ANOTHER}, "/account/password")
        page.want(429, "please wait")
        check(int(page.headers["Retry-After"]) > 0, "when to change it")
        self.console.client("127.0.0.3").sign_in("berta", PASSWORD).want(429)
        client.sign_in(ADMIN, PASSWORD).want(429)
        self.console.signed_in(source="127.0.0.3")
        until(lambda: client.sign_in("berta", PASSWORD).status == 303, 300,
              "the right password is taken")
        self.console.forget_failures()

    def known_address(self) -> None:
        """Who knows a name keeps nobody out where he has signed in before."""
        self.console.add_admin("nora")
        owner = self.console.client("127.0.0.5")
        owner.sign_in("nora", PASSWORD).to("/")
        stranger = self.console.client("127.0.0.6")
        until(lambda: self.told_to_wait(stranger, "nora") >= 4, 300,
              "the waits grow")
        self.console.client("127.0.0.7").sign_in("nora", PASSWORD).want(429)
        self.console.client("127.0.0.5").sign_in("nora", PASSWORD).to("/")
        self.console.forget_failures()

    @staticmethod
    def told_to_wait(client: WebClient, name: str) -> int:
        """For how long, after one more wrong password."""
        page = client.sign_in(name, "wrong")
        return int(page.headers.get("Retry-After", 0))

    def unknown_names(self) -> None:
        """Nobody learns whether there is an administrator of that name."""
        names = (ADMIN, "nobody", "../admins", "a:b")
        pages = [self.console.client(f"127.0.1.{number}").sign_in(
            name, "wrong").want(403).text for number, name in
            enumerate(names, 1)]
        self.console.forget_failures()
        for page in pages:
            check("The name or the password is wrong." in page, page[-900:])

    def one_time(self) -> None:
        """A one-time password is good for choosing another, and no more."""
        said = self.instance.restante("admin", "add", "--one-time", "carla")
        password = said.stdout.removeprefix("password: ").strip()
        client = self.console.client()
        client.sign_in("carla", password).to("/")
        for path in self.routes.of("GET", self.mailbox, "NEEDS_STORE"):
            client.get(path).to("/account")
        proof = client.get("/account").want(200).hidden("proof")
        for path in self.routes.of("POST", self.mailbox, "NEEDS_STORE"):
            client.post(path, {"proof": proof, "name": "changed"}).to(
                "/account")
        for fields, why in (
                ({"old": "x", "new": ANOTHER, "again": ANOTHER}, "not your"),
                ({"old": password, "new": "short", "again": "short"}, "Too"),
                ({"old": password, "new": ANOTHER, "again": "x"}, "the same"),
                ({"old": password, "new": password, "again": password},
                 "have now")):
            client.send("/account", fields, "/account/password").want(422, why)
        client.send("/account", {"old": password, "new": ANOTHER,
                                 "again": ANOTHER}, "/account/password").to(
            "/account?done=password")
        client.get("/").want(200)
        self.console.client().sign_in("carla", password).want(403)
        self.console.client().sign_in("carla", ANOTHER).to("/")
        self.console.forget_failures()

    # --- sessions -------------------------------------------------------------

    def session_file(self, client: WebClient) -> Path:
        """Where the session of a reader is kept."""
        digest = hashlib.sha256(client.cookies[COOKIE].encode()).hexdigest()
        return self.console.state / "sessions" / digest

    def ended(self, client: WebClient, by_itself: bool = False) -> None:
        """Nothing is to be had with it; if it ended by itself, one is told."""
        proof = client.last.hidden("proof")
        page = client.post(f"/mailbox/{self.mailbox.id}/suspend",
                           {"proof": proof})
        check(page.status in (303, 403), f"a form after the end: {page}")
        if by_itself:
            page.to("/login?ended=1")
            client.get("/login?ended=1").want(200, "Your session has ended")
        check(client.get("/").status == 303, "the session goes on")
        equal(self.console.shown(self.mailbox)["status"], "active", "status")

    def idle(self) -> None:
        """A session that nobody used; one that was used goes on."""
        client = self.console.signed_in()
        age(self.session_file(client), IDLE - 60)
        client.get("/").want(200)
        check(time.time() - self.session_file(client).stat().st_mtime < 60,
              "using a session was not noted")
        age(self.session_file(client), IDLE - 60)
        client.request("GET", "/", headers={"X-Restante-Refresh": "1"}).want(
            200)
        check(time.time() - self.session_file(client).stat().st_mtime > 60,
              "figures that refresh themselves keep a session alive")
        age(self.session_file(client), IDLE + 1)
        self.ended(client, by_itself=True)
        check(not self.session_file(client).exists(), "its file is left")

    def absolute(self) -> None:
        """However much it is used, it ends."""
        client = self.console.signed_in()
        file = self.session_file(client)
        name, stamp, created = file.read_text().split()
        for back, status in ((ABSOLUTE - 60, 200), (ABSOLUTE + 1, 303)):
            if file.exists():
                file.write_text(f"{name} {stamp} {int(created) - back}\n")
            equal(client.get("/").status, status, f"after {back} s")
        client = self.console.signed_in()
        for text in (f"{ADMIN} {stamp} {2 ** 40}\n", f"{ADMIN}\n", "",
                     f"{'x' * 300} {stamp} {created}\n"):
            file = self.session_file(client)
            file.write_text(text)
            equal(client.get("/").status, 303, f"with a file of {text[:40]!r}")

    def cookies(self) -> None:
        """Signing in makes a new one; one that is made up is worth nothing."""
        client = self.console.client()
        before = client.get("/login") and client.cookies[FORM_COOKIE]
        check(COOKIE not in client.cookies, "a stranger has a session's cookie")
        client.sign_in(ADMIN, PASSWORD).to("/")
        check(client.cookies[COOKIE] != before, "the cookie stayed the same")
        client.last = client.get("/").want(200)
        self.console.client(Cookie=f"{COOKIE}={before}").get("/").to("/login")
        for made_up in ("0" * 64, "x", "../admins", "a" * 5000, "", "%00"):
            self.console.client(Cookie=f"{COOKIE}={made_up}").get("/").to(
                "/login")
        name = self.session_file(client).name
        self.console.client(Cookie=f"{COOKIE}={name}").get("/").to("/login")
        old = dict(client.cookies)
        client.post("/logout", {"proof": client.last.hidden("proof")}).to(
            "/login")
        client.cookies = old
        check(client.get("/").status == 303, "signed out, and yet in")

    def from_elsewhere(self) -> None:
        """A request from another site comes without the session's cookie: what
        it is answered with must not take that one's place.
        """
        client = self.console.signed_in()
        mine = client.cookies[COOKIE]
        for path in ("/", "/login", "/nowhere", "/system"):
            client.cookies = {}
            page = client.get(path)
            check(f"{COOKIE}=" not in str(page.headers), f"{path}: {page.headers}")
        client.cookies[COOKIE] = mine
        client.get("/").want(200)

    def everywhere(self) -> None:
        """Sign-out everywhere else; a new password; no administrator more."""
        self.console.add_admin("dora")
        here, there = (self.console.signed_in("dora") for _ in range(2))
        other = self.console.signed_in()
        here.send("/account", {}, "/account/end-all").to("/account?done=ended")
        here.get("/").want(200)
        self.ended(there)
        there = self.console.signed_in("dora")
        old = dict(here.cookies)
        here.send("/account", {"old": PASSWORD, "new": ANOTHER,
                               "again": ANOTHER}, "/account/password").to(
            "/account?done=password")
        here.get("/").want(200)
        self.ended(there)
        there.cookies = old
        self.ended(there)
        self.instance.restante("admin", "passwd", "dora", text=f"{PASSWORD}\n")
        self.ended(here)
        here = self.console.signed_in("dora")
        self.instance.restante("admin", "remove", "dora")
        self.ended(here)
        other.get("/").want(200)

    # --- forms ----------------------------------------------------------------

    def twice(self) -> None:
        """The same form again makes no second mailbox, nor two at once."""
        client = self.console.signed_in()
        form = client.get("/new")
        fields = {name: form.hidden(name) for name in ("proof", "form")}
        fields["name"] = "made once"
        client.post("/new", fields).want(200, 'id="password"')
        client.post("/new", fields).want(409, "sent before")
        form = client.get("/new")
        fields |= {"form": form.hidden("form"), "name": "raced"}
        pages: list[Page] = []
        threads = [threading.Thread(target=lambda: pages.append(
            client.post("/new", fields))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(sorted(page.status for page in pages), [200, 409, 409, 409],
              "four at once")
        names = self.console.mailboxes()
        equal((names.count("made once"), names.count("raced")), (1, 1),
              "mailboxes")

    def filled_again(self) -> None:
        """A form that is wrong comes back as it was, the reason at its field."""
        client = self.console.signed_in()
        page = client.send("/new", {
            "name": "kept \"as it was\"", "description": "<i>so</i>",
            "targets": "mail.example.com:99999\n*.", "recipient": "age1no"})
        page.want(422, 'value="kept &quot;as it was&quot;"')
        for told in ('value="&lt;i&gt;so&lt;/i&gt;"', 'id="targets-error"',
                     'id="recipient-error"', 'value="age1no"',
                     'aria-invalid="true"', ">\nmail.example.com:99999\n*."):
            check(told in page.text, f"no {told!r} in {page.text[-3000:]}")
        client.send("/new", {"name": " "}).want(422, 'id="name-error"')
        path = f"/mailbox/{self.mailbox.id}"
        good = {"name": "new", "copies": "original"}
        for name, value in (("allow-from", "everywhere"), ("copies", "some"),
                            ("targets", "a b"), ("name", "x" * 300)):
            client.send(path, {**good, name: value}).want(
                422, f'id="{name}-error"')
        equal(self.console.shown(self.mailbox)["name"], "of the cases", "name")

    def many_targets(self) -> None:
        """As many as a form holds."""
        client = self.console.signed_in()
        targets = [f"mail{number}.example.com" for number in range(500)]
        client.send("/new", {"name": "many", "targets": "\r\n".join(targets)}
                    ).want(200, 'id="password"')

    def killed(self) -> None:
        """Killed at any step, a change is made or it is not."""
        prefix = Path(sys_env("RESTANTE_FAULT_PREFIX"))
        place = Place(prefix, self.place.root, self.place.uid, self.place.gid,
                      True, self.place.as_user)
        console = Console(place, "faulty")
        with console:
            client = console.signed_in()
        mailbox = console.instance.create_mailbox("old")
        log = console.instance.logs / "faults"
        fields = {"proof": client.last.hidden("proof"), "name": "new",
                  "copies": "original"}

        def save(**env: str) -> int:
            return run_cgi(console.instance, "POST", f"/mailbox/{mailbox.id}",
                           encode(fields), HTTP_COOKIE=f"{COOKIE}="
                           f"{client.cookies[COOKIE]}", **env).status

        def name() -> str:
            return console.shown(mailbox)["name"]

        equal(save(RESTANTE_FAULT_LOG=str(log)), 0, "a run that is not killed")
        steps = len(log.read_text().split())
        equal((name(), steps > 1), ("new", True), "name, steps")
        states = set()
        for step in range(1, steps + 1):
            console.instance.restante("mailbox", "set", mailbox.id, "name=old")
            equal(save(RESTANTE_FAULT_POINT=str(step)), -9, f"step {step}")
            states.add(name())
            equal(save(), 0, "once more")
            equal(name(), "new", "name after it was sent again")
        check(states <= {"old", "new"}, f"states: {states}")

    # --- keys ------------------------------------------------------------------

    def withdrawn(self) -> None:
        """A new password that nobody has used is withdrawn; one that was
        confirmed is not."""
        mailbox = self.instance.create_mailbox("withdrawn")
        path = f"/mailbox/{mailbox.id}/password"
        waiting = self.instance.folder(mailbox) / "identity.age.next"
        client = self.console.signed_in()
        client.send(path, {}, f"{path}/cancel").want(422, "none to cancel")
        client.send(path, {"old": mailbox.password}).want(200, 'id="password"')
        check(waiting.exists(), "no new password waits")
        client.send(path, {}, f"{path}/cancel").to(f"{path}?done=cancelled")
        client.get(f"{path}?done=cancelled").want(200, "is withdrawn")
        check(not waiting.exists(), "the new password still waits")
        client.send(path, {"old": mailbox.password}).want(200, 'id="password"')
        client.send(path, {}, f"{path}/confirm").to(f"{path}?done=confirmed")
        client.send(path, {}, f"{path}/cancel").want(422, "none to cancel")

    def rekeyed(self) -> None:
        """A new key, by the password alone; mail is sealed to it."""
        mailbox = self.instance.create_mailbox("rekeyed")
        path = f"/mailbox/{mailbox.id}/password"
        client = self.console.signed_in()
        before = self.console.shown(mailbox)["recipient"]
        rekey = f"/mailbox/{mailbox.id}/rekey"
        client.send(path, {"password": "wrong"}, rekey).want(
            422, 'id="password-error"')
        client.send(path, {}, rekey).want(422, 'id="password-error"')
        equal(self.console.shown(mailbox)["recipient"], before, "key")
        client.send(path, {"password": mailbox.password}, rekey).to(
            f"{path}?done=rekeyed")
        client.get(f"{path}?done=rekeyed").want(200, "under the same password")
        check(self.console.shown(mailbox)["recipient"] != before, "no new key")
        client.send(path, {"old": mailbox.password}).want(200, 'id="password"')
        client.send(path, {"password": mailbox.password}, rekey).want(
            422, "confirm it first, or cancel it")

    def aside(self) -> None:
        """What was set aside is told on the overview and its mailbox's page,
        until it is removed."""
        client = self.console.signed_in()
        spool = self.instance.folder(self.mailbox) / "spool"
        path = f"/mailbox/{self.mailbox.id}"
        check("none of them" not in client.get("/").text, "none yet")
        (spool / "aside.local.7").touch()
        client.get("/").want(200, "of the cases: something was put")
        client.get(path).want(200, f"<code>{spool}/aside.local.7</code>")
        (spool / "aside.local.7").unlink()
        check("none of them" not in client.get("/").text, "removed")
        check('id="aside"' not in client.get(path).text, "removed")

    def audit_lines(self) -> None:
        """Every change has one, with who and from where."""
        client = self.console.signed_in(source="127.0.0.9")
        path = f"/mailbox/{self.mailbox.id}"
        for action in ("suspend", "activate"):
            client.send(path, {}, f"{path}/{action}")
        with Xinetd(self.console.instance,
                    [("smtp-journal", "--tls=starttls")]) as receiver:
            self.console.instance.configure(
                ports=[f"smtp-journal={receiver.port}"],
                proxy={"upstream-ca": self.console.instance.tls.ca})
            client.get("/system").want(200, f"<dt>{receiver.port}</dt>")
            client.send("/system", {"mailbox": self.mailbox.id},
                        "/system/test").want(200, "taken, sealed and kept")
        said = self.console.server.log_text()
        for action in ("sign-in", "mailbox-suspend", "mailbox-activate",
                       "mailbox-test"):
            check(any(f"action={action} admin={ADMIN} peer=127.0.0.9 " in line
                      and "outcome=done" in line
                      for line in said.splitlines()),
                  f"no line of {action} in {said[-900:]}")


def sys_env(name: str) -> str:
    """An environment variable that tests/README.md promises."""
    value = os.environ.get(name, "")
    check(value, f"{name} is not set; see tests/README.md")
    return value


def cases(place: Place, *_: object) -> Iterator[Case]:
    """In this order."""
    with Console(place) as console:
        access = Access(place, console)
        yield "pages", access.pages
        yield "forms-without-proof", access.unproved
        yield "stranger-with-proof", access.stranger_with_proof
        yield "methods", access.methods
        yield "wrong-passwords", access.wrong_passwords
        yield "known-address", access.known_address
        yield "unknown-names", access.unknown_names
        yield "one-time-password", access.one_time
        yield "idle-session", access.idle
        yield "oldest-session", access.absolute
        yield "cookies", access.cookies
        yield "request-from-elsewhere", access.from_elsewhere
        yield "sign-out-everywhere", access.everywhere
        yield "form-sent-twice", access.twice
        yield "form-filled-again", access.filled_again
        yield "many-targets", access.many_targets
        yield "password-withdrawn", access.withdrawn
        yield "new-key", access.rekeyed
        yield "set-aside", access.aside
        yield "audit-lines", access.audit_lines
        yield "killed", access.killed


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
