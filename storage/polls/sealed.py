"""Ballots of anonymous polls: sealed, each to its poll's own key, until they are counted."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select

from bot.features.polls.records import LONGEST_REASON, SEALED, UNREADABLE, Choices, Kind, Poll
from storage.keyring import KeyGone
from storage.parts import Parts
from storage.polls.tables import KIND, ballots, read_choices, written
from storage.sealed import Sealing

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
        self._keys = parts.keyring
        self._sealing = Sealing(parts, KIND)

    def open(self, poll: int) -> None:
        """All that is said in it from now on is sealed under keys that no copy of before holds."""
        self._sealing.open(poll)

    def seal(self, poll: Poll, choices: Choices, reason: str | None) -> str:
        words = f"{written(choices)}\n{reason or ''}".encode(errors="replace")
        length = _LENGTH_WITH_REASON if poll.kind is Kind.CONSENT else _LENGTH
        return self._sealing.seal(poll.id, words, length)

    def state(self, poll: Poll, kept: str) -> Choices:
        """All that can be said of a ballot before the end."""
        if self._sealing.is_readable(poll.id, kept) or self._unsealed(poll, kept):
            return SEALED
        return UNREADABLE

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
        opened = self._sealing.read(poll.id, [row.choices for row in rows])
        return [self._opened(poll, row.choices, words) for row, words in zip(rows, opened, strict=True)]

    def _opened(self, poll: Poll, kept: str, words: bytes | None) -> tuple[Choices, str | None]:
        if words is not None:
            choices, _, reason = words.decode().partition("\n")
        elif before := self._unsealed(poll, kept):
            choices, reason = orjson.loads(before)
        else:
            return UNREADABLE, None
        return read_choices(choices), reason or None

    def _unsealed(self, poll: Poll, kept: str) -> bytes | None:
        """What was sealed before there were pairs."""
        with contextlib.suppress(KeyGone):
            return None if ":" in kept else self._keys.unseal(_before_pairs(poll.id), kept)
        return None

    def throw_away(self, poll: int) -> None:
        self._db.execute(_THROW_AWAY, {"poll_": poll})
        self._sealing.over()

    def burn(self, poll: int) -> bool:
        return self._sealing.burn(poll, _before_pairs(poll))


def _before_pairs(poll: int) -> str:
    """Under this key, that seals and opens, ballots stood before there were pairs."""
    return f"{KIND}-{poll}"
