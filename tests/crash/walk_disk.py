# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file system that can be mounted again under another device number, as
after a reboot, by somebody who does not need to be root himself.
"""

import os
import socket
import subprocess
from pathlib import Path

from harness.mounts import mount
from harness.place import Place
from harness.report import Failure
from harness.script import NAMESPACE

MIB = 1024 * 1024


TRIES = 100


def attach(image: Path) -> str:
    """A loop device that nobody else has: one that is found free may be taken
    by somebody else before we have it.
    """
    for _ in range(TRIES):
        done = subprocess.run(["losetup", "--find", "--show", image],
                              check=False, text=True, stdout=subprocess.PIPE)
        if done.returncode == 0:
            return done.stdout.strip()
    raise Failure("no loop device")


def detach(device: str) -> None:
    """At once, or with what is mounted from it."""
    subprocess.run(["losetup", "--detach", device], check=True)


class Disk:
    """Made by root, who leaves a child behind that does what only he may."""

    def __init__(self, place: Place, name: str) -> None:
        self.point = place.root / name
        self.image = place.root / f"{name}.ext4"
        self.point.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", self.image], check=True)
        self._mount(0)
        place.give(self.point)
        self.ours, theirs = socket.socketpair()
        if os.fork() == 0:
            self.ours.close()
            self._serve(theirs)
            os._exit(0)
        theirs.close()

    def _mount(self, before: int) -> None:
        """On a device of another number, which goes with the mount."""
        device = attach(self.image)
        if os.stat(device).st_rdev == before:
            same, device = device, attach(self.image)
            detach(same)
        mount(device, self.point)
        detach(device)

    def _serve(self, asked: socket.socket) -> None:
        """Until nobody can ask any more."""
        while asked.recv(1):
            before = self.point.stat().st_dev
            subprocess.run(["umount", self.point], check=True)
            self._mount(before)
            asked.send(b".")

    def remount(self) -> None:
        """What lies there has another device number from now on."""
        before = self.point.stat().st_dev
        self.ours.send(b"?")
        if self.ours.recv(1) != b"." or self.point.stat().st_dev == before:
            raise Failure("not mounted again under another number")


def disk_if_root(place: Place, name: str) -> Disk | None:
    """None where we may not mount."""
    return Disk(place, name) if os.environ.get(NAMESPACE) else None
