"""Telling trouble with one thing from an outage of the platform, for which nothing is ever given up."""

from __future__ import annotations

from collections.abc import Hashable

from bot.recent import Recent

MOST_REMEMBERED = 1_000


class Outages:
    """Goes by what else the platform answers while it fails at something."""

    def __init__(self) -> None:
        self._answers = 0
        # By what failed: how much had been answered by then.
        self._failed: Recent[Hashable, int] = Recent(MOST_REMEMBERED)

    def answered(self) -> None:
        """It is there; it may even have said no."""
        self._answers += 1

    def is_elsewhere_fine(self, what: Hashable) -> bool:
        """It fails at this: whether it answered anything since it failed at this before."""
        before = self._failed.get(what)
        self._failed[what] = self._answers
        return before is not None and before < self._answers
