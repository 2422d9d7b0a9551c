# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of others: from the system, or from the tree beside it.

The tree is what unpack_tools.py makes. Programs from it are told by their
environment where their own libraries and modules lie.
"""

import os
import shutil
import sys
from pathlib import Path

from .report import Failure

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tree() -> Path:
    """The tree of unpacked packages."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from unpack_tools import default_tree  # pylint: disable=C0415
    return default_tree()


def tool(name: str) -> str:
    """The path of a program. A missing one is a failure, never a skip."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found:
        return found
    for folder in ("usr/bin", "usr/sbin", "bin", "sbin"):
        path = tree() / folder / name
        if os.access(path, os.X_OK):
            return str(path)
    raise Failure(f"no program {name}: install its package, or run "
                  "tests/support/unpack_tools.py")


def tree_file(name: str) -> Path:
    """A file or folder, on the system or in the tree."""
    for path in (Path("/") / name, tree() / name):
        if path.exists():
            return path
    raise Failure(f"no {name}: run tests/support/unpack_tools.py")


def library_folders() -> list[str]:
    """Where shared libraries lie in the tree."""
    root = tree()
    return [str(path) for pattern in
            ("lib/*-linux-gnu", "usr/lib/*-linux-gnu", "usr/lib/postfix")
            for path in sorted(root.glob(pattern))]


def tool_env(path: str, **more: str) -> dict[str, str]:
    """The environment to run the program at path with."""
    env = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", **more}
    root = tree()
    if not path.startswith(f"{root}/"):
        return env
    perl = [root / "usr/share/perl5",
            *root.glob("usr/lib/*-linux-gnu/perl5/*")]
    env["LD_LIBRARY_PATH"] = ":".join(library_folders())
    env["PERL5LIB"] = ":".join(map(str, perl))
    env["PYTHONPATH"] = str(root / "usr/lib/python3/dist-packages")
    return env
