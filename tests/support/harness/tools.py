# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of others: from the system, or from the tree beside it.

The tree is what unpack_tools.py makes. Programs from it are told by their
environment where their own libraries and modules lie.
"""

import os
import shutil
from pathlib import Path

from unpack_tools import default_tree

from .report import Failure

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# Found while we are still who we were started as.
TREE = default_tree()


def tool(name: str) -> str:
    """The path of a program. A missing one is a failure, never a skip."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found:
        return found
    for folder in ("usr/bin", "usr/sbin", "bin", "sbin"):
        path = TREE / folder / name
        if os.access(path, os.X_OK):
            return str(path)
    raise Failure(f"no program {name}: install its package, or run "
                  "tests/support/unpack_tools.py")


def tool_like(pattern: str) -> str:
    """The same for one whose name holds its version: "php8.*"."""
    folders = [Path(folder) for folder in SYSTEM_PATH.split(":")]
    for folder in (*folders, TREE / "usr/bin"):
        for path in sorted(folder.glob(pattern)):
            return str(path)
    raise Failure(f"no program {pattern}: run tests/support/unpack_tools.py")


def tree_file(name: str) -> Path:
    """A file or folder, on the system or in the tree."""
    for path in (Path("/") / name, TREE / name):
        if path.exists():
            return path
    raise Failure(f"no {name}: run tests/support/unpack_tools.py")


def library_folders() -> list[str]:
    """Where shared libraries lie in the tree."""
    return [str(path) for pattern in
            ("lib/*-linux-gnu", "usr/lib/*-linux-gnu", "usr/lib/postfix")
            for path in sorted(TREE.glob(pattern))]


def tool_env(path: str, **more: str) -> dict[str, str]:
    """The environment to run the program at path with."""
    env = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", **more}
    if not path.startswith(f"{TREE}/"):
        return env
    perl = [TREE / "usr/share/perl5",
            *TREE.glob("usr/lib/*-linux-gnu/perl5/*")]
    env["LD_LIBRARY_PATH"] = ":".join(library_folders())
    env["PERL5LIB"] = ":".join(map(str, perl))
    env["PYTHONPATH"] = str(TREE / "usr/lib/python3/dist-packages")
    return env
