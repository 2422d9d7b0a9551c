#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the console remembers from page to page: a page is never older than the
files it was made from, whatever has become of what was remembered.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import sign_itself
from harness.console import age, run_cgi
from harness.deadline import until
from harness.instance import Instance
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.web_servers import with_console

ROW = re.compile(r'<tr><th scope="row"><a href="/mailbox/(mbx-[0-9a-f]+)"><bdi>'
                 r'([^<]*)</bdi>.*?<span class="badge (on|off)">', re.DOTALL)
NAMES, CERTIFICATE = "mailboxes", "certificate"


class Remembered:
    """One instance, and what its pages show."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.instance = with_console(Instance(place), auth="web-server")
        self.state = self.instance.root / "console"
        self.tls = self.instance.tls.certificate
        self.boxes = [self.instance.create_mailbox(name)
                      for name in ("alpha", "Beta <b>", "gamma")]

    def page(self, path: str = "/") -> str:
        """As it is now."""
        run = run_cgi(self.instance, "GET", path, REMOTE_USER="anna")
        check(run.page and run.page.status == 200, f"{path}: {run.log}")
        return run.page.text

    def rows(self) -> list[tuple[str, str]]:
        """Name and badge of all mailboxes."""
        return [row[1:] for row in ROW.findall(self.page())]

    def settle(self, name: str) -> bytes:
        """Ask for pages until that is remembered."""
        def there() -> bytes:
            self.page()
            file = self.state / name
            return file.exists() and file.read_bytes()
        return until(there, 300, f"{name} is remembered")

    def settle_names(self) -> bytes:
        """All mailboxes are remembered."""
        return until(lambda: len(self.settle(NAMES).splitlines()) == 3 and
                     self.settle(NAMES), 300, "three names are remembered")

    # --- names ------------------------------------------------------------------

    def names(self) -> None:
        """Remembered, and shown as they are."""
        shown = [("alpha", "on"), ("Beta &lt;b&gt;", "on"), ("gamma", "on")]
        equal(self.rows(), shown, "before")
        lines = self.settle_names().decode().splitlines()
        equal([line.split(" ", 3)[0] for line in lines],
              sorted(box.id for box in self.boxes), "ids")
        equal(self.rows(), shown, "remembered")

    def is_believed(self) -> None:
        """What is remembered is what is shown: nothing is read again."""
        was = self.settle_names()
        (self.state / NAMES).write_bytes(was.replace(b"alpha", b"omega"))
        equal([name for name, _ in self.rows()],
              ["Beta &lt;b&gt;", "gamma", "omega"], "names")
        (self.state / NAMES).write_bytes(was)
        was = self.settle(CERTIFICATE)
        term = "\t".join(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
            time.time() + days * 86400)) for days in (-89, 1))
        (self.state / CERTIFICATE).write_bytes(re.sub(
            rb"[0-9-]+T[0-9:]+Z\t[0-9-]+T[0-9:]+Z\t", term.encode() + b"\t",
            was))
        check("The certificate ends on" in self.page(), "the certificate")
        (self.state / CERTIFICATE).write_bytes(was)

    def changed(self) -> None:
        """By the command, by hand, at once and after a rest."""
        box, conf = self.boxes[0], self.instance.folder(self.boxes[0])
        conf /= "mailbox.conf"
        for number in range(3):
            self.instance.restante("mailbox", "set", box.id, f"name=a{number}")
            equal(self.rows()[0], (f"a{number}", "on"), "set")
        self.instance.restante("mailbox", "suspend", box.id)
        equal(self.rows()[0], ("a2", "off"), "suspended")
        self.settle_names()
        equal(self.rows()[0], ("a2", "off"), "suspended, and remembered")
        text = conf.read_text()
        for name in ("a4", "a5"):
            conf.write_text(text.replace("'a2'", f"'{name}'"))
            equal(self.rows()[0], (name, "off"), "by hand")
        age(conf, 3600)
        conf.write_text(text.replace("'a2'", "'a6'"))
        age(conf, 3600)
        equal(self.rows()[0], ("a6", "off"), "by hand, with the time of before")
        conf.write_text("name = '")
        check(f"{box.id} cannot be read" in self.page(), "a broken one")
        conf.write_text(text.replace("'a2'", "'alpha'"))
        self.instance.restante("mailbox", "activate", box.id)
        equal(self.rows()[0], ("alpha", "on"), "mended")

    def fewer_and_more(self) -> None:
        """Made, deleted, and another in its place."""
        self.settle_names()
        box = self.instance.create_mailbox("delta")
        equal([name for name, _ in self.rows()],
              ["alpha", "Beta &lt;b&gt;", "delta", "gamma"], "made")
        self.instance.restante("mailbox", "suspend", box.id)
        self.instance.restante("mailbox", "delete", "--yes", box.id)
        equal([name for name, _ in self.rows()],
              ["alpha", "Beta &lt;b&gt;", "gamma"], "deleted")

    def rubbish(self) -> None:
        """Whatever the files hold, the page is right."""
        right, was = self.rows(), self.settle_names()
        good = was.splitlines(keepends=True)
        for text in (b"", b"\n\n", b"\0" * 5000, was[:-7], was[:60],
                     b"".join(reversed(good)), was * 3, good[0] + good[0],
                     b"x" * 70000, good[1].replace(b" ", b"  "),
                     b"".join(line.split(b" ")[0] + b"\n" for line in good)):
            (self.state / NAMES).write_bytes(text)
            equal(self.rows(), right, f"with {text[:80]!r}")
        (self.state / NAMES).unlink()
        (self.state / NAMES).mkdir()
        equal(self.rows(), right, "with a directory")
        (self.state / NAMES).rmdir()

    def rests(self) -> None:
        """What a killed page left is removed when it is old."""
        self.settle_names()
        fresh = self.state / f"{NAMES}.new"
        fresh.write_text("half")
        (self.state / NAMES).unlink()
        self.page()
        check(fresh.exists(), "somebody else's work was removed")
        fresh.unlink()
        self.settle_names()

    def unwritable(self) -> None:
        """A directory that cannot be written to costs time alone."""
        right = self.rows()
        (self.state / NAMES).unlink()
        self.state.chmod(0o500)
        try:
            equal(self.rows(), right, "rows")
        finally:
            self.state.chmod(0o700)

    def at_once(self) -> None:
        """Ten pages, while names change: each shows one that was true."""
        box, done = self.boxes[2], threading.Event()
        seen: list[str] = []

        def look() -> None:
            while not done.is_set():
                seen.extend(name for name, _ in self.rows()
                            if name not in ("alpha", "Beta &lt;b&gt;"))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        for number in range(10):
            self.instance.restante("mailbox", "set", box.id, f"name=g{number}")
            equal(self.rows()[2][0], f"g{number}", "right after")
        done.set()
        for thread in threads:
            thread.join()
        check(seen and set(seen) <= {"gamma"} | {f"g{n}" for n in range(10)},
              f"{set(seen)} in {time.monotonic() - begun:.1f} s")
        self.instance.restante("mailbox", "set", box.id, "name=gamma")

    # --- the certificate --------------------------------------------------------

    def sign(self, days: int, name: str) -> None:
        """Another certificate in its place: of 90 days, so many are left."""
        folder, now = self.tls.parent / "fresh", time.time()
        folder.mkdir(exist_ok=True)
        os.replace(sign_itself(folder, self.instance.tls.key,
                               now - (90 - days) * 86400,
                               now + days * 86400, name), self.tls)

    def certificate(self) -> None:
        """A renewal counts at once, and so does what is wrong."""
        check("The certificate ends" not in self.page(), "a new one")
        self.settle(CERTIFICATE)
        self.sign(5, "short")
        check("The certificate ends on" in self.page(), "5 days left")
        check("CN=short" in self.page("/system"), "the chain")
        self.settle(CERTIFICATE)
        check("The certificate ends on" in self.page(), "remembered")
        self.sign(90, "long")
        check("The certificate ends" not in self.page(), "90 days left")
        check("CN=long" in self.page("/system"), "the chain")
        self.tls.write_text("no certificate")
        check("cannot be read: certificate" in self.page(), "none in it")
        self.tls.unlink()
        check("cannot be read: certificate" in self.page(), "no file")
        check(str(self.tls) in self.page("/system"), "the system's page")
        self.sign(3, "last")
        check("The certificate ends on" in self.page(), "3 days left")

    def certificate_rubbish(self) -> None:
        """Whatever was remembered of it."""
        self.sign(90, "a\tb\nc")
        until(lambda: self.page() and (self.state / CERTIFICATE).exists() and
              b"a?b?c" in (self.state / CERTIFICATE).read_bytes(), 300,
              "it is remembered")
        was = (self.state / CERTIFICATE).read_bytes()
        stamp = was.split(b"\n")[0] + b"\n"
        for text in (b"", b"\0\0\0", was[:20], b"x" + was):
            (self.state / CERTIFICATE).write_bytes(text)
            check("The certificate" not in self.page(), f"with {text[:60]!r}")
        for text in (stamp, stamp + b"\0", stamp + b"never\tends\tx\ty\n"):
            (self.state / CERTIFICATE).write_bytes(text)
            check("not understood" in self.page(), f"with {text[:60]!r}")


def cases(place: Place, _: Report, __: object) -> Iterator[Case]:
    """In this order."""
    r = Remembered(place)
    steps: list[Callable[[], None]] = [
        r.names, r.is_believed, r.changed, r.fewer_and_more, r.rubbish,
        r.rests, r.unwritable, r.at_once, r.certificate, r.certificate_rubbish]
    for step in steps:
        yield step.__name__, step


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
