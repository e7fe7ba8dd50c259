"""Polls as tests set them up, and what is counted in them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import select

from bot.features.polls.kinds import METHODS
from bot.features.polls.records import POLLS, Choices, Plan, Poll
from bot.ports.storage import Transaction
from storage.polls.tables import ballots
from storage.unit import Tx
from tests.chat import NOW

DAY = timedelta(days=1)


def a_plan(theme: int = 1, opener: int = 1, **others: Any) -> Plan:
    """A plain question, open for a day; `others` say how it differs."""
    terms: dict[str, Any] = {"question": "Wat?", "options": ("A", "B", "C")}
    times = {"opened_at": NOW, "closes_at": NOW + DAY}
    return Plan(**{"theme": theme, "opener": opener, **terms, **times, **others})


def a_poll(number: int = 1, **others: Any) -> Poll:
    """The same, as a poll that was kept."""
    plan = a_plan(**{name: value for name, value in others.items() if name in Plan.__dataclass_fields__})
    kept = {name: value for name, value in others.items() if name not in Plan.__dataclass_fields__}
    fields = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
    return Poll(id=number, **fields, **kept)


def tally(tx: Transaction, number: int) -> list[int]:
    """What each option of a poll got, in order."""
    found = tx.of(POLLS).get(number, 0)
    assert found
    return list(METHODS[found[0].kind].count(found[0], tx.of(POLLS).ballots(found[0])).totals)


def cast_as(tx: Transaction, found: Poll) -> dict[Choices, int]:
    """How often each ballot was cast; no ballot stands on two pages."""
    rows = [row for page in tx.of(POLLS).ballots(found) for row in page]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def recount(tx: Transaction, poll: int) -> dict[str, int]:
    """How often each ballot was cast, counted from the ballots themselves; under "" the people."""
    cast_in = select(ballots.c.choices).where(ballots.c.poll == poll)
    written = list(cast(Tx, tx).db.execute(cast_in).scalars())
    return {"": len(written), **Counter(written)}


def counted(tx: Transaction, number: int) -> tuple[int, list[int]]:
    """The people and the votes; what is kept beside the ballots must agree with the ballots themselves."""
    found = tx.of(POLLS).get(number, 0)
    assert found
    kept = {",".join(map(str, choices)): times for choices, times in cast_as(tx, found[0]).items()}
    assert {"": found[0].voters, **kept} == recount(tx, number)
    return found[0].voters, tally(tx, number)
