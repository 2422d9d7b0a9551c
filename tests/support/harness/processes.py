# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells about a process, and what is in its memory."""

import contextlib
import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

from .deadline import until
from .report import check, equal

PTRACE_SEIZE, PTRACE_DETACH, PTRACE_O_TRACEEXIT = 0x4206, 17, 0x40


def facts(pid: int, file: str) -> dict[str, str]:
    """The lines of a file of /proc, by their names."""
    lines = Path(f"/proc/{pid}/{file}").read_text("ascii").splitlines()
    return {name.strip(): rest.split()[0] for name, rest in
            (re.split(r":|  +", line, 1) for line in lines) if rest.split()}


def waits_for_input(pid: int) -> bool:
    """Is it in a call whose first argument is 0, as read() of its input?"""
    call = Path(f"/proc/{pid}/syscall").read_text("ascii").split()
    return call[1:2] == ["0x0"]


def require_closed(pid: int) -> None:
    """No core, and nobody of the same user looks into it."""
    equal(facts(pid, "limits")["Max core file size"], "0", f"core of {pid}")
    # /proc belongs to root where a process is not dumpable.
    equal(Path(f"/proc/{pid}/maps").stat().st_uid, 0, f"owner of /proc/{pid}")


def require_confined(pid: int, files: int = 256) -> None:
    """What every process of a handler has given up, once it is set up: a
    dialler may be so later than the session that has greeted already.
    """
    until(lambda: facts(pid, "status")["Seccomp"] == "2", 300,
          f"{pid} is confined")
    require_closed(pid)
    status, limits = facts(pid, "status"), facts(pid, "limits")
    for fact, wanted in (("Seccomp", "2"), ("NoNewPrivs", "1")):
        equal(status[fact], wanted, f"{fact} of {pid}")
    equal(limits["Max processes"], "0", f"processes of {pid}")
    for limit, most in (("Max open files", files),
                        ("Max address space", 2048 << 20)):
        check(limits[limit] != "unlimited" and int(limits[limit]) <= most,
              f"{limit} of {pid}: {limits[limit]}")


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
