# SPDX-License-Identifier: GPL-3.0-or-later
"""Can what a peer measures tell one kind of try from another? Tries in turns of
random order, so that what else the machine does meets all kinds alike, and a
rank test (Mann and Whitney) of each kind against the first.
"""

import math
import random
import statistics
from collections.abc import Callable

from .report import Report, check

# Standard deviations; by chance once in 15,000 comparisons.
TOO_FAR = 4.0


def rank_test(first: list[float], second: list[float]) -> float:
    """How far the second lies above the first, in standard deviations."""
    n, m = len(first), len(second)
    ranked = sorted([(x, 0) for x in first] + [(x, 1) for x in second])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which)
    above = ranks - m * (m + 1) / 2
    return (above - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def in_turns(tries: dict[str, Callable[[], float]],
             rounds: int) -> dict[str, list[float]]:
    """What each kind of try measured."""
    measured: dict[str, list[float]] = {name: [] for name in tries}
    for _ in range(rounds):
        for name in random.sample(list(tries), len(tries)):
            measured[name].append(tries[name]())
    return measured


def require_alike(name: str, measured: dict[str, list[float]],
                  report: Report) -> None:
    """No kind differs from the first; the second is its control."""
    first, *others = measured
    report.figure(f"{name}-{first}-ms",
                  f"{statistics.median(measured[first]) * 1000:.2f}")
    far = {}
    for other in others:
        far[other] = rank_test(measured[first], measured[other])
        report.figure(
            f"{name}-{other}-ms",
            f"{statistics.median(measured[other]) * 1000:.2f} "
            f"({far[other]:+.1f} standard deviations)")
    check(all(abs(x) < TOO_FAR for x in far.values()),
          f"against {first}: {far}")
