# SPDX-License-Identifier: GPL-3.0-or-later
"""A second host: a network namespace at the other end of a veth pair.

The proxies never dial an address of their own host, so a real server to be
dialled must have another one. The holder of the namespace is a process of
ours; nothing is left when it ends. Needs a network namespace of our own
(script.enter_private_mounts with net=True), so that the host's is not touched.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from .report import Failure
from .script import require_private_mounts
from .servers import is_listening

OURS, THEIRS = "10.77.0.1", "10.77.0.2"
SILENT = "10.77.0.9"  # where packets are sent, and nobody is


def _ip(*args: object, inside: Sequence[str] = ()) -> None:
    done = subprocess.run([*inside, "ip", *map(str, args)], check=False,
                          text=True, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure(f"ip {' '.join(map(str, args))}: {done.stderr}")


class OtherHost:
    """The host at 10.77.0.2 and further addresses; use it as a context."""

    def __init__(self) -> None:
        require_private_mounts()
        self.holder = subprocess.Popen(["unshare", "--net", "cat"],
                                       stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        # cat answers once the namespace is there.
        self.holder.stdin.write(b"ready\n")
        self.holder.stdin.flush()
        self.holder.stdout.readline()
        pid = self.holder.pid
        self.enter = ["nsenter", "-t", str(pid), "-n", "--"]
        _ip("link", "add", "ours", "type", "veth", "peer", "name", "theirs",
            "netns", pid)
        _ip("addr", "add", f"{OURS}/24", "dev", "ours")
        _ip("link", "set", "ours", "up")
        _ip("link", "set", "lo", "up", inside=self.enter)
        _ip("addr", "add", f"{THEIRS}/24", "dev", "theirs", inside=self.enter)
        _ip("link", "set", "theirs", "up", inside=self.enter)
        _ip("neigh", "add", SILENT, "lladdr", "02:00:00:00:00:09", "dev",
            "ours", "nud", "permanent")
        self.servers: list[subprocess.Popen] = []

    def serve(self, module: str, *args: object) -> None:
        """Run a module of ours there until we leave; it says when it is ready.

        It ends at the end of its stdin.
        """
        server = subprocess.Popen(
            [*self.enter, sys.executable, "-m", module, *map(str, args)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        self.servers.append(server)
        if server.stdout.readline() != b"ready\n":
            raise Failure(f"{module} did not start")

    def also(self, address: str) -> None:
        """Another address of the same host."""
        _ip("addr", "add", f"{address}/24", "dev", "theirs",
            inside=self.enter)

    def is_listening(self, port: int, address: str = THEIRS) -> bool:
        """Does anybody listen there?"""
        return is_listening(port, address,
                            f"/proc/{self.holder.pid}/net/tcp")

    def __enter__(self) -> "OtherHost":
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.servers, self.holder):
            process.stdin.close()
            process.wait()
