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
        """Every ledger holds, and extends whatever was published of it."""
        for name, notes in self.notes.items():
            account = stranger.verify(self.place / name)
            equal(account.unproved, 0, f"{name}: sessions without a proof")
            self._extends(self.place / name, notes)

    def _extends(self, folder: Path, notes: set[bytes]) -> None:
        entries = (folder / "entries").read_bytes().split(b"\n")[:-1]
        leaves = [stranger.leaf(entry) for entry in entries]
        vkey = (folder / "vkey").read_text()
        for note in notes:
            _, size, root = stranger.read_note(note, vkey)
            check(stranger.root(leaves[:size]) == root,
                  f"{folder.name}: {size} entries are not what was signed")


def no_alarm(log: str) -> None:
    """Nobody was robbed: no line of a log says so."""
    lines = [line for line in log.splitlines()
             if any(word in line for word in ALARMS)]
    check(not lines, f"{len(lines)} alarms: {lines[:3]}")
