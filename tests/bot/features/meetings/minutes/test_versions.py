"""Whatever is written, corrected, taken back and approved, in any order: each version is as it was read."""

from __future__ import annotations

from random import Random

import pytest

from bot.features.meetings.minutes.records import MINUTES, Approval, Kind, Line
from bot.ports.storage import Transaction
from tests.bot.features.meetings.minutes.meetings import read, running
from tests.chat import NOW
from tests.doubles.platform import Town

STEPS = 150


class Walk:
    """Does things to the minutes of a meeting, and to a plain list of what stands there."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.draft: dict[int, str] = {}
        self.versions: list[dict[int, str]] = []
        self.last = 0

    @property
    def version(self) -> int:
        return len(self.versions) + 1

    def step(self, tx: Transaction, at: int) -> None:
        kept, what = tx.of(MINUTES), self.random.random()
        if what < 0.5 or not self.draft:
            self.last += 1
            kept.add(self._line(self.last, f"line {at}"))
            self.draft[self.last] = f"line {at}"
        elif what < 0.7:
            self._mend(tx, self.random.choice([*self.draft]), f"mended {at}")
        elif what < 0.9:
            self._drop(tx, self.random.choice([*self.draft]))
        else:
            kept.approve(Approval(meeting=1, version=self.version, resident=None, approved_at=NOW))
            self.versions.append(dict(self.draft))

    def _line(self, number: int, words: str) -> Line:
        return Line(
            meeting=1,
            number=number,
            kind=Kind.NOTE,
            resident=None,
            words=words,
            said_at=NOW,
            since=self.version,
        )

    def _mend(self, tx: Transaction, number: int, words: str) -> None:
        line = tx.of(MINUTES).line(1, number, self.version)
        assert line
        if line.since == self.version:
            tx.of(MINUTES).reword(line, Kind.NOTE, words)
        else:
            tx.of(MINUTES).end(line, self.version)
            tx.of(MINUTES).add(self._line(number, words))
        self.draft[number] = words

    def _drop(self, tx: Transaction, number: int) -> None:
        line = tx.of(MINUTES).line(1, number, self.version)
        assert line
        if line.since == self.version:
            tx.of(MINUTES).drop(line)
        else:
            tx.of(MINUTES).end(line, self.version)
        del self.draft[number]

    def check(self, tx: Transaction) -> None:
        for version, expected in enumerate([*self.versions, self.draft], 1):
            lines = tx.of(MINUTES).lines(1, version)
            assert {line.number: line.words for line in lines} == expected
            assert [line.number for line in lines] == sorted(expected)
            assert tx.of(MINUTES).count(1, version) == len(expected)
        assert tx.of(MINUTES).last(1) == self.last


@pytest.mark.parametrize("seed", range(3))
async def test_each_version_is_as_it_was_read(database_url: str, seed: int) -> None:
    async with running(database_url) as town:
        walk = Walk(seed)
        for at in range(STEPS):
            await _one(town, walk, at)
        assert len(walk.versions) > 5


async def _one(town: Town, walk: Walk, at: int) -> None:
    def both(tx: Transaction) -> None:
        walk.step(tx, at)
        walk.check(tx)

    await read(town, both)
