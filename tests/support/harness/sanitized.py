# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs built with sanitizers, whoever starts them: each behind a script
that tells them where to write what they find.
"""

import dataclasses
from pathlib import Path

from .place import HANDLERS, Place
from .report import Failure

FOUND = 99  # an exit status that no program of ours ends with
SCRIPT = """#!/bin/sh
export ASAN_OPTIONS=log_path={logs}/asan:exitcode={found}:detect_leaks=0
export UBSAN_OPTIONS=log_path={logs}/ubsan:halt_on_error=1:print_stacktrace=1
exec {program} "$@"
"""


class Sanitized:
    """Such an installation, and what it has written."""

    def __init__(self, place: Place, prefix: Path) -> None:
        self.logs = place.root / "sanitizers"
        self.logs.mkdir()
        self.logs.chmod(0o1777)  # programs run as several users
        wrapped = place.root / "sanitized"
        for program in (prefix / HANDLERS).iterdir():
            self._wrap(program, wrapped / HANDLERS / program.name)
        self._wrap(prefix / HANDLERS / "mailbox-tool",
                   wrapped / "bin/restante")
        self.place = dataclasses.replace(place, prefix=wrapped)

    def _wrap(self, program: Path, script: Path) -> None:
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(SCRIPT.format(program=program, logs=self.logs,
                                        found=FOUND))
        script.chmod(0o755)

    def check(self) -> None:
        """Nobody's memory was touched by who must not."""
        for path in self.logs.iterdir():
            text = path.read_text("utf-8", "replace")
            path.unlink()
            raise Failure(f"{path.name}: {text[:3000]}")
