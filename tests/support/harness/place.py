# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a test runs and as whom: a directory on a real disk, and a user.

Started by root, the programs under test run as an ordinary user all the same
(`nobody`: he is there everywhere and owns nothing), since root sees no
permission and uses the blocks that a file system reserves.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .report import Failure

HANDLERS = "libexec/restante"


def _all_may_pass(path: Path) -> bool:
    """May any user reach what lies at this path?"""
    return all(folder.stat().st_mode & 0o001
               for folder in (path, *path.parents) if folder.is_dir())


@dataclass
class Place:
    """The installation under test, a directory, and the user of both."""

    prefix: Path
    root: Path
    uid: int
    gid: int
    kept: bool  # somebody else owns the directory and removes it
    as_user: dict = field(default_factory=dict)  # for subprocess

    @classmethod
    def find(cls, prefix: str | None = None) -> "Place":
        """From $RESTANTE_PREFIX and $RESTANTE_WORK, else of our own."""
        prefix = prefix or os.environ.get("RESTANTE_PREFIX")
        if not prefix:
            raise SystemExit("set RESTANTE_PREFIX, or give --prefix")
        installed = Path(prefix).resolve()
        if not (installed / HANDLERS).is_dir():
            raise SystemExit(f"no Restante is installed in {installed}")
        work = os.environ.get("RESTANTE_WORK")
        root = Path(work).resolve() if work else \
            Path(tempfile.mkdtemp(prefix="restante-test-", dir="/var/tmp"))
        root.chmod(0o755)
        place = cls(installed, root, os.getuid(), os.getgid(), bool(work))
        place._check_disk()
        if place.uid == 0 and _all_may_pass(root) and _all_may_pass(installed):
            place._use_nobody()
        return place

    def _check_disk(self) -> None:
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.root], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
        if kind.strip() == "tmpfs":
            raise SystemExit(f"{self.root} is on tmpfs: fsync means nothing "
                             "there; set RESTANTE_WORK")

    def _use_nobody(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self.uid, self.gid = nobody.pw_uid, nobody.pw_gid
        self.as_user = {"user": self.uid, "group": self.gid,
                        "extra_groups": []}

    def handler(self, name: str) -> str:
        """The path of a handler."""
        path = self.prefix / HANDLERS / name
        if not os.access(path, os.X_OK):
            raise Failure(f"not installed: {path}")
        return str(path)

    def folder(self, name: str) -> Path:
        """A new directory that belongs to the user."""
        path = self.root / name
        path.mkdir(mode=0o755)
        self.give(path)
        return path

    def give(self, path: Path) -> None:
        """Make the user the owner."""
        os.chown(path, self.uid, self.gid)

    def become_user(self) -> None:
        """Give up being root for good: what we start now starts faster."""
        if not self.as_user:
            return
        self.give(self.root)
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        self.as_user = {}

    def remove(self, failed: bool) -> None:
        """Clean up what is ours; what a failed test left is kept."""
        if self.kept:
            return
        if failed:
            print(f"# kept: {self.root}", flush=True)
            return
        shutil.rmtree(self.root, ignore_errors=True)
