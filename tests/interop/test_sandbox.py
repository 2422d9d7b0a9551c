#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers at work, seen from outside: each is confined before it greets, its
dialler too; and what pop3-serve holds in its memory once it has a password, and
once it has said goodbye.
"""

import contextlib
import ctypes
import functools
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, children
from harness.tools import tool
from harness.wire import Wire

HANDLERS = ("smtp-journal", "smtp-proxy", "pop3-proxy", "pop3-serve")
PTRACE_SEIZE, PTRACE_DETACH, PTRACE_O_TRACEEXIT = 0x4206, 17, 0x40
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def facts(pid: int, file: str) -> dict[str, str]:
    """The lines of a file of /proc, by their names."""
    lines = Path(f"/proc/{pid}/{file}").read_text("ascii").splitlines()
    return {name.strip(): rest.split()[0] for name, rest in
            (re.split(r":|  +", line, 1) for line in lines) if rest.split()}


def confined(instance: Instance, name: str) -> None:
    """When it greets."""
    client, handler = Spawner(instance, name, "--tls=starttls").open()
    wire = Wire(client)
    wire.line()
    dialler = [children(handler.pid)[0]] if "proxy" in name else []
    for pid in (handler.pid, *dialler):
        status, limits = facts(pid, "status"), facts(pid, "limits")
        for fact, wanted in (("Seccomp", "2"), ("NoNewPrivs", "1")):
            equal(status[fact], wanted, f"{fact} of {pid}")
        for limit in ("Max core file size", "Max processes"):
            equal(limits[limit], "0", f"{limit} of {pid}")
        check(limits["Max address space"] != "unlimited", "address space")
    wire.close()
    equal(handler.wait(10), 0, "exit status")


def identity(instance: Instance, mailbox: Mailbox) -> bytes:
    """The mailbox's private key: age opens the file and asks a terminal."""
    ours, theirs = pty.openpty()
    age = subprocess.Popen(
        [tool("age"), "-d", instance.folder(mailbox) / "identity.age"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
    os.write(ours, mailbox.password.encode() + b"\n")
    text = age.communicate(timeout=30)[0].decode("ascii")
    data = re.search(r"AGE-SECRET-KEY-1(\w+)", text).group(1).lower()
    bits = "".join(f"{BECH32.index(c):05b}" for c in data[:-6])
    return int(bits[:256], 2).to_bytes(32, "big")


def memory(pid: int) -> bytes:
    """All that a process can read of itself."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for row in maps:
            begin, end = (int(x, 16) for x in row.split()[0].split("-"))
            if " r" not in row[:60] or "[v" in row:
                continue
            mem.seek(begin)
            parts.append(mem.read(end - begin))
    return b"\n".join(parts)


@contextlib.contextmanager
def stopped_at_its_end(pid: int) -> Iterator[None]:
    """A child stops when it exits, its memory still there."""
    libc = ctypes.CDLL(None, use_errno=True)
    for request, options in ((PTRACE_SEIZE, PTRACE_O_TRACEEXIT),
                             (PTRACE_DETACH, 0)):
        done = libc.ptrace(request, pid, None, ctypes.c_void_p(options))
        equal(done, 0, f"ptrace, errno {ctypes.get_errno()}")
        if request == PTRACE_SEIZE:
            yield


def secrets_go(instance: Instance) -> None:
    """The password behind its check, the key behind QUIT."""
    if os.geteuid() != 0:
        raise Skip("needs root, to read another process")
    mailbox = instance.create_mailbox("secrets")
    key = identity(instance, mailbox)
    words = [mailbox.password.encode(),
             mailbox.password.replace("-", "").encode()]
    client, handler = Spawner(instance, "pop3-serve", "--tls=starttls").open()
    pop3 = Pop3(Wire(client), instance.context)
    try:
        pop3.login(mailbox.id, mailbox.password[:-1])
    except Refused:
        pass
    check(not any(word[:-1] in memory(handler.pid) for word in words),
          "a wrong password is in the memory")
    pop3.login(mailbox.id, mailbox.password)
    held = memory(handler.pid)
    check(not any(word in held for word in words),
          "the password is in the memory behind PASS")
    check(key in held, "the key is not found where it is needed: no test")
    with stopped_at_its_end(handler.pid):
        pop3.command("QUIT")
        pop3.wire.close()
        os.waitpid(handler.pid, 0)
        held = memory(handler.pid)
    check(mailbox.id.encode() in held, "the memory was not read: no test")
    check(not any(word in held for word in (*words, key)),
          "a secret is in the memory behind QUIT")
    equal(handler.wait(10), 0, "exit status")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each handler, then the memory."""
    instance = Instance(place)
    for name in HANDLERS:
        yield f"sandbox-{name}", functools.partial(confined, instance, name)
    yield "sandbox-secrets-go", lambda: secrets_go(instance)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
