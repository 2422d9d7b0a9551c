# SPDX-License-Identifier: GPL-3.0-or-later
"""What ledgers have published, for tests that want each to be extended for ever;
and what would be an alarm in a log.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "interop"))

import stranger
from harness.report import check, equal

ALARMS = ("Who changed it", "is gone", "is not whole", "before the ledger",
          "assert", "bug")


class Published:
    """The checkpoints of the ledgers below a place, kept as they appear."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.notes: dict[str, set[bytes]] = {}

    def look(self) -> None:
        """Keep what is there now."""
        for path in self.place.glob("mbx-*/checkpoint"):
            self.notes.setdefault(path.parent.name, set()).add(
                path.read_bytes())

    def count(self) -> int:
        """Of all ledgers."""
        return sum(map(len, self.notes.values()))

    def extended(self) -> None:
        """Every ledger holds, extends whatever was published of it, and misses
        nothing; where it goes on behind others, they do.
        """
        for name, notes in self.notes.items():
            account = stranger.verify(self.place / name, self.place / "host")
            equal((account.unproved, account.missing, account.differs),
                  (0, {}, {}), f"{name}: unproved, missing, other files")
            for note in notes:
                self._is_extended(self.place / name, note)

    def _is_extended(self, folder: Path, note: bytes) -> None:
        origin = note.split(b"\n")[0].decode()
        for path in (folder, *folder.glob("former/*")):
            vkey = (path / "vkey").read_text()
            if stranger.read_vkey(vkey)[0] == origin:
                break
        else:
            check(False, f"{folder.name}: {origin} is not there")
        entries = (path / "entries").read_bytes().split(b"\n")[:-1]
        _, size, root = stranger.read_note(note, vkey)
        leaves = [stranger.leaf(entry) for entry in entries[:size]]
        check(stranger.root(leaves) == root,
              f"{folder.name}: {size} entries are not what was signed")


def no_alarm(log: str) -> None:
    """Nobody was robbed: no line of a log says so."""
    lines = [line for line in log.splitlines()
             if any(word in line for word in ALARMS)]
    check(not lines, f"{len(lines)} alarms: {lines[:3]}")
