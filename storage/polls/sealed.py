"""Ballots of anonymous polls: sealed, each under its poll's key, until they are counted (see keyring.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from bot.features.polls.records import UNREADABLE, Choices, Kind, Poll
from storage.keyring import KeyGone
from storage.parts import Parts
from storage.polls.tables import ballots, read_choices, written

PAGE = 5_000
# A sealed ballot is as long as any other of its kind: with room for twenty marks, or for a reason too.
_LENGTH, _LENGTH_WITH_REASON = 96, 1_400

_SEALED = (
    select(ballots.c.voter, ballots.c.choices)
    .where(ballots.c.poll == bindparam("poll_"), ballots.c.voter > bindparam("after_"))
    .order_by(ballots.c.voter)
    .limit(PAGE)
)


class SealedBallots:
    """Seals ballots, and reads those of any poll."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._seals = parts.keyring
        self._sealing = parts.envelopes

    def make_key(self, poll: int) -> None:
        self._seals.make(_key(poll))

    def seal(self, poll: Poll, choices: Choices, reason: str | None) -> str:
        words = orjson.dumps([written(choices), reason])
        length = _LENGTH_WITH_REASON if poll.kind is Kind.CONSENT else _LENGTH
        try:
            return self._seals.seal(_key(poll.id), words, length)
        except KeyGone:
            self._seals.make(_key(poll.id))
            return self._seals.seal(_key(poll.id), words, length)

    def unseal(self, poll: Poll, kept: str, reason: str | None = None) -> tuple[Choices, str | None]:
        if not poll.anonymous:
            return read_choices(kept), reason
        try:
            choices, why = orjson.loads(self._seals.unseal(_key(poll.id), kept))
        except KeyGone:
            return UNREADABLE, None
        return read_choices(choices), why

    def count(self, poll: Poll) -> tuple[Counter[Choices], list[str]]:
        """How often each ballot was cast, and the reasons by the alphabet."""
        cast: Counter[Choices] = Counter()
        reasons: list[str] = []
        after = 0
        while rows := self._db.execute(_SEALED, {"poll_": poll.id, "after_": after}):
            after = rows[-1][0]
            for choices, reason in self._db.offload(partial(self._unseal_all, poll, rows)):
                cast[choices] += 1
                reasons += [reason] if reason else []
        cast.pop(UNREADABLE, None)
        return cast, sorted(reasons)

    def _unseal_all(self, poll: Poll, rows: Sequence[Any]) -> list[tuple[Choices, str | None]]:
        return [self.unseal(poll, row[1]) for row in rows]

    def burn(self, poll: int) -> bool:
        name = _key(poll)
        gone = name not in self._seals.names()
        if not gone:
            self._db.destroy(name)
        return self._sealing.leave_old_keys() and gone


def _key(poll: int) -> str:
    return f"poll-{poll}"
