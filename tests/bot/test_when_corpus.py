"""What villagers type, written down by somebody who had not read the grammar: never understood wrongly.

Each line of the corpus: now, the phrase, and what it means there: a moment, a beginning and an end,
several readings apart by ` | ` of which one may be proposed but not taken for granted, or `?` where it
must be asked back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import when
from bot.errors import UserError
from tests.chat import BRUSSELS

CORPUS = Path(__file__).parent / "corpus"
UNDERSTOOD = 0.85


@dataclass(frozen=True, slots=True)
class Line:
    now: datetime
    phrase: str
    readings: tuple[str, ...]


def lines(locale: str) -> Iterator[Line]:
    return lines_of("dates", locale)


def lines_of(corpus: str, locale: str) -> Iterator[Line]:
    for row in (CORPUS / f"{corpus}.{locale}.tsv").read_text(encoding="utf-8").splitlines():
        now, phrase, readings = row.split("\t")
        moment = datetime.fromisoformat(now).replace(tzinfo=BRUSSELS).astimezone(UTC)
        yield Line(moment, phrase, () if readings == "?" else tuple(readings.split(" | ")))


def understood(line: Line, locale: str) -> tuple[str, bool] | None:
    """What was read, and whether that was for sure; None where it was asked back."""
    try:
        found = when.read(line.phrase, line.now, BRUSSELS, locale)
    except UserError:
        return None
    moments = [moment.astimezone(BRUSSELS) for moment in (found.start, found.end) if moment]
    return "/".join(f"{moment:%Y-%m-%dT%H:%M}" for moment in moments), found.sure


@pytest.mark.parametrize(("locale", "least"), [("nl", 200), ("en", 60)])
def test_not_one_wrong_and_nearly_all_understood(locale: str, least: int) -> None:
    corpus = list(lines(locale))
    assert len(corpus) >= least
    wrong, right = [], 0
    for line in corpus:
        found = understood(line, locale)
        if found is None:
            continue
        moment, sure = found
        if moment not in line.readings or (sure and len(line.readings) > 1):
            wrong.append(f"{line.now.astimezone(BRUSSELS):%Y-%m-%d %H:%M} {line.phrase!r}: {found}")
        else:
            right += 1
    assert wrong == []
    assert right / sum(bool(line.readings) for line in corpus) >= UNDERSTOOD
