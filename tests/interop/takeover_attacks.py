# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler that was taken over may put into a mailbox: each of these is
done in its directory, as the handlers' user.
"""

import contextlib
import os
import socket
from pathlib import Path

from harness.report import Failure

ULID = "01HZZZZZZZZZZZZZZZZZZZZZZ%d"
MIB = 1024 * 1024
STRANGER_KEY = "age1" + "q" * 58
TREASURE = ""  # set by the case: a file of the stronger user

LINES = [
    b"kept ulid=%s octets=5 sha256=" + b"0" * 64 +
    b" by=smtp-journal time=2026-01-01T00:00:00Z",
    b"gone ulid=%s by=collector time=2026-01-01T00:00:00Z",
    b"collected ulid=%s sha256=" + b"0" * 64 +
    b" ended=yes time=2026-01-01T00:00:00Z",
    b"session id=%s mailbox=mbx-" + b"0" * 32 + b" n=256 sha256=" +
    b"0" * 64 + b" sig=" + b"0" * 128,
    b"settings by=administrator recipients=" + STRANGER_KEY.encode(),
    b"gone ulid=../../../mailbox.conf by=collector",
    b"activity time=2026-01-01T00:00:00Z program=%%1B%%5B2J peer="
    b"%%3Cscript%%3E outcome=x messages=18446744073709551616 octets=-1",
    b"%%", b"=", b"session n=4294967295", b"kept", b"\0\0\0",
]


def forged() -> bytes:
    """One of each."""
    ulid = (ULID % 1).encode()
    return b"".join((line % ulid if b"%s" in line else line) + b"\n"
                    for line in LINES)


def spools() -> list[Path]:
    """Those that are there."""
    return sorted(Path("spool").iterdir())


def spool_lines() -> None:
    """Whatever a line could say."""
    for path in [*spools(), Path("spool/local.900")]:
        with open(path, "ab") as file:
            file.write(forged() * 50)


def spool_garbage() -> None:
    """No lines at all."""
    Path("spool/local.901").write_bytes(os.urandom(MIB))
    Path("spool/local.902").write_bytes(b"A" * 8 * MIB)
    Path("spool/local.903").write_bytes(b"\n" * MIB)
    for path in spools():
        with open(path, "r+b") as file:
            file.seek(0)
            file.write(os.urandom(300))


def spool_as_long_as_may_be() -> None:
    """64 MiB of lines, and one octet more."""
    line = LINES[1] % (ULID % 2).encode() + b"\n"
    whole = (line * (MIB // len(line) + 1))[:MIB]
    for name, more in (("local.904", 0), ("local.905", 1)):
        with open(f"spool/{name}", "wb") as file:
            for _ in range(64):
                file.write(whole)
            file.write(b"x" * more)


def spool_of_sessions() -> None:
    """Lines that each claim the 256 behind them, as long as may be."""
    line = LINES[3] % (ULID % 2).encode() + b"\n"
    whole = (line * (MIB // len(line) + 1))[:MIB]
    for name in ("local.906", "local.907"):
        with open(f"spool/{name}", "wb") as file:
            for _ in range(64):
                file.write(whole)


def spool_links() -> None:
    """To what a stronger user may read or write."""
    for n, to in enumerate(("../mailbox.conf", "../identity.age", TREASURE,
                            "../lock", "/dev/zero", "local.1"), 910):
        os.symlink(to, f"spool/local.{n}")
    with contextlib.suppress(PermissionError):  # fs.protected_hardlinks
        os.link("mailbox.conf", "spool/local.920")
    Path("spool/local.921").write_bytes(forged())
    os.link("spool/local.921", "spool/local.922")


def strange(folder: str, name: str) -> None:
    """A fifo, a directory, a socket, by this name with a number in it."""
    os.mkfifo(f"{folder}/{name % 3}")
    os.mkdir(f"{folder}/{name % 4}")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(f"{folder}/{name % 5}")
    os.symlink(TREASURE, f"{folder}/{name % 6}")
    os.symlink("../mailbox.conf", f"{folder}/{name % 7}")
    with open(f"{folder}/{name % 8}", "wb") as file:
        file.truncate(64 * MIB + 1)
    Path(f"{folder}/{name % 9}").write_bytes(b"")


def spool_kinds() -> None:
    """What is no file."""
    strange("spool", "local.93%d")


def spool_many() -> None:
    """More than anybody should look at."""
    for n in range(2000, 5000):
        Path(f"spool/local.{n}").write_bytes(forged())


def spool_none() -> None:
    """They are all gone."""
    for path in spools():
        path.unlink()


def names_in_tmp() -> None:
    """Tickets that are none."""
    strange("tmp", ULID + ".age")
    strange("tmp", ULID.replace("HZ", "HY") + ",P.age")


def names_in_cur() -> None:
    """Messages that are none."""
    strange("cur", ULID + ",W=5.age")
    strange("cur", ULID.replace("HZ", "HX") + ",W=18446744073709551615,U.age")
    for name in ("..age", "x" * 255, "\x1b[2J\n,W=1.age", "\xff,W=2.age"):
        Path(f"cur/{name}").write_bytes(b"")


def names_in_gone() -> None:
    """What left, and did not."""
    strange("gone", ULID + ",W=5.age")
    strange("gone", ULID.replace("HZ", "HW") + ",W=5,F.age")
    with open("spool/local.940", "wb") as file:
        file.write(forged())


def lock_octets() -> None:
    """Records that nobody wrote."""
    with open("lock", "r+b") as file:
        file.write(os.urandom(4096))


def lock_empty() -> None:
    """No records."""
    os.truncate("lock", 0)


def lock_long() -> None:
    """And too many."""
    with open("lock", "r+b") as file:
        file.truncate(64 * MIB + 1)


def lock_of_holes() -> None:
    """As long as a file can be."""
    os.truncate("lock", 2**43)
    os.truncate("seen", 2**43)
    Path("uids").write_bytes(b"")
    os.truncate("uids", 2**43)


def lock_replaced() -> None:
    """By what is no file, where its place can be had: nobody's but the
    directory's owner may do that, so it is tried and refused.
    """
    for name in ("lock", "seen", "uids"):
        for act in (os.unlink, lambda name: os.rename(name, "tmp/x")):
            with contextlib.suppress(PermissionError):
                act(name)
                raise Failure(f"{name} could be taken away")


def times_ahead() -> None:
    """Everything is from the next century, or from before the first."""
    for folder in ("tmp", "cur", "gone", "spool"):
        Path(f"{folder}/z").write_bytes(b"")
        for n, path in enumerate(sorted(Path(folder).iterdir())):
            when = (2**33, -2**31, 2**60)[n % 3]
            with contextlib.suppress(OSError, OverflowError):
                os.utime(path, (when, when))
        with contextlib.suppress(PermissionError):
            os.utime(folder, (2**33, 2**33))
    for name in ("lock", "seen", "uids"):
        with contextlib.suppress(PermissionError):
            os.utime(name, (2**33, 2**33))


def modes_taken() -> None:
    """What it owns nobody may read, not even its group."""
    for folder in ("tmp", "cur", "gone", "spool"):
        for path in Path(folder).iterdir():
            path.chmod(0)


def directories_for_all() -> None:
    """In the place of whatever the next writer would make."""
    for n in range(1, 40):
        for name in (f"spool/local.{n}", f"spool/aside.local.{n}"):
            with contextlib.suppress(FileExistsError):
                os.mkdir(name)
    for n in range(3):
        os.makedirs(f"cur/{ULID % n},W=1.age/deep/er", exist_ok=True)
        os.makedirs(f"gone/{ULID % n},W=1.age/deep/er", exist_ok=True)
        os.makedirs(f"tmp/{ULID % n}.age/deep/er", exist_ok=True)


def the_last_number() -> None:
    """Behind it there is no spool that could be begun."""
    for n in (2**32 - 1, 2**32 - 2, 2**31, 2**63, 2**64 - 1):
        with open(f"spool/local.{n}", "wb") as file:
            file.write(forged())
            file.truncate(2 * MIB)


def seen_octets() -> None:
    """What pop3-proxy remembers."""
    Path("seen").write_bytes(os.urandom(MIB))


def names_many() -> None:
    """Of messages that are none, and of tickets whose writers are dead."""
    for n in range(3000):
        ulid = f"01HZ{n:022d}"
        Path(f"cur/{ulid},W=5.age").write_bytes(b"")
        Path(f"tmp/{ulid}.age").write_bytes(b"")
        Path(f"gone/{ulid.replace('HZ', 'HV')},W=5,F.age").write_bytes(b"")


ATTACKS = [spool_lines, spool_garbage, spool_as_long_as_may_be,
           spool_of_sessions, spool_links, names_many,
           spool_kinds, spool_many, spool_none, names_in_tmp, names_in_cur,
           names_in_gone, lock_octets, lock_empty, lock_long, lock_of_holes,
           lock_replaced, times_ahead, modes_taken, directories_for_all,
           the_last_number, seen_octets]
