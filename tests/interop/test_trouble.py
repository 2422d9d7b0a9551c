#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when the machine is in trouble: a disk filled to the last
block, a store that is not mounted, damaged messages, keys and certificates
that are missing, unreadable or nonsense, mailboxes deleted while others are in
them. Mail gets a 4xx and is not lost; the archive can still collect; the log
names the file.
"""

import contextlib
import errno
import functools
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.mounts import small_disk
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, Skip, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.servers import SocketActivate, Spawner
from harness.smtp import Reply, Smtp
from harness.wire import Vanished, Wire

MIB = 1 << 20
IN_USE = 69


def message(subject: str, octets: int) -> bytes:
    """A message of about that size that does not compress."""
    lines = (os.urandom(36).hex().encode() + b"\r\n"
             for _ in range(octets // 74))
    return f"Subject: {subject}\r\n\r\n".encode() + b"".join(lines)


class Handlers:
    """Both handlers over one configuration file, one session at a time."""

    def __init__(self, instance: Instance, conf: Path | None = None,
                 tls: str = "starttls") -> None:
        self.instance = instance
        self.receiver = Spawner(instance, "smtp-journal", f"--tls={tls}", conf)
        self.server = Spawner(instance, "pop3-serve", f"--tls={tls}", conf)

    def smtp(self) -> Smtp:
        """A client behind STARTTLS."""
        return Smtp(Wire(self.receiver.open()[0]), self.instance.context)

    def pop3(self, mailbox: Mailbox) -> Pop3:
        """A client that has logged in."""
        pop3 = Pop3(Wire(self.server.open()[0]), self.instance.context)
        pop3.login(mailbox.id, mailbox.password)
        return pop3

    def deliver(self, mailbox: Mailbox, content: bytes) -> Reply:
        """One message in a session of its own; the last reply to it."""
        smtp = self.smtp()
        reply = smtp.command(f"MAIL FROM:<a@b.example> SIZE={len(content)}")
        if reply.code == 250:
            reply = smtp.command(f"RCPT TO:<{mailbox.address}>")
        if reply.code == 250:
            reply = smtp.data(content)
        smtp.quit()
        return reply

    def collect(self, mailbox: Mailbox, delete: int = 10 ** 9) -> list[bytes]:
        """Fetch everything; delete the first so many."""
        pop3 = self.pop3(mailbox)
        messages = []
        for number in pop3.list():
            messages.append(pop3.retr(number))
            if number <= delete:
                pop3.dele(number)
        pop3.quit()
        return messages


# --- a full disk ----------------------------------------------------------


class FullDisk:
    """A store on a disk of its own, small enough to be filled."""

    SIZE = 48 * MIB

    def __init__(self, place: Place, report: Report,
                 name: str = "full") -> None:
        self.report = report
        self.disk = small_disk(place, f"disk-{name}", self.SIZE)
        self.instance = Instance(place, name, store=self.disk / "store",
                                 limits={"reserve": 8 * MIB})
        self.instance.variant("no-reserve", limits={"reserve": 0})
        self.normal = Handlers(self.instance)
        self.reckless = Handlers(self.instance,
                                 self.instance.root / "no-reserve.conf")
        self.mailbox = self.instance.create_mailbox("full")
        self.subjects: list[str] = []

    def fill_with_mail(self, handlers: Handlers, name: str) -> Reply:
        """Deliver until it is refused; the refusal."""
        for number in range(100):
            subject = f"{name} {number}"
            reply = handlers.deliver(self.mailbox, message(subject, MIB))
            if reply.code != 250:
                return reply
            self.subjects.append(subject)
        raise AssertionError("the disk does not become full")

    def space_left(self) -> int:
        """Octets that an ordinary user may still write."""
        fs = os.statvfs(self.disk)
        return fs.f_bavail * fs.f_frsize

    def fill_up(self) -> None:
        """Take every last block."""
        with open(self.disk / "filler", "ab", buffering=0) as file:
            for size in (MIB, 4096, 1024, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        equal(self.space_left(), 0, "octets left")

    def all_there(self, messages: list[bytes]) -> None:
        """Exactly what was acknowledged, in that order, whole."""
        check(all(len(m) > MIB - 200 for m in messages), "not whole")
        got = [m.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
               for m in messages]
        equal(got, self.subjects, "messages in the mailbox")

    def run(self) -> None:
        """From the reserve to the last block and back."""
        reply = self.fill_with_mail(self.normal, "reserved").want(452)
        check(self.space_left() > 7 * MIB, "the reserve was used")
        self.report.note(f"below the reserve: {reply}")
        reply = self.fill_with_mail(self.reckless, "last").want(452)
        self.report.note(f"no space: {reply}")
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")
        self.fill_up()
        for handlers in (self.normal, self.reckless):
            handlers.deliver(self.mailbox, message("none", 2000)).want(452)
        equal(self.instance.unfinished(self.mailbox), [], "left in tmp/")
        gone = len(self.subjects) // 2
        self.all_there(self.normal.collect(self.mailbox, delete=gone))
        del self.subjects[:gone]
        equal(len(self.instance.kept(self.mailbox)), len(self.subjects),
              "messages left")
        (self.disk / "filler").unlink()
        self.normal.deliver(self.mailbox, message("again", MIB)).want(250)
        self.subjects.append("again")
        self.all_there(self.normal.collect(self.mailbox))
        equal(self.instance.kept(self.mailbox), [], "messages left")


    # --- not even a name -------------------------------------------------------

    def fill_spool(self) -> None:
        """The newest one has not an octet left of the blocks that its length
        takes: the next line begins one.
        """
        block = os.statvfs(self.disk).f_frsize
        newest = max((self.instance.folder(self.mailbox) / "spool").iterdir(),
                     key=lambda path: int(path.suffix[1:]))
        octets = -newest.stat().st_size % block
        with open(newest, "ab") as file:
            file.write(b"x" * (octets - 1) + b"\n" if octets else b"")

    def fill_folder(self, folder: Path) -> None:
        """Until no more name fits into it."""
        for number in range(10_000):
            try:
                (folder / f"{number:04}".ljust(48, "-")).touch()
            except OSError as why:
                equal(why.errno, errno.ENOSPC, "error")
                return
        raise Skip("this file system always has room for a name")

    def without_a_name(self) -> None:
        """A message leaves by the room that a spool keeps for its line, and
        makes room for the others; what is in the way of the first of them is
        carried on by the next session.
        """
        for number in range(40):
            self.normal.deliver(self.mailbox,
                                message(f"name {number}", 20_000)).want(250)
        self.instance.restante("sweep")
        self.fill_up()
        self.fill_spool()
        self.fill_folder(self.instance.folder(self.mailbox) / "gone")
        self.fill_up()
        self.normal.deliver(self.mailbox, message("none", 2000)).want(452)
        equal(len(self.normal.collect(self.mailbox, delete=30)), 40,
              "messages collected")
        self.instance.restante("sweep")
        check(self.space_left() >= 29 * 20_000, "nothing was freed")
        equal(len(self.normal.collect(self.mailbox, delete=0)), 10,
              "messages left")
        equal(len(self.instance.kept(self.mailbox)), 10, "names in cur/")


def full_disk(place: Place, report: Report) -> None:
    """Needs a mount of its own."""
    require_private_mounts()
    FullDisk(place, report).run()


def no_room_for_a_name(place: Place, report: Report) -> None:
    """The same."""
    require_private_mounts()
    FullDisk(place, report, "nameless").without_a_name()


# --- a store that is not there --------------------------------------------


def not_mounted(instance: Instance) -> None:
    """451, never 550, whether nothing is there or an empty mount point."""
    handlers = Handlers(instance)
    mailbox = instance.create_mailbox("not mounted")
    content = message("mounted", 500)
    handlers.deliver(mailbox, content).want(250)
    away = instance.store.with_name("store-away")
    instance.store.rename(away)
    try:
        for empty in (False, True):
            if empty:
                instance.store.mkdir()
                instance.place.give(instance.store)
            smtp = handlers.smtp()
            smtp.command("MAIL FROM:<a@b.example>")
            for address in (mailbox.address, f"mbx-{0:032x}@archive.test"):
                smtp.command(f"RCPT TO:<{address}>").want(451)
            smtp.quit()
            text = refusal(lambda: handlers.pop3(mailbox))
            check("[SYS/TEMP]" in text, f"the login said {text}")
            if empty:
                equal(os.listdir(instance.store), [], "in the mount point")
                instance.store.rmdir()
    finally:
        away.rename(instance.store)
    handlers.deliver(mailbox, content).want(250)
    equal(len(handlers.collect(mailbox)), 2, "messages afterwards")


# --- damage ---------------------------------------------------------------


def flip(path: Path, where: float) -> None:
    """Change one bit of a file, so far into it."""
    octets = bytearray(path.read_bytes())
    octets[int(where * len(octets))] ^= 1
    path.write_bytes(octets)


def truncate(path: Path, octets: int) -> None:
    """Take something away from the end."""
    os.truncate(path, path.stat().st_size - octets)


DAMAGES = {
    "header": (2000, lambda path: flip(path, 0.02)),
    "payload": (2000, lambda path: flip(path, 0.9)),
    "late-chunk": (500_000, lambda path: flip(path, 0.7)),
    "truncated": (2000, lambda path: truncate(path, 10)),
    "chunk-missing": (65536 * 3, lambda path: truncate(path, 65552 + 100)),
    "empty": (2000, lambda path: os.truncate(path, 0)),
}


def damaged(instance: Instance, size: int,
            damage: Callable[[Path], None]) -> None:
    """One message of three is damaged: the two others come all the same."""
    handlers = Handlers(instance)
    mailbox = instance.create_mailbox("damaged")
    contents = [message(f"message {n}", size) for n in range(3)]
    for content in contents:
        handlers.deliver(mailbox, content).want(250)
    damage(instance.folder(mailbox) / "cur" / instance.kept(mailbox)[1])
    pop3 = handlers.pop3(mailbox)
    equal(sorted(pop3.list()), [1, 2, 3], "messages listed")
    try:
        begin = pop3.retr(2)
        check(False, f"a damaged message came out: {begin[:100]!r}")
    except Refused:
        pop3.quit()
    except Vanished:
        pop3.wire.close()
    check(contents[1] not in pop3.wire.held, "it came out whole")
    pop3 = until(lambda: try_login(handlers, mailbox), 300, "a second session")
    for number in (1, 3):
        check(pop3.retr(number).endswith(contents[number - 1]),
              f"message {number} is not whole")
    refusal(lambda: pop3.retr(2))
    refusal(lambda: pop3.top(2, 99999999))
    pop3.dele(1)
    pop3.dele(3)
    pop3.quit()
    check(len(instance.kept(mailbox)) == 1, "the damaged message is not kept")


def try_login(handlers: Handlers, mailbox: Mailbox) -> Pop3 | None:
    """A session, unless the mailbox is in use still."""
    try:
        return handlers.pop3(mailbox)
    except Refused as why:
        check("[IN-USE]" in str(why), str(why))
        return None


# --- keys and certificates ------------------------------------------------


def remove_file(path: Path) -> None:
    """It is not there."""
    path.unlink()


def make_unreadable(path: Path) -> None:
    """It may not be read."""
    path.chmod(0)


def make_nonsense(path: Path) -> None:
    """It is no PEM."""
    path.write_text("-----BEGIN NONSENSE-----\n")


def bad_tls_file(instance: Instance, kind: str,
                 spoil: Callable[[Path], None]) -> None:
    """454, the log names the file, and mending it is enough."""
    if spoil is make_unreadable and instance.place.uid == 0:
        raise Skip("root may read everything")
    folder = instance.place.folder(f"tls-{kind}-{spoil.__name__}")
    good = {"certificate": instance.tls.certificate, "key": instance.tls.key}
    files = {name: folder / f"{name}.pem" for name in good}
    for name, path in files.items():
        shutil.copy(good[name], path)
        instance.place.give(path)
    conf = instance.variant(folder.name, tls=files)
    spoil(files[kind])
    try_without_tls(instance, conf, files[kind])
    files[kind].unlink(missing_ok=True)
    shutil.copy(good[kind], files[kind])
    instance.place.give(files[kind])
    mailbox = instance.create_mailbox("mended")
    handlers = Handlers(instance, conf)
    handlers.deliver(mailbox, message("mended", 500)).want(250)
    equal(len(handlers.collect(mailbox)), 1, "messages")


def try_without_tls(instance: Instance, conf: Path, file: Path) -> None:
    """Both handlers, both ways to TLS, with this file spoilt."""
    with SocketActivate(instance, "smtp-journal", "--tls=starttls",
                        conf) as server:
        smtp = Smtp(Wire.connect(server.port))
        smtp.ehlo()
        reply = smtp.command("STARTTLS")
        check(400 <= reply.code < 500, f"STARTTLS: {reply}")
        smtp.command("MAIL FROM:<a@b.example>").want(450)
        smtp.quit()
        server.idle()
        log_names(server, file)
    with SocketActivate(instance, "pop3-serve", "--tls=starttls",
                        conf) as server:
        pop3 = Pop3(Wire.connect(server.port))
        refusal(lambda: pop3.command("STLS"))
        pop3.quit()
        server.idle()
        log_names(server, file)
    for handler in ("smtp-journal", "pop3-serve"):
        with SocketActivate(instance, handler, "--tls=implicit",
                            conf) as server:
            wire = Wire.connect(server.port)
            check(wire.at_end(), f"{handler} said something without TLS")
            wire.close()
            server.idle()
            log_names(server, file)


def log_names(server: SocketActivate, file: Path) -> None:
    """A line of the log says which file."""
    text = server.log_text()
    check(str(file) in text, f"the log does not name {file.name}: "
          f"{text[-500:]}")


# --- deletion under way ---------------------------------------------------


def deleted_by_command(instance: Instance) -> None:
    """`mailbox delete` waits for nobody and disturbs nobody: 69."""
    handlers = Handlers(instance)
    mailbox = instance.create_mailbox("deleted")
    smtp = handlers.smtp()
    smtp.envelope(mailbox.address).want(250)
    instance.restante("mailbox", "suspend", mailbox.id)
    delete = ("mailbox", "delete", mailbox.id, "--yes")
    instance.restante(*delete, want=IN_USE)
    smtp.data(message("in transaction", 500)).want(250)
    smtp.quit()
    pop3 = until(lambda: try_login(handlers, mailbox), 300, "a login")
    until(lambda: instance.restante(*delete, want=None).returncode == IN_USE,
          300, "69 while the archive collects")
    check(pop3.retr(1).startswith(b"R"), "RETR")
    pop3.quit()
    until(lambda: instance.restante(*delete, want=None).returncode == 0, 300,
          "deleted")
    check(not instance.folder(mailbox).exists(), "its directory is there")
    smtp = handlers.smtp()
    smtp.envelope(mailbox.address).want(550)
    smtp.quit()
    check("[AUTH]" in refusal(lambda: handlers.pop3(mailbox)),
          "a deleted mailbox can be told from a wrong password")


def deleted_by_force(instance: Instance) -> None:
    """rm -rf under everybody's feet: answers, no abort, no 250."""
    handlers = Handlers(instance)
    mailbox = instance.create_mailbox("rm")
    for number in range(2):
        handlers.deliver(mailbox, message(f"{number}", 500)).want(250)
    client, receiver = handlers.receiver.open()
    smtp = Smtp(Wire(client), instance.context)
    client, server = handlers.server.open()
    pop3 = Pop3(Wire(client), instance.context)
    pop3.login(mailbox.id, mailbox.password)
    smtp.envelope(mailbox.address).want(250)
    smtp.command("DATA").want(354)
    shutil.rmtree(instance.folder(mailbox))
    smtp.wire.send(message("too late", 500) + b".\r\n")
    reply = smtp.reply()
    check(400 <= reply.code < 500, f"the message was answered with {reply}")
    smtp.quit()
    refusal(lambda: pop3.retr(1))
    pop3.dele(2)
    with contextlib.suppress(Refused):
        pop3.quit()
    for process in (receiver, server):
        status = process.wait(300)
        check(status >= 0, f"{process.args[0]} was ended by signal {-status}")


def refusal(action: Callable[[], object]) -> str:
    """What -ERR says; anything else is a failure."""
    try:
        action()
    except Refused as why:
        return str(why)
    raise AssertionError("+OK where -ERR was expected")


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """All troubles."""
    yield "trouble-full-disk", lambda: full_disk(place, report)
    yield ("trouble-no-room-for-a-name",
           lambda: no_room_for_a_name(place, report))
    instance = Instance(place)
    yield "trouble-not-mounted", lambda: not_mounted(instance)
    for name, (size, damage) in DAMAGES.items():
        yield (f"trouble-damaged-{name}",
               functools.partial(damaged, instance, size, damage))
    for kind in ("certificate", "key"):
        for spoil in (remove_file, make_unreadable, make_nonsense):
            yield (f"trouble-{kind}-{spoil.__name__.replace('_', '-')}",
                   functools.partial(bad_tls_file, instance, kind, spoil))
    yield "trouble-deleted-by-command", lambda: deleted_by_command(instance)
    yield "trouble-deleted-by-force", lambda: deleted_by_force(instance)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
