#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""limits.reserve holds at every moment: messages whose size nobody announced,
to one mailbox and to several, in sessions side by side and through the proxies,
on a disk that they would fill. And proxy.max-size.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.mounts import small_disk
from harness.nets import OtherHost
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.proxied import Proxied
from harness.report import Failure, Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import Spawner
from harness.smtp import Reply, Smtp
from harness.wire import Vanished, Wire

MIB = 1 << 20
SIZE = 24 * MIB
RESERVE = 8 * MIB
MAX_SIZE = 2 * MIB
SESSIONS = 4
STEP = 64 << 10  # what is written between two looks
BLOCKS = MIB  # directories, spools, and what a file system needs for itself

LINES = b"".join(b"%064d\r\n" % n for n in range(1024))


def text(octets: int) -> bytes:
    """So many octets of a message."""
    return b"Subject: large\r\n\r\n" + LINES * (octets // len(LINES))


class Disk:
    """A store on a disk of its own, and how little was ever free on it."""

    def __init__(self, place: Place, report: Report) -> None:
        require_private_mounts()
        self.report = report
        self.point = small_disk(place, "disk", SIZE)
        self.instance = Instance(place, store=self.point / "store",
                                 limits={"reserve": RESERVE})
        self.receiver = Spawner(self.instance, "smtp-journal",
                                "--tls=starttls")

    def free(self) -> int:
        """Octets that an ordinary user may still write."""
        fs = os.statvfs(self.point)
        return fs.f_bavail * fs.f_frsize

    @contextlib.contextmanager
    def watched(self, name: str, sessions: int = 1) -> Iterator[None]:
        """The least that was free meanwhile is the reserve, but for what was
        under way when it was looked for.
        """
        least, over = [self.free()], threading.Event()

        def look() -> None:
            while not over.wait(0.002):
                least[0] = min(least[0], self.free())

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        self.report.figure(f"{name}-least-free-mib", least[0] / MIB)
        check(least[0] >= RESERVE - sessions * STEP - BLOCKS,
              f"{least[0] / MIB:.1f} MiB were left free")
        check(least[0] < RESERVE + 4 * MIB, "the disk was never in danger")

    def smtp(self) -> tuple[Smtp, subprocess.Popen]:
        """A client of smtp-journal."""
        client, handler = self.receiver.open()
        return Smtp(Wire(client), self.instance.context), handler

    def send(self, to: list[str]) -> Reply:
        """A message as large as the disk, without a word of its size."""
        smtp, handler = self.smtp()
        reply = smtp.deliver(to, text(SIZE))
        smtp.quit()
        equal(handler.wait(300), 0, "exit status")
        return reply

    def nothing_is_left(self, *mailboxes: object) -> None:
        """What was refused has left no octet behind."""
        for mailbox in mailboxes:
            equal(self.instance.kept(mailbox), [], "kept")
            equal(self.instance.unfinished(mailbox), [], "left in tmp/")


def one_message(disk: Disk) -> None:
    """Refused behind its last line, for it may pass another time."""
    mailbox = disk.instance.create_mailbox()
    with disk.watched("one"):
        reply = disk.send([mailbox.address]).want(452)
    check("4.3.1" in str(reply), f"told: {reply}")
    check("reason=disk" in disk.receiver.log_text(), "the log does not tell")
    disk.nothing_is_left(mailbox)


def by_chunks(disk: Disk) -> None:
    """The same by BDAT: the chunk that meets the reserve is refused."""
    mailbox = disk.instance.create_mailbox()
    smtp, handler = disk.smtp()
    with disk.watched("chunks"):
        smtp.envelope(mailbox.address).want(250)
        smtp.bdat(text(SIZE), MIB).want(452)
    smtp.quit()
    equal(handler.wait(300), 0, "exit status")
    disk.nothing_is_left(mailbox)


def several_mailboxes(disk: Disk) -> None:
    """Each copy counts."""
    mailboxes = [disk.instance.create_mailbox(str(n)) for n in range(3)]
    with disk.watched("mailboxes"):
        disk.send([m.address for m in mailboxes]).want(452)
    disk.nothing_is_left(*mailboxes)


def announced(disk: Disk) -> None:
    """What SIZE announces is wanted once for each mailbox, at RCPT."""
    mailboxes = [disk.instance.create_mailbox(str(n)) for n in range(3)]
    room = disk.free() - RESERVE
    smtp, handler = disk.smtp()
    smtp.command(f"MAIL FROM:<a@b.example> SIZE={room * 2 // 5}").want(250)
    for mailbox, code in zip(mailboxes, (250, 250, 452)):
        smtp.command(f"RCPT TO:<{mailbox.address}>").want(code)
    smtp.data(b"Subject: small\r\n\r\nafter all\r\n").want(250)
    smtp.quit()
    equal(handler.wait(300), 0, "exit status")
    equal([len(disk.instance.kept(m)) for m in mailboxes], [1, 1, 0], "kept")


def side_by_side(disk: Disk) -> None:
    """Sessions at the same time see what the others have written."""
    mailboxes = [disk.instance.create_mailbox(str(n)) for n in range(SESSIONS)]
    codes: list[int] = []

    def send(address: str) -> None:
        codes.append(disk.send([address]).code)

    threads = [threading.Thread(target=send, args=(m.address,))
               for m in mailboxes]
    with disk.watched("side-by-side", SESSIONS):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    equal(codes, [452] * SESSIONS, "codes")
    disk.nothing_is_left(*mailboxes)


# --- through the proxies -----------------------------------------------------


def logged_in(side: Proxied) -> tuple[Smtp, subprocess.Popen]:
    """A mail client behind its login."""
    smtp, handler = side.smtp()
    smtp.auth_plain(side.user(4465)).want(235)
    return smtp, handler


def no_copy_no_mail(disk: Disk, side: Proxied) -> None:
    """smtp-proxy: 451, closed, and the server has not got the last line."""
    smtp, handler = logged_in(side)
    with disk.watched("smtp-proxy"):
        smtp.envelope("b@sender.example").want(250)
        reply = smtp.data(text(SIZE)).want(451)
    check("nothing was sent" in str(reply), f"told: {reply}")
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(300), 0, "exit status")
    disk.nothing_is_left(side.mailbox)


