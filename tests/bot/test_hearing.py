"""Talk that is no command goes to those who listen, each event once; where nobody does nothing is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import func, select

from bot.call import Call
from bot.feature import Feature, Hear
from bot.main.features import FEATURES, Installed
from bot.model.events import Heard
from bot.model.message import Message, message, typed
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.tables import handled, identities
from storage.unit import Tx
from tests.doubles.platform import PLATFORM, Town, open_town

ANNA = Identity(PLATFORM, "anna")


def heard(town: Town, words: str, *, number: int = 1, room: str = "sport") -> Heard:
    place = Place(PLATFORM, room)
    now = town.clock.now()
    return Heard(f"{PLATFORM}:h{number}", PLATFORM, place, ANNA, "Anna", words, now, f"$h{number}")


def listening(*hears: Hear) -> list[Installed]:
    """The features that there are, and one for each of these."""
    made_up = [Installed(Feature(name=f"ears {number}", hears=hear)) for number, hear in enumerate(hears)]
    return [*FEATURES, *made_up]


def kept(tx: Transaction) -> tuple[int, int]:
    """How many events were noted, and how many accounts."""
    db = cast(Tx, tx).db
    return tuple(
        db.execute(select(func.count()).select_from(table)).scalar() for table in (handled, identities)
    )


async def test_where_nobody_listens_nothing_is_kept(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        assert not town.core.listens
        await town.core.hear(heard(town, "dag allemaal"))
        assert await town.core.store.run(kept) == (0, 0)


async def test_who_listens_hears_it_once_and_may_answer(database_url: str) -> None:
    said: list[tuple[str, int, str]] = []

    def echo(call: Call, heard: Heard) -> Message | None:
        said.append((heard.words, call.resident.id, call.theme().name))
        return message(typed(f"{heard.name} zei: {heard.words}")) if "Plein" in heard.words else None

    async with open_town(database_url, installed=listening(echo)) as town:
        await town.joined("sport")
        assert town.core.listens
        for _ in range(2):
            await town.core.hear(heard(town, "dag Plein"))
        await town.core.hear(heard(town, "dag Ben", number=2))
        await town.core.run_due()
        assert [words for words, _, _ in said] == ["dag Plein", "dag Ben"]
        assert town.platform.where("sport") == ["Anna zei: dag Plein"]
        # Whoever only talks is no resident for that.
        assert {(resident, theme) for _, resident, theme in said} == {(0, "sport")}
        assert await town.core.store.run(kept) == (2, 0)


async def test_what_is_said_elsewhere_is_nobodys_business(database_url: str) -> None:
    said: list[str] = []
    async with open_town(
        database_url, installed=listening(lambda _, heard: said.append(heard.words))
    ) as town:
        await town.core.hear(heard(town, "dag", room="unknown"))
        assert said == []
        assert await town.core.store.run(kept) == (0, 0)


async def test_one_that_fails_keeps_nobody_else_from_hearing(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    def broken(call: Call, heard: Heard) -> Message | None:
        call.post(heard.place, message(typed("half")), "half")
        raise RuntimeError(heard.id)

    async with open_town(
        database_url, installed=listening(broken, lambda _, heard: said.append(heard.words))
    ) as town:
        await town.joined("sport")
        await town.core.hear(heard(town, "dag"))
        await town.core.run_due()
        assert said == ["dag"]
        assert town.platform.shown == []
        assert "could not be dealt with" in caplog.text


async def test_what_they_said_before_they_were_forgotten_is_not_heard_again(database_url: str) -> None:
    said: list[str] = []

    def listen(call: Call, heard: Heard) -> None:
        said.append(heard.words)

    async with open_town(database_url, installed=listening(listen)) as town:
        await town.joined("sport")
        await town.say("anna", "!help")
        before = heard(town, "dag allemaal")
        await town.core.hear(before)
        town.clock.turn(timedelta(minutes=1))
        await town.say("anna", "!me forget --sure")
        await town.core.hear(before)
        town.clock.turn(timedelta(minutes=1))
        await town.core.hear(heard(town, "ik ben terug", number=2))
    assert said == ["dag allemaal", "ik ben terug"]
