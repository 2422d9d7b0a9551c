# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system as POSIX promises it, and no better: what was not synced when
the power went may be there, may not, or half of it.

Folded from the records of shadow.c. At any moment Disk.after_cut() draws one
of the states that could be found after a power cut:
- a write that no fsync of its file followed is dropped, kept, or torn into
  sectors of 512 octets, each of which is there or not; so is a later one, by
  itself: writes are reordered;
- a name made, removed or renamed since the last fsync of its folder is as it
  was or as it should be, each by itself; a rename happens whole or not at all;
- an fsync of a file says nothing about its name.
"""

import os
import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

from harness.shadow import Record

SECTOR = 512


@dataclass(eq=False)
class File:
    """Contents on the disk, and what was written since."""

    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        """Everything is on the disk."""
        self.durable = self._with(self.pending)
        self.pending = []

    def _with(self, changes: list[tuple[int, bytes | None]]) -> bytes:
        if not changes:
            return self.durable
        content = bytearray(self.durable)
        for at, data in changes:
            if data is None:
                content = content[:at].ljust(at, b"\0")
            else:
                content.extend(bytes(max(0, at - len(content))))
                content[at:at + len(data)] = data
        return bytes(content)

    def cut(self, rng: random.Random, keep: float) -> bytes:
        """One of the contents that may be found."""
        changes: list[tuple[int, bytes | None]] = []
        for at, data in self.pending:
            if data is None or rng.random() < 0.5:
                if rng.random() < keep:
                    changes.append((at, data))
                continue
            changes += [(at + i, data[i:end])
                        for i, end in _sectors(at, len(data))
                        if rng.random() < keep]
        return self._with(changes)


def _sectors(at: int, n: int) -> list[tuple[int, int]]:
    """Where a write of n octets at an offset is cut by sectors."""
    ends = [*range(SECTOR - at % SECTOR, n, SECTOR), n]
    return list(zip([0, *ends], ends))


@dataclass(eq=False)
class Change:
    """A change of names: these are removed, then one is made."""

    gone: tuple["Folder", str] | None = None
    made: tuple["Folder", str, "File | Folder"] | None = None

    def folders(self) -> set["Folder"]:
        """Whose names change."""
        return {part[0] for part in (self.gone, self.made) if part}


@dataclass(eq=False)
class Folder:
    """Names on the disk, and changes since, in order."""

    durable: dict[str, "File | Folder"] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        """All changes are on the disk, in the other folder as well."""
        for change in list(self.pending):
            for folder in change.folders():
                folder.pending.remove(change)
                folder.apply(change)

    def apply(self, change: Change) -> None:
        """Carry out this folder's part of a change."""
        _apply(self, self.durable, change)

    def cut(self, kept: set[Change]) -> dict[str, "File | Folder"]:
        """The names where these changes were kept."""
        names = dict(self.durable)
        for change in self.pending:
            if change in kept:
                _apply(self, names, change)
        return names


def _apply(folder: Folder, names: dict, change: Change) -> None:
    if change.gone and change.gone[0] is folder:
        names.pop(change.gone[1], None)
    if change.made and change.made[0] is folder:
        names[change.made[1]] = change.made[2]


class Disk:
    """The tree below one folder. What lies outside is not looked at."""

    def __init__(self, root: Path) -> None:
        self.by_inode: dict[int, File | Folder] = {}
        self.root = self._load(root)

    def _load(self, path: Path) -> Folder:
        """What is there now is on the disk."""
        folder = Folder()
        self.by_inode[path.stat().st_ino] = folder
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                folder.durable[entry.name] = self._load(Path(entry.path))
                continue
            node = self.by_inode.setdefault(
                entry.inode(), File(Path(entry.path).read_bytes()))
            folder.durable[entry.name] = node
        return folder

    # --- what is done --------------------------------------------------------

    def do(self, r: Record) -> None:
        """Fold one record in."""
        node, folder = self.by_inode.get(r.inode), self.by_inode.get(r.folder)
        if r.what in ("create", "mkdir") and folder:
            node = File() if r.what == "create" else Folder()
            self.by_inode[r.inode] = node
            self._change(made=(folder, r.name, node))
        elif r.what == "link" and folder and node:
            self._change(made=(folder, r.name, node))
        elif r.what == "unlink" and folder:
            self._change(gone=(folder, r.name))
        elif r.what == "rename" and folder and node:
            to = self.by_inode[struct.unpack("<Q", r.data[:8])[0]]
            self._change((folder, r.name), (to, r.data[8:].decode(), node))
        elif r.what == "write" and node:
            node.pending.append((r.at, r.data))
        elif r.what == "cut" and node:
            node.pending.append((r.at, None))
        elif r.what == "sync" and node:
            node.sync()

    @staticmethod
    def _change(gone=None, made=None) -> None:
        change = Change(gone, made)
        for folder in change.folders():
            folder.pending.append(change)

    # --- the power goes --------------------------------------------------------

    def after_cut(self, rng: random.Random, to: Path) -> None:
        """Make one of the trees that may be found, in a new folder."""
        keep = {kind: rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
                for kind in ("data", "names")}
        changes = dict.fromkeys(change for node in set(self.by_inode.values())
                                if isinstance(node, Folder)
                                for change in node.pending)
        kept = {change for change in changes if rng.random() < keep["names"]}
        self._write(self.root, to, kept, (rng, keep["data"]), {})

    def _write(self, folder: Folder, to: Path, kept: set[Change],
               draw: tuple[random.Random, float],
               written: dict[File, Path]) -> None:
        to.mkdir()
        for name, node in folder.cut(kept).items():
            path = to / name
            if isinstance(node, Folder):
                self._write(node, path, kept, draw, written)
            elif node in written:
                os.link(written[node], path)
            else:
                path.write_bytes(node.cut(*draw))
                written[node] = path