def fetch_until_cut(pop3: Pop3) -> None:
    """RETR of the large message, which is cut off."""
    try:
        pop3.retr(1)
    except Vanished:
        return
    raise Failure("the message was handed out whole")


def no_copy_no_fetch(disk: Disk, side: Proxied) -> None:
    """pop3-proxy: behind +OK the connection is cut, nothing is deleted."""
    pop3, handler = side.pop3(side.user(4995))
    with disk.watched("pop3-proxy"):
        fetch_until_cut(pop3)
    handler.wait(300)
    check("reason=store" in side.pop3_side.log_text(), "the log says nothing")
    disk.nothing_is_left(side.mailbox)


def too_large_to_send(disk: Disk, side: Proxied) -> None:
    """proxy.max-size: announced, at MAIL, and behind the message."""
    disk.instance.configure(proxy={"max-size": MAX_SIZE})
    smtp, handler = logged_in(side)
    smtp.ehlo()
    equal(smtp.extensions["SIZE"], str(min(MAX_SIZE, 1000000)), "SIZE")
    smtp.command(f"MAIL FROM:<a@b.example> SIZE={MAX_SIZE + 1}").want(552)
    smtp.envelope("b@sender.example", params=f" SIZE={MAX_SIZE}").want(250)
    smtp.data(text(2 * MAX_SIZE)).want(552)
    check(smtp.wire.at_end(), "the connection goes on")
    equal(handler.wait(300), 0, "exit status")
    check("reason=size" in side.smtp_side.log_text(), "the log says nothing")
    smtp, handler = logged_in(side)
    smtp.envelope("b@sender.example").want(250)
    smtp.data(text(MAX_SIZE // 2)).want(250)
    smtp.quit()
    equal(handler.wait(300), 0, "exit status")
    equal(len(side.kept()), 1, "copies")


def too_large_to_fetch(disk: Disk, side: Proxied) -> None:
    """Refused before +OK; the session goes on, and nothing is deleted."""
    disk.instance.configure(proxy={"max-size": MAX_SIZE})
    pop3, handler = side.pop3(side.user(4995))
    for command in ("RETR 1", "TOP 1 10000000", "DELE 1"):
        try:
            pop3.command(command)
        except Refused as why:
            check("[SYS/" in str(why), f"told: {why}")
        else:
            raise Failure(f"{command} was done")
    pop3.quit()
    equal(handler.wait(300), 0, "exit status")
    check("reason=size" in side.pop3_side.log_text(), "the log says nothing")
    disk.nothing_is_left(side.mailbox)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """All on one disk."""
    disk = Disk(place, report)
    alone: list[Callable[[Disk], None]] = [
        one_message, by_chunks, several_mailboxes, announced, side_by_side]
    for case in alone:
        yield (f"reserve-{case.__name__.replace('_', '-')}",
               lambda case=case: case(disk))
    with OtherHost() as other:
        side = Proxied(disk.instance, other, "harness.bulk_servers")
        behind: list[Callable[[Disk, Proxied], None]] = [
            no_copy_no_mail, no_copy_no_fetch, too_large_to_send,
            too_large_to_fetch]
        for case in behind:
            yield (f"reserve-{case.__name__.replace('_', '-')}",
                   lambda case=case: case(disk, side))


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True,
                        private_net=True))
