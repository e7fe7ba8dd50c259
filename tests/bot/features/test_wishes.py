"""How somebody wants to be reminded of meetings: when others are or at moments of their own, and how."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.befores import read_befores
from bot.errors import Gone
from bot.features.meetings import remind
from bot.features.polls.settings import PollsSettings
from bot.model.people import Identity, Wishes
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import council, told
from tests.bot.features.meetings.test_remind import SOON, until
from tests.doubles.platform import PLATFORM, Town

BEGINS = "begint"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """On the first of December; the meeting is on the eighth at half past seven in the evening."""
    async with council(database_url) as town:
        yield town


async def wishes_of(town: Town, name: str = "anna") -> Wishes:
    def read(tx: Transaction) -> Wishes:
        found = tx.people.by_identity(Identity(PLATFORM, name))
        assert found
        return tx.people.wishes([found.id])[found.id]

    return await town.core.store.run(read)


def heard(town: Town, name: str = "anna") -> int:
    """How often they were told in private that it begins."""
    return told(town, name, BEGINS)


# --- what is typed ---


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("1d,2u", (86_400, 7_200)),
        ("2u, 1d", (86_400, 7_200)),
        ("1 dag en 2 uur", (86_400, 7_200)),
        ("5m", (300,)),
        ("60d", (5_184_000,)),
        ("1d,24u", (86_400,)),
    ],
)
def test_moments_are_read(words: str, seconds: tuple[int, ...]) -> None:
    assert read_befores(words, "nl") == seconds


@pytest.mark.parametrize(
    "words", ["", "4m", "61d", "1d,2d,3d,4d,5d,6d", "straks", "1 maand", "-1d", "0", "9" * 99]
)
def test_what_is_no_moment_is_none(words: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        read_befores(words, "nl")


@pytest.mark.parametrize(
    ("words", "wishes"),
    [
        ("aan", Wishes(wanted=True)),
        ("uit", Wishes()),
        ("1d,2u", Wishes(wanted=True, before=(86_400, 7_200))),
        ("1d, 2u", Wishes(wanted=True, before=(86_400, 7_200))),
        ("--vooraf 1d,2u", Wishes(wanted=True, before=(86_400, 7_200))),
        ("aan --vooraf 30m", Wishes(wanted=True, before=(1_800,))),
        ("privé", Wishes(wanted=True)),
        ("prive", Wishes(wanted=True)),
        ("vermelding", Wishes(wanted=True, mentioned=True)),
        ("gewoon", Wishes(wanted=True)),
    ],
)
async def test_how_they_want_it(town: Town, words: str, wishes: Wishes) -> None:
    await town.say("anna", f"!mijn herinneringen {words}", room=None)
    assert await wishes_of(town) == wishes


@pytest.mark.parametrize(
    "words", ["1m", "61d", "1d,2d,3d,4d,5d,6d", "misschien", "uit --vooraf 1d", "vermelding --vooraf 1d"]
)
async def test_what_cannot_be_changes_nothing(town: Town, words: str) -> None:
    await town.say("anna", "!herinneringen 1d", room=None)
    said = await town.say("anna", f"!herinneringen {words}", room=None)
    assert "!herinneringen" in said
    assert await wishes_of(town) == Wishes(wanted=True, before=(86_400,))


async def test_off_and_on_again_keeps_them_and_a_mention_does_not(town: Town) -> None:
    for words, before in (("1d", (86_400,)), ("uit", (86_400,)), ("aan", (86_400,)), ("vermelding", ())):
        await town.say("anna", f"!herinneringen {words}", room=None)
        assert (await wishes_of(town)).before == before


async def test_they_hear_how_it_is(town: Town) -> None:
    assert "Je krijgt geen seintjes" in await town.say("anna", "!herinneringen", room=None)
    await town.say("anna", "!herinneringen 1d,90m", room=None)
    assert "1 dag en 90 minuten vooraf" in await town.say("anna", "!herinneringen", room=None)
    assert "1 dag en 90 minuten vooraf" in await town.say("anna", "!mijn profiel", room=None)


@pytest.mark.parametrize("words", ["1d,2u", "privé"])
async def test_asking_for_it_in_private_opens_that_and_says_where_it_cannot_be(
    town: Town, words: str
) -> None:
    await town.say("anna", "!help")
    town.platform.trouble["anna"] = [Gone("they take no messages")]
    assert "niets in privé" in await town.say("anna", f"!herinneringen {words}")
    assert await wishes_of(town) == Wishes()
    await town.say("anna", f"!herinneringen {words}")
    assert (await wishes_of(town)).wanted
    (said,) = town.platform.where("anna")
    assert "Hier krijg je je seintjes" in said


# --- what comes of it ---


async def test_own_moments_instead_of_those_of_others_and_in_private(town: Town) -> None:
    for name, words in (("anna", "3d,2u"), ("ben", "aan")):
        await town.say(name, f"!herinneringen {words}", room=None)
        await town.say(name, "!kom online")
    found = []
    for moment in ("5 19:29", "5 19:30", "7 19:30", "8 17:29", "8 17:30", "8 18:30", "9 12:00"):
        await until(town, moment)
        found.append((heard(town), heard(town, "ben")))
    assert found == [(0, 1), (1, 1), (1, 2), (1, 2), (2, 2), (2, 3), (2, 3)]
    assert not town.platform.pinged


async def test_who_talks_nowhere_in_private_is_mentioned_at_none_of_their_own(town: Town) -> None:
    """They asked for it in private, where it was tried: it waits for them there."""
    await town.say("anna", "!herinneringen 3d")
    await town.say("anna", "!kom online")
    await until(town, "5 19:30")
    assert heard(town) == 1
    assert not town.platform.pinged


async def test_moments_that_are_chosen_after_answering_count(town: Town) -> None:
    await town.say("anna", "!kom online")
    await town.say("anna", "!herinneringen 3d", room=None)
    await town.core.run_due()
    await until(town, "5 19:30")
    assert heard(town) == 1
    await town.say("anna", "!herinneringen 2d", room=None)
    await town.core.run_due()
    await until(town, "6 19:30")
    assert heard(town) == 2
    await town.say("anna", "!herinneringen 1d", room=None)
    await town.say("anna", "!herinneringen uit", room=None)
    await town.core.run_due()
    await until(town, "8 18:30")
    assert heard(town) == 2


async def test_a_meeting_that_is_moved_is_reminded_of_at_their_moments_of_it(town: Town) -> None:
    await town.say("anna", "!herinneringen 2u", room=None)
    await town.say("anna", "!kom online")
    await town.say("mia", '!bijeenkomst verplaats "10 december 20u"')
    before = heard(town)
    await until(town, "8 17:30")
    assert heard(town) == before
    await until(town, "10 18:00")
    assert heard(town) == before + 1


async def test_after_an_outage_only_the_last_of_their_own(town: Town) -> None:
    await town.say("anna", "!herinneringen 5d,3d,1d", room=None)
    await town.say("anna", "!kom online")
    await until(town, "7 20:00")
    assert heard(town) == 1


async def test_who_does_not_come_is_not_reminded(town: Town) -> None:
    await town.say("anna", "!herinneringen 2u", room=None)
    await town.say("anna", "!kom online")
    await town.say("anna", "!kom niet")
    await until(town, "8 18:30")
    assert heard(town) == 0


async def test_a_mention_though_they_talk_in_private(town: Town) -> None:
    for name, words in (("anna", "vermelding"), ("ben", "privé")):
        await town.say(name, f"!herinneringen {words}", room=None)
        await town.say(name, "!kom online")
    await until(town, "7 19:30")
    assert town.platform.pinged == [("sport", "anna")]
    assert [heard(town), heard(town, "ben")] == [0, 1]
    assert told(town, "sport", SOON) == 1


async def test_their_quiet_hours_are_their_own(town: Town) -> None:
    """At nine in the evening in Brussels it is three in the afternoon in New York."""
    town.configure(PollsSettings(quiet="20:00-08:00"))
    for name, zone in (("anna", "America/New_York"), ("ben", "Europe/Brussels")):
        await town.say(name, f"!mijn tijdzone {zone}", room=None)
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, "!kom online")
    await town.say("mia", '!bijeenkomst verplaats "9 december 21u"')
    await town.say("mia", "!bijeenkomst wijzig --herinner 1d")
    before = [heard(town), heard(town, "ben")]
    await until(town, "8 21:00")
    assert [heard(town), heard(town, "ben")] == [before[0] + 1, before[1]]
    await until(town, "9 08:00")
    assert [heard(town), heard(town, "ben")] == [before[0] + 1, before[1] + 1]
    await until(town, "9 14:00")
    assert [heard(town), heard(town, "ben")] == [before[0] + 1, before[1] + 1]


@pytest.mark.parametrize(
    ("begins", "before", "heard_at"),
    [
        # Eleven in the evening waits for the morning; where it begins before that it is said that evening.
        ("9 december 11u", "12u", ["8 23:00", "9 07:59", "9 08:00"]),
        ("9 december 07:00", "8u", ["8 21:29", "8 21:30"]),
    ],
)
async def test_own_moments_wait_for_the_morning_where_that_is_in_time(
    town: Town, begins: str, before: str, heard_at: list[str]
) -> None:
    town.configure(PollsSettings(quiet="22:00-08:00"))
    await town.say("anna", f"!herinneringen {before}", room=None)
    await town.say("anna", "!kom online")
    await town.say("mia", f'!bijeenkomst verplaats "{begins}"')
    found = []
    for moment in heard_at:
        await until(town, moment)
        found.append(heard(town))
    assert found == [*[0] * (len(heard_at) - 1), 1]


async def test_very_many_of_their_own_page_by_page_each_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remind, "PAGE", 2)
    names = [f"buur{number}" for number in range(7)]
    for number, name in enumerate(names):
        await town.say(name, f"!herinneringen {1 + number % 2}d", room=None)
        await town.say(name, "!kom ter plaatse")
    for moment in ("6 19:30", "6 19:31", "6 19:32", "7 19:30", "7 19:31", "7 19:32"):
        await until(town, moment)
    assert [heard(town, name) for name in names] == [1] * 7


async def test_wishes_go_along_with_linking_and_back(town: Town) -> None:
    await town.say("ben", "!herinneringen 3d", room=None)
    await town.say("anna", "!kom online")
    await town.say("anna", "!help", room=None)
    brought = await town.linked("anna", "ben")
    assert await wishes_of(town) == Wishes(wanted=True, before=(259_200,))
    await town.core.run_due()
    await until(town, "5 19:30")
    assert heard(town) + heard(town, "ben") == 1
    await town.parted("ben", brought)
    assert await wishes_of(town) == Wishes()
    assert await wishes_of(town, "ben") == Wishes(wanted=True, before=(259_200,))


async def test_who_was_here_first_keeps_their_own(town: Town) -> None:
    await town.say("anna", "!herinneringen vermelding", room=None)
    await town.say("ben", "!herinneringen 3d", room=None)
    brought = await town.linked("anna", "ben")
    assert await wishes_of(town) == Wishes(wanted=True, mentioned=True)
    await town.parted("ben", brought)
    assert await wishes_of(town, "ben") == Wishes(wanted=True, before=(259_200,))
