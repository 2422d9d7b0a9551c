# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the walks over keys are killed: what was hit least is aimed at most."""

import os
import random
import re
from collections import Counter
from pathlib import Path


def kills_before() -> Counter[tuple[str, str]]:
    """What the runs before have printed."""
    kills: Counter[tuple[str, str]] = Counter()
    for path in Path(os.environ.get("KEY_WALK_BEFORE", "/none")).glob("*.out"):
        for n, command, point in re.findall(
                r"^# killed (\d+) times: (.*) at (\S+)$",
                path.read_text(), re.M):
            kills[command, point] += int(n)
    return kills


class Aim:
    """Which fault points each command passes, and how often it was killed
    there: a worker learns it as it goes.
    """

    def __init__(self) -> None:
        self.before = kills_before()
        self.kills: Counter[tuple[str, str]] = Counter()
        self.lengths: dict[str, int] = {}
        self.aimed: Counter[tuple[str, str]] = Counter()

    def least(self, rng: random.Random) -> tuple[str, str] | None:
        """Where any command was killed least. What was aimed at again and
        again gives way: a walk may be in no state for it.
        """
        known = {**self.before, **self.kills}
        target = min(known, default=None, key=lambda k: (
            self.before[k] + self.kills[k] + self.aimed[k] // 4, rng.random()))
        self.aimed[target] += 1
        return target

    def choose(self, command: str, rng: random.Random) -> str:
        """The Nth, or, by its name, the one where it was killed least."""
        known = [p for c, p in self.kills if c == command]
        if not known or rng.random() < 0.3:
            return str(rng.randint(1, self.lengths.get(command, 12)))
        return min(known, key=lambda p: (self.kills[command, p],
                                         rng.random()))

    def learn(self, command: str, passed: list[str], killed: bool) -> None:
        """What it came past, to the end of it or not."""
        self.lengths[command] = max(self.lengths.get(command, 1), len(passed))
        for point in passed:
            self.kills[command, point] += 0
        if killed:
            self.kills[command, passed[-1]] += 1
