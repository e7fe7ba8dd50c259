"""What villagers type of what comes back, written down by somebody who had not read the grammar: never
understood wrongly.

Each line of the corpus: now, the phrase, and its first three days from tomorrow on, or moments where it has
an hour; several readings apart by ` | `, of which one may be proposed but not taken for granted, or `?` where
it must be asked back, by a question or by a proposal.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import islice

import pytest

from bot import when
from bot.errors import UserError
from tests.bot.test_when_corpus import UNDERSTOOD, Line, lines_of
from tests.chat import BRUSSELS


def starts(rule: when.Rule, wall: time | None, today: date) -> str:
    days = islice(when.dates(rule, today + timedelta(days=1)), 3)
    return " ".join(f"{day}T{wall:%H:%M}" if wall else f"{day}" for day in days)


def readings(line: Line, locale: str) -> tuple[list[str], bool] | None:
    """All that it may be, and whether the first is taken for granted; None where it was asked back.

    What a rule does without is said with it, and so is no more taken for granted.
    """
    try:
        found = when.read_rule(line.phrase, locale)
    except UserError:
        return None
    today = line.now.astimezone(BRUSSELS).date()
    walls = (found.wall, *found.other_walls)
    all_of_them = [starts(rule, wall, today) for rule in found.rules for wall in walls]
    return all_of_them, found.sure and when.gaps(found.rule) is None


@pytest.mark.parametrize(("locale", "least"), [("nl", 300), ("en", 150)])
def test_not_one_repetition_wrong_and_nearly_all_understood(locale: str, least: int) -> None:
    corpus = list(lines_of("rules", locale))
    assert len(corpus) >= least
    wrong, right = [], 0
    for line in corpus:
        found = readings(line, locale)
        if found is None:
            continue
        all_of_them, sure = found
        known = not line.readings or all_of_them[0] in line.readings
        if not known or (sure and len(line.readings) != 1):
            wrong.append(f"{line.now:%Y-%m-%d} {line.phrase!r}: {all_of_them} {sure}")
        right += bool(line.readings)
    assert wrong == []
    assert right / sum(bool(line.readings) for line in corpus) >= UNDERSTOOD
