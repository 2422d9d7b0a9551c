# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load costs, as the kernel counts it: processes, memory, CPU; and how
long honest clients take under it.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from harness.servers import children

EVERY = 0.02  # seconds between two looks
TICK = os.sysconf("SC_CLK_TCK")


def status(pid: int, name: str) -> int:
    """A line of /proc/PID/status in KiB; 0 where the process is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii").split("\n"):
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    text = Path(f"/proc/{pid}/stat").read_text("ascii")
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Watch:
    """Looks at an acceptor's sessions from `with` to its end."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.sessions = 0  # at most at once
        self.processes = 0  # the same, with a dialler for each proxy
        self.resident = 0  # KiB, the sum over all, at most
        self.private = 0  # the same without what they share
        self.peak = 0  # KiB, of one
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        turn = 0
        while not self.over.wait(EVERY):
            direct = children(self.pid)
            everybody = direct + [pid for session in direct
                                  for pid in children(session)]
            self.sessions = max(self.sessions, len(direct))
            self.processes = max(self.processes, len(everybody))
            turn += 1
            if turn % 10 == 0:
                self._weigh(everybody)

    def _weigh(self, pids: list[int]) -> None:
        self.resident = max(self.resident,
                            sum(status(pid, "VmRSS") for pid in pids))
        self.private = max(self.private,
                           sum(status(pid, "RssAnon") for pid in pids))
        self.peak = max([self.peak, *(status(pid, "VmHWM") for pid in pids)])

    def __str__(self) -> str:
        return (f"{self.sessions} sessions, {self.processes} processes, "
                f"{self.resident / 1024:.0f} MiB resident in sum, "
                f"{self.private / 1024:.0f} MiB of it private, "
                f"{self.peak / 1024:.1f} MiB one at most")


def percentiles(waits: Iterable[float]) -> str:
    """How they are written everywhere."""
    ordered = sorted(waits)
    if not ordered:
        return "none"
    return (f"p50 {share(ordered, 50) * 1000:.0f} ms, "
            f"p99 {share(ordered, 99) * 1000:.0f} ms of {len(ordered)}")


def share(ordered: list[float], percent: int) -> float:
    """What so many of them do not exceed."""
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


class Meter:
    """CPU and peak memory of one process between two moments."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.before = self._now()

    def _now(self) -> tuple[float, float, int]:
        return (time.monotonic(), cpu_seconds(self.pid),
                status(self.pid, "VmHWM"))

    def read(self) -> tuple[float, float, int, int]:
        """Seconds, CPU seconds, KiB of growth, peak KiB since then."""
        wall, cpu, peak = self._now()
        return (wall - self.before[0], cpu - self.before[1],
                peak - self.before[2], peak)
