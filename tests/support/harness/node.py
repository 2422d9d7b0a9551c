# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules from npm, as a lock file has them."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from .report import Failure
from .tools import TREE, tool


def node_modules(source: Path) -> Path:
    """Where the modules of source/package-lock.json lie; fetched once."""
    lock = (source / "package-lock.json").read_bytes()
    folder = TREE / "node" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        done = subprocess.run(
            [tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder, text=True, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Failure(f"npm ci: {done.stdout}")
        (folder / "whole").touch()
    return folder / "node_modules"
