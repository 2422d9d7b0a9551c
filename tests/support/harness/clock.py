# SPDX-License-Identifier: GPL-3.0-or-later
"""A wall clock for programs under test, which can be set while they run
(tests/crash/clock.c is preloaded), and another boot of the machine.
"""

import struct
import uuid
from pathlib import Path

from .mounts import mount
from .place import Place
from .shadow import SOURCE, build

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Clock:
    """The clock of all who are started with env, or behind wrap."""

    def __init__(self, place: Place) -> None:
        library = build(place, SOURCE.with_name("clock.c"))
        self.file = place.root / "clock"
        self.file.write_bytes(bytes(8))
        self.file.chmod(0o644)
        self.env = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self.file)}
        self.wrap = ["env", *(f"{k}={v}" for k, v in self.env.items())]

    def ahead(self, seconds: float) -> None:
        """It is ahead of ours by so much, from now on."""
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=q", int(seconds)))


def boot_again(place: Place) -> None:
    """Another boot id, here and for our children."""
    other = Path(place.root, f"boot-{uuid.uuid4()}")
    other.write_text(f"{uuid.uuid4()}\n")
    other.chmod(0o444)
    mount("--bind", other, BOOT_ID)
