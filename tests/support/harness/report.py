# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that tests/README.md promises: ok, not ok, skip, figure.

A case is a piece of a script that finds out one thing. Whatever goes wrong in
it is that case's failure and no other's.
"""

import sys
import traceback
from collections.abc import Callable, Iterable


class Skip(Exception):
    """This cannot be tested here; the text says why."""


class Failure(AssertionError):
    """What was found is not what was promised; the text says both."""


def check(condition: object, text: str) -> None:
    """Fail with text unless the condition holds."""
    if not condition:
        raise Failure(text)


def equal(got: object, wanted: object, what: str) -> None:
    """Fail unless both are equal, showing the two, shortened."""
    if got != wanted:
        raise Failure(f"{what}: {short(got)} instead of {short(wanted)}")


def short(value: object, limit: int = 200) -> str:
    """A representation that fits into one line of a log."""
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "…"


class Report:
    """Prints results as they come and remembers whether one was bad."""

    def __init__(self) -> None:
        self.failed = 0
        self.found = 0

    def ok(self, name: str) -> None:
        """One thing is as promised."""
        self.found += 1
        self._say(f"ok {name}")

    def not_ok(self, name: str, why: str) -> None:
        """One thing is not as promised."""
        self.found += 1
        self.failed += 1
        self._say(f"not ok {name} {' '.join(why.split())}")

    def skip(self, name: str, why: str) -> None:
        """One thing could not be tested here."""
        self.found += 1
        self._say(f"skip {name} {' '.join(why.split())}")

    def figure(self, name: str, value: object) -> None:
        """Something measured."""
        self._say(f"figure {name} {value}")

    def note(self, text: str) -> None:
        """For the log alone."""
        self._say(f"# {text}")

    def run(self, name: str, case: Callable[[], object]) -> bool:
        """Run one case; True where it did not fail."""
        before = self.failed
        try:
            case()
        except Skip as why:
            self.skip(name, str(why))
        except Exception as why:  # pylint: disable=broad-except
            if not isinstance(why, Failure):
                traceback.print_exc(file=sys.stderr)
            self.not_ok(name, f"{type(why).__name__}: {why}"
                        if not isinstance(why, Failure) else str(why))
        else:
            self.ok(name)
        return self.failed == before

    def run_all(self, cases: Iterable[tuple[str, Callable[[], object]]],
                only: str = "") -> None:
        """Run the cases whose name contains `only`."""
        for name, case in cases:
            if only in name:
                self.run(name, case)

    def status(self) -> int:
        """The exit status of the script."""
        if not self.found:
            self._say("not ok nothing-tested no case was run")
            return 1
        return 1 if self.failed else 0

    @staticmethod
    def _say(line: str) -> None:
        print(line, flush=True)
