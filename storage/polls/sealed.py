"""Ballots of anonymous polls: sealed, each to its poll's own key, until they are counted (see keyring.py).

Whoever votes seals; only whoever counts at the end opens.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select

from bot.features.polls.records import LONGEST_REASON, SEALED, UNREADABLE, Choices, Kind, Poll
from storage.keyring import KeyGone
from storage.parts import Parts
from storage.polls import marks
from storage.polls.tables import ballots, read_choices, written

PAGE = 1_000
# A sealed ballot is as long as any other of its kind: with room for twenty marks, or for a reason too, in
# whichever script.
_LENGTH = 96
_LENGTH_WITH_REASON = _LENGTH + 4 * LONGEST_REASON

_SEALED = (
    select(ballots.c.voter, ballots.c.choices)
    .where(ballots.c.poll == bindparam("poll_"), ballots.c.voter > bindparam("after_"))
    .order_by(ballots.c.voter)
    .limit(PAGE)
)
_THROW_AWAY = delete(ballots).where(ballots.c.poll == bindparam("poll_"))


class SealedBallots:
    """Seals ballots, and reads those of any poll."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._seals = parts.keyring
        self._sealing = parts.envelopes

    def open(self, poll: int) -> None:
        """All that is said in it from now on is sealed under keys that no copy of before holds.

        For whoever holds the poll: what was there under its number nobody voted with.
        """
        self._seals.make_pair(_pair(poll), anew=True)
        self._seals.make(marks.key_of(poll), anew=True)
        self._sealing.turn()
        self._db.wake("turned")

    def seal(self, poll: Poll, choices: Choices, reason: str | None) -> str:
        """With what tells which pair it is sealed to, for where that was lost and made anew."""
        words = f"{written(choices)}\n{reason or ''}".encode(errors="replace")
        length = _LENGTH_WITH_REASON if poll.kind is Kind.CONSENT else _LENGTH
        name = _pair(poll.id)
        try:
            sealed = self._seals.seal_to(name, words, length)
        except KeyGone:
            self._seals.make_pair(name)
            sealed = self._seals.seal_to(name, words, length)
        return f"{self._which(name)}:{sealed}"

    def state(self, poll: Poll, kept: str) -> Choices:
        """All that can be said of a ballot before the end."""
        which, _, sealed = kept.rpartition(":")
        with contextlib.suppress(KeyGone):
            if which and which == self._which(_pair(poll.id)):
                return SEALED
            if not which and self._seals.unseal(_before_pairs(poll.id), sealed):
                return SEALED
        return UNREADABLE

    def _which(self, pair: str) -> str:
        return hashlib.sha256(self._seals.public(pair)).hexdigest()[:8]

    # --- the end ---

    def count(self, poll: Poll) -> tuple[Counter[Choices], list[str]]:
        """How often each ballot was cast, and the reasons by the alphabet."""
        cast: Counter[Choices] = Counter()
        reasons: list[str] = []
        after = 0
        while rows := self._db.execute(_SEALED, {"poll_": poll.id, "after_": after}):
            after = rows[-1][0]
            for choices, reason in self._db.offload(partial(self._open_all, poll, rows)):
                cast[choices] += 1
                reasons += [reason] if reason else []
        cast.pop(UNREADABLE, None)
        return cast, sorted(reasons)

    def _open_all(self, poll: Poll, rows: Sequence[Any]) -> list[tuple[Choices, str | None]]:
        """The key is held for these, and no longer."""
        opened: Callable[[str], bytes] | None = None
        with contextlib.suppress(KeyGone):
            opened = self._seals.opener(_pair(poll.id))
        return [self._opened(poll, row[1], opened) for row in rows]

    def _opened(
        self, poll: Poll, kept: str, opened: Callable[[str], bytes] | None
    ) -> tuple[Choices, str | None]:
        which, _, sealed = kept.rpartition(":")
        try:
            if not which:
                choices, reason = orjson.loads(self._seals.unseal(_before_pairs(poll.id), sealed))
            elif opened:
                choices, _, reason = opened(sealed).decode().partition("\n")
            else:
                return UNREADABLE, None
        except KeyGone:
            return UNREADABLE, None
        return read_choices(choices), reason or None

    def throw_away(self, poll: int) -> None:
        self._db.execute(_THROW_AWAY, {"poll_": poll})
        self._sealing.turn()

    def burn(self, poll: int) -> bool:
        there = [
            name for name in (_pair(poll), marks.key_of(poll), _before_pairs(poll)) if self._seals.has(name)
        ]
        for name in there:
            self._seals.destroy(name)
        return self._sealing.leave_old_keys() and not there


def _pair(poll: int) -> str:
    return f"poll-{poll}-ballots"


def _before_pairs(poll: int) -> str:
    """Under this key, that seals and opens, ballots stood before there were pairs."""
    return f"poll-{poll}"
