# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something to become true: polled, with an end, never blindly."""

import time
from collections.abc import Callable

from .report import Failure


def until(condition: Callable[[], object], seconds: float, what: str) -> object:
    """Poll until the condition is true and return it; fail at the deadline."""
    end = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
