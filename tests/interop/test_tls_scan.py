#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS is to be had at each port, the console's too: 1.2 and 1.3 alone,
suites with forward secrecy and an authenticated cipher alone, whether the key
is ECDSA or RSA; no renegotiation, no compression, no session to be resumed by
another process.

TLS_SCAN=1 has testssl.sh look for everything that it knows, too (Debian's
package of that name; minutes a port), and TLS_SCAN_KEEP names a folder for its
reports.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import EC, RSA
from harness.place import Place
from harness.report import Report, check
from harness.script import Case, run_script
from harness.tls_ports import Port, TlsSite
from harness.tools import tool

SCAN = os.environ.get("TLS_SCAN", "0") != "0"
KEEP = os.environ.get("TLS_SCAN_KEEP", "")
SECTIONS = ["--protocols", "--standard", "--fs", "--server-preference",
            "--server-defaults", "--vulnerable"]
ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
SUITE = re.compile("(EC)?DHE-(ECDSA|RSA)-(AES(128|256)-GCM|CHACHA20)-")
# Which hello is answered with which alert.
REFUSED = {
    "alert protocol version": [["-tls1", "-cipher", ALL],
                               ["-tls1_1", "-cipher", ALL]],
    "alert handshake failure": [["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"],
                                ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"]],
    "alert inappropriate fallback": [["-tls1_2", "-fallback_scsv"]],
}
FINE = {"OK", "INFO", "LOW", "DEBUG"}
# A test authority publishes no revocations.
OF_THE_TEST_CA = {"cert_revocation"}


class Client:
    """openssl's, towards one port."""

    def __init__(self, site: TlsSite, port: Port) -> None:
        self.port = port
        self.session = str(site.instance.root / f"{port.number}.session")
        self.command = [
            tool("openssl"), "s_client", "-CAfile", str(site.instance.tls.ca),
            "-connect", f"127.0.0.1:{port.number}", *port.asking]

    def hello(self, *options: str) -> str:
        """All that is said about one handshake."""
        done = subprocess.run(
            [*self.command, *options], check=False, timeout=300,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        return done.stdout.decode("utf-8", "replace")

    def suites(self) -> list[str]:
        """Everything that TLS 1.2 can be had with, by taking it away."""
        had: list[str] = []
        while True:
            wanted = ":".join([ALL, *(f"!{suite}" for suite in had)])
            said = self.hello("-tls1_2", "-cipher", wanted)
            suite = re.search(r"^New, TLSv1.2, Cipher is (\S+)", said, re.M)
            if not suite:
                check("alert handshake failure" in said, said[-400:])
                return had
            had.append(suite[1])

    def greeted(self, client: subprocess.Popen) -> None:
        """A greeting in the middle of a handshake would be the end of it."""
        said = b"\n"
        while b"\n" + self.port.greeting not in said:
            octets = os.read(client.stdout.fileno(), 4096)
            check(octets, f"no greeting: {said[-400:]!r}")
            said += octets

    def renegotiates(self) -> bool:
        """Does the session go on when a client asks for it?"""
        with subprocess.Popen([*self.command, "-tls1_2"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as client:
            self.greeted(client)
            client.stdin.write(b"R\n")
            client.stdin.flush()
            try:
                client.wait(10)
            except subprocess.TimeoutExpired:
                return True
            finally:
                client.kill()
            said = client.stdout.read()
            check(b"RENEGOTIATING" in said, "it did not ask")
            # An end without a word may be taken for a handshake.
            check(b"no renegotiation" in said and client.returncode,
                  f"ended with {client.returncode}: {said[-400:]!r}")
        return False


def refused(client: Client) -> None:
    """What is too old or too weak gets the alert that says so."""
    for alert, hellos in REFUSED.items():
        for options in hellos:
            said = client.hello(*options)
            check(alert in said, f"{options}: {said[-400:]}")


def strong(client: Client, key: str) -> None:
    """TLS 1.3, and of 1.2 what has forward secrecy and authenticates."""
    said = client.hello()
    for text in ("New, TLSv1.3, Cipher is TLS_", "Verify return code: 0 (ok)"):
        check(text in said, said[-400:])
    suites = client.suites()
    check(len(suites) >= 3 and all(key in suite and SUITE.match(suite)
                                   for suite in suites), f"suites: {suites}")


def calm(client: Client, resumes: bool) -> None:
    """No renegotiation and no compression; a handler resumes nothing."""
    check(not client.renegotiates(), "it renegotiates")
    said = client.hello("-tls1_2", "-comp", "-sess_out", client.session)
    for text in ("Secure Renegotiation IS supported", "Compression: NONE"):
        check(text in said, said[-400:])
    said = client.hello("-tls1_2", "-sess_in", client.session)
    check(resumes or "New, TLSv1.2" in said, said[-400:])


def findings(site: TlsSite, port: Port, name: str) -> list[dict[str, str]]:
    """What testssl.sh reports about a port."""
    file = site.instance.root / f"{name}.json"
    asking = ["--starttls", port.starttls] if port.starttls else []
    done = subprocess.run(
        [tool("testssl"), "--quiet", "--color", "0", "--warnings", "batch",
         "--nodns", "none", "--ip", "127.0.0.1", "--add-ca",
         str(site.instance.tls.ca), "--jsonfile", str(file), *SECTIONS,
         *asking, f"localhost:{port.number}"], check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, cwd=site.instance.root)
    if KEEP:
        shutil.copy(file, KEEP)
        Path(KEEP, f"{file.stem}.txt").write_text(done.stdout, "utf-8")
    return json.loads(file.read_text("utf-8"))


def scan(site: TlsSite, port: Port, name: str, report: Report) -> None:
    """testssl.sh finds nothing above LOW."""
    found = findings(site, port, name)
    check(len(found) > 50, f"testssl.sh looked at {len(found)} things alone")
    worse = [f"{f['id']} ({f['severity']}): {f['finding']}" for f in found
             if f["severity"] not in FINE and f["id"] not in OF_THE_TEST_CA]
    check(not worse, "; ".join(worse))
    low = [f["id"] for f in found if f["severity"] == "LOW"]
    report.figure(f"tls-scan-{name}",
                  f"{len(found)} findings, LOW: {' '.join(low) or 'none'}")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """Every port with both kinds of keys."""
    for key, kind in (("ECDSA", EC), ("RSA", RSA)):
        with TlsSite(place, key, kind) as site:
            for port in site.ports():
                name, client = f"{key}-{port.name}", Client(site, port)
                yield f"tls-strong-{name}", partial(strong, client, key)
                if SCAN:
                    yield f"tls-scan-{name}", partial(
                        scan, site, port, name, report)
                if kind == RSA:  # the rest is not the key's business
                    continue
                yield f"tls-refused-{name}", partial(refused, client)
                yield f"tls-calm-{name}", partial(
                    calm, client, port.name == "console")


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
