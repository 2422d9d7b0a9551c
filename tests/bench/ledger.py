#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ledger of a million entries costs: the sequencer's run that makes it,
as after days on which none came by, and each command and page that reads it. All
of its messages were received, collected and signed; their lines are written into
spools as the handlers write them, with a session key of our own.

One line for each: seconds by the clock, seconds of CPU, peak memory. On a busy
machine the second is to be read.
"""

import argparse
import hashlib
import inspect
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.ed25519 import Ed25519
from harness.instance import SHIPPED, Instance, Mailbox
from harness.ledger import Ledger
from harness.place import Place
from harness.tools import SYSTEM_PATH
from harness.web_client import FORM
from harness.web_servers import with_console

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BATCH = 40  # messages of a session
SPOOL_OCTETS = 48 * 1024 * 1024


class Past:
    """What a mailbox has been through, as lines of spools."""

    def __init__(self, mailbox: Mailbox, key: Ed25519) -> None:
        self.mailbox, self.key = mailbox, key
        self.now = int(time.time())
        self.time = time.strftime("time=%Y-%m-%dT%H:%M:%SZ",
                                  time.gmtime(self.now))
        self.ulids: list[str] = []

    def ulid(self, i: int) -> str:
        """One of the last hundred days."""
        number = (self.now - 86400 * (i % 100)) * 1000 << 80 | \
            int.from_bytes(hashlib.sha256(b"%d" % i).digest()[:10])
        text = ""
        for _ in range(26):
            number, digit = divmod(number, 32)
            text = ALPHABET[digit] + text
        return text

    def session(self, ulids: list[tuple[str, str]]) -> str:
        """Received, fetched, deleted."""
        kept = "".join(f"kept ulid={ulid} octets=76800 sha256={digest} "
                       f"by=writer {self.time}\n" for ulid, digest in ulids)
        lines = "".join(f"collected ulid={ulid} sha256={digest} ended=yes "
                        f"{self.time}\n" for ulid, digest in ulids)
        lines += "".join(f"gone ulid={ulid} by=collector {self.time}\n"
                         for ulid, _ in ulids)
        head = f"session id={self.ulid(-1)} mailbox={self.mailbox.id} " \
            f"n={2 * len(ulids)} " \
            f"sha256={hashlib.sha256(lines.encode()).hexdigest()}"
        return f"{kept}{head} sig={self.key.sign(head.encode()).hex()}\n" \
            f"{lines}"

    def sessions(self, entries: int) -> Iterator[str]:
        """So many entries, and a few."""
        for first in range(0, entries // (3 * BATCH + 1) + 1):
            ulids = [self.ulid(i)
                     for i in range(first * BATCH, (first + 1) * BATCH)]
            self.ulids += ulids
            yield self.session([(ulid, hashlib.sha256(ulid.encode())
                                 .hexdigest()) for ulid in ulids])


def write_spools(folder: Path, place: Place, sessions: Iterator[str]) -> int:
    """Of at most 48 MiB, and an empty one; how many octets in all."""
    octets, more = 0, True
    for n in count(100):
        path = folder / f"local.{n}"
        with path.open("w", encoding="ascii") as file:
            path.chmod(0o660)
            place.give(path)
            if not more:
                return octets
            more = False
            for text in sessions:
                octets += file.write(text)
                if file.tell() > SPOOL_OCTETS:
                    more = True
                    break
    raise AssertionError


class Bench:
    """An instance, and what it costs to ask it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.instance = with_console(
            Instance(place, identity=SHIPPED), auth="web-server")
        self.ledger = Ledger(self.instance)
        self.mailbox = self.instance.create_mailbox("bench")

    def fill(self, entries: int) -> Past:
        """Its spools, and the key that its sessions are signed with."""
        key = Ed25519()
        folder = self.instance.folder(self.mailbox)
        past = Past(self.mailbox, key)
        with open(folder / "admin.spool", "a", encoding="ascii") as file:
            file.write(f"key {past.time} by=administrator who=bench how=bench "
                       f"what=passwd session-key={key.public.hex()}\n")
        octets = write_spools(folder / "spool", self.place,
                              past.sessions(entries))
        print(f"lines: {octets / 1e6:.0f} MB", flush=True)
        return past

    def measure(self, what: str, *command: object, **env: str) -> None:
        """A program that must end with 0."""
        with open(os.devnull, "r+b") as null:
            begun = time.monotonic()
            with subprocess.Popen(
                    [*map(str, command)], stdin=null, stdout=null,
                    env={"PATH": SYSTEM_PATH, **env}, cwd=self.instance.root,
                    **self.place.as_user) as process:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{what}: ended with {process.returncode}")
        print(f"{what}: {time.monotonic() - begun:.2f} s, CPU "
              f"{used.ru_utime + used.ru_stime:.2f} s, "
              f"{used.ru_maxrss / 1024:.0f} MiB", flush=True)

    def command(self, *words: str) -> None:
        """`restante …`."""
        self.measure(" ".join(words).replace(self.mailbox.id, "ID")
                     .replace(str(self.instance.root), ""),
                     self.place.prefix / "bin/restante", "-c",
                     self.instance.conf, *words)

    def page(self, name: str, query: str = "") -> None:
        """A page of the console, by the CGI program alone."""
        self.measure(f"page {name}", self.place.handler("console.cgi"),
                     RESTANTE_CONF=str(self.instance.conf), HTTPS="on",
                     REQUEST_METHOD="GET", SCRIPT_NAME="",
                     PATH_INFO=f"/mailbox/{self.mailbox.id}/{name}",
                     QUERY_STRING=query, REMOTE_ADDR="192.0.2.7",
                     REMOTE_USER="anna", CONTENT_LENGTH="0",
                     CONTENT_TYPE=FORM)

    def run_sequencer(self, what: str) -> None:
        """`ledger --once`."""
        self.measure(what, self.place.handler("ledger"), "-c",
                     self.instance.conf, "--once")


def run(bench: Bench, entries: int) -> None:
    """All of it."""
    past = bench.fill(entries)
    mailbox = bench.mailbox.id
    bench.run_sequencer("sequencer, all of them at once")
    folder = bench.ledger.of(bench.mailbox)
    size = (folder / "tiles").stat().st_size // 32
    octets = sum((folder / name).stat().st_size
                 for name in ("entries", "offsets", "tiles"))
    print(f"entries: {size}, octets an entry: {octets / size:.0f}")
    bench.run_sequencer("sequencer, its daily look")
    bench.run_sequencer("sequencer, nothing new")
    bench.command("sweep")
    spools = bench.instance.folder(bench.mailbox) / "spool"
    print(f"spools left: {len(list(spools.iterdir()))}")
    bench.command("ledger", "verify", mailbox)
    bench.command("ledger", "show", mailbox)
    bench.command("ledger", "show", mailbox, "--since", "2100-01-01T00:00:00Z")
    for name, ulid in (("first", past.ulids[0]), ("last", past.ulids[-1])):
        bench.command("ledger", "proof", mailbox, ulid,
                      str(bench.instance.root / name))
    bench.command("ledger", "checkpoint", mailbox)
    bench.command("ledger", "key")
    bench.page("evidence")
    bench.page("evidence/proof", f"ulid={past.ulids[-1]}")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(sys.modules[__name__]),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", help="the installation under test "
                        "(default: $RESTANTE_PREFIX)")
    parser.add_argument("--entries", type=int, default=1000000)
    args = parser.parse_args()
    place = Place.find(args.prefix)
    try:
        run(Bench(place), args.entries)
    finally:
        place.remove(False)


if __name__ == "__main__":
    main()
