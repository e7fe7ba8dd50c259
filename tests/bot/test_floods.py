"""How much of what one person says in a place at once is carried, and what is told of the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.moderation.records import MODERATION
from bot.features.polls.settings import PollsSettings
from bot.features.relay.settings import RelaySettings
from bot.floods import MESSAGES_WITHIN, MOST, Floods, Limits
from bot.model.events import Heard
from bot.model.people import Identity, Place
from bot.rich import Listed, Mention, Named, Quote, Rich, Words
from tests.bot.test_carrying import Talk, talking
from tests.doubles.platform import open_town

LIMITS = Limits(messages=3, files=3, mentions=2)
BEGAN, SECOND = datetime(2026, 12, 1, 18, tzinfo=UTC), timedelta(seconds=1)
BEN = Mention(Named.PERSON, "Ben")


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    """As it is where nobody set anything else."""
    async with open_town(database_url, moderators=("mo",)) as town:
        talk = await talking(town)
        town.configure(RelaySettings(on=True), PollsSettings(quiet=""))
        yield talk


def heard(ref: str, at: datetime = BEGAN, room: str = "a", rich: Rich = (), who: str = "mia") -> Heard:
    author = Identity("test", who)
    return Heard(ref, "test", Place("test", room), author, "Mia", "", at, ref, rich=rich)


def test_beyond_so_many_in_ten_seconds_the_rest_stays() -> None:
    floods = Floods()
    said = [floods.is_too_much(heard(f"e{n}"), LIMITS) for n in range(5)]
    assert said == [False, False, False, True, True]
    assert not floods.is_too_much(heard("later", BEGAN + MESSAGES_WITHIN), LIMITS)


def test_of_another_person_or_place_it_is_counted_apart() -> None:
    floods = Floods()
    for number in range(4):
        floods.is_too_much(heard(f"e{number}"), LIMITS)
    assert not floods.is_too_much(heard("x", who="ben"), LIMITS)
    assert not floods.is_too_much(heard("y", room="b"), LIMITS)


def test_brought_twice_it_is_one() -> None:
    floods = Floods()
    said = [floods.is_too_much(heard(ref), LIMITS) for ref in ("a", "a", "b", "c", "a", "d")]
    assert said == [False, False, False, False, False, True]


@pytest.mark.parametrize(
    ("rich", "too_much"),
    [
        ((BEN, BEN), False),
        ((BEN, BEN, BEN), True),
        ((Quote((Words("x"), BEN, BEN)), Listed(((BEN,), ()))), True),
        ((), False),
    ],
)
def test_mentions_are_counted_however_deep(rich: Rich, too_much: bool) -> None:
    assert Floods().is_too_much(heard("e", rich=rich), LIMITS) is too_much


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5))
def test_never_more_than_so_many_within_ten_seconds(waits: list[int], most: int) -> None:
    floods, at, carried = Floods(), BEGAN, list[datetime]()
    for number, wait in enumerate(waits):
        at += wait * SECOND / 4
        before = [each for each in carried if each > at - MESSAGES_WITHIN]
        too_much = floods.is_too_much(heard(f"e{number}", at), replace(LIMITS, messages=most))
        assert too_much is (len(before) >= most)
        carried += [] if too_much else [at]


def test_what_is_remembered_has_a_bound() -> None:
    floods = Floods()
    for number in range(MOST + 10):
        floods.is_too_much(heard("e", who=str(number)), LIMITS)
    assert len(floods._said) == MOST


async def test_what_is_too_much_stays_where_it_is_also_later(talk: Talk) -> None:
    said = [await talk.say(f"bericht {number}") for number in range(12)]
    await talk.carry()
    assert talk.read("b") == [f"Mia: bericht {number}" for number in range(10)]
    # Also brought once more, by a process that counted nothing; nor does an edit of it go anywhere.
    talk.town.core.carried._floods = Floods()
    await talk.town.core.hear(said[11])
    await talk.change(said[11], "bericht 11, mooier")
    await talk.carry()
    assert len(talk.read("b")) == 10
    talk.town.clock.turn(MESSAGES_WITHIN)
    await talk.say("en weer een")
    await talk.carry()
    assert talk.read("b")[-1] == "Mia: en weer een"


async def test_they_are_told_once_and_moderators_after_the_third_time(talk: Talk) -> None:
    for times in range(5):
        for number in range(13):
            await talk.say(f"bericht {times} {number}")
        await talk.town.core.run_due()
        talk.town.clock.turn(timedelta(minutes=5))
    told = [shown.words for shown in talk.platform.shown]
    assert sum("Je zegt in sport veel tegelijk" in words for words in told) == 1
    assert sum("Mia zei vandaag al 3 keer te veel tegelijk" in words for words in told) == 1


async def test_whoever_is_muted_is_carried_nowhere_and_not_later_either(talk: Talk) -> None:
    said = await talk.say("hier ben ik")
    await talk.town.say("mia", "!poll list", room="a")
    core = talk.town.core
    until = talk.town.clock.now() + timedelta(minutes=10)

    def mute(tx: object) -> None:
        who = tx.people.by_identity(said.author)  # type: ignore[attr-defined]
        tx.of(MODERATION).mute(tx.places.known(said.place)[0].id, who.id, until)  # type: ignore[attr-defined]

    await core.store.run(mute)
    silent = await talk.say("en dit niet")
    await talk.change(said, "hier was ik")
    talk.town.clock.turn(timedelta(minutes=11))
    await core.hear(silent)
    await talk.say("nu weer wel")
    await talk.carry()
    assert talk.read("b") == ["Mia: hier ben ik", "Mia: nu weer wel"]
