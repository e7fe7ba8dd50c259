"""Checking in: with the code of that meeting alone, once a person, and what stays of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.meetings.presence.records import PRESENCE
from bot.features.meetings.settings import MeetingsSettings
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import PLAN, council, later, told
from tests.bot.features.meetings.test_people import exported, rows
from tests.doubles.platform import PLATFORM, Town

# It begins at half past seven on the eighth.
OPENS = timedelta(days=7, minutes=15)
THERE = "Je bent er"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """It is open, and its code was told."""
    async with council(database_url) as town:
        for name in ("anna", "ben", "cas"):
            await town.say(name, "!kom online")
        await later(town, OPENS)
        yield town


async def code_of(town: Town, meeting: int = 1) -> str | None:
    return await town.core.store.run(lambda tx: tx.of(PRESENCE).code(meeting))


async def number(town: Town) -> int:
    def read(tx: Transaction) -> int:
        return tx.of(PRESENCE).count(1)

    return await town.core.store.run(read)


async def test_whoever_organises_it_is_told_the_code_in_private_and_nobody_else(town: Town) -> None:
    code = await code_of(town)
    (said,) = town.platform.where("mia")
    assert f"“Sportraad” is {code}." in said
    assert told(town, "sport", str(code)) == 0
    assert f"is {code}." in await town.say("mia", "!hier", room=None)
    for name in ("ben", "dirk"):
        assert str(code) not in await town.say(name, "!hier")


async def test_where_it_is_nobody_s_any_more_who_moderates_is_told(database_url: str) -> None:
    async with council(database_url) as town:
        town.configure(MeetingsSettings(planned_by="resident"))
        asked = await town.core.handle(town.asked("ben", PLAN.replace("Sportraad", "Soep")))
        assert asked
        await town.core.handle(town.asked("ben", button=asked.buttons[0]))
        await town.core.handle(town.asked("ben", "!me forget --sure", room=None))
        await later(town, OPENS)
        said = "\n".join(town.platform.where("mia"))
        assert len(re.findall(r"“Soep” is \d{4}\.", said)) == 1


async def test_one_person_is_there_once_whichever_account_says_it(town: Town) -> None:
    for name in ("anna", "ben"):
        assert THERE in await town.say(name, "!hier")
    assert await number(town) == 2
    brought = await town.linked("anna", "ben")
    assert await number(town) == 1
    assert THERE in await town.say("ben", "!hier")
    assert "Aanwezig, 1:" in await town.say("mia", "!bijeenkomst wie")
    # What was said as one counts once when an account of theirs leaves, whoever said it first.
    await town.parted("ben", brought)
    assert "ben je al meegeteld" in await town.say("ben", f"!hier {await code_of(town)}")
    assert await number(town) == 1
    await town.say("dirk", "!help")
    await town.linked("cas", "dirk")
    assert THERE in await town.say("cas", "!hier")
    await town.parted("dirk")
    assert "ben je al meegeteld" in await town.say("dirk", f"!hier {await code_of(town)}")
    assert await number(town) == 2
    # Nor beside whom they checked in with, once they are one person with somebody who did too.
    await town.say("mia", f"!hier {await code_of(town)}")
    assert await number(town) == 3
    await town.linked("mia", "dirk")
    assert await number(town) == 2


async def test_who_is_forgotten_and_back_is_counted_once(town: Town) -> None:
    code = await code_of(town)
    for turn in range(3):
        said = await town.say("ben", f"!hier {code}")
        assert THERE in said if not turn else "ben je al meegeteld" in said
        await town.core.handle(town.asked("ben", "!me forget --sure", room=None))
        await later(town, timedelta(minutes=1))
        await town.say("ben", "!help")
    assert await number(town) == 1
    # Not by whoever they are one person with, either.
    await town.say("cas", f"!hier {code}")
    await town.linked("cas", "ben")
    assert await number(town) == 1


async def test_what_is_changed_while_people_check_in_keeps_them(town: Town) -> None:
    await town.say("anna", "!hier")
    await town.say("mia", "!bijeenkomst wijzig --plaats Refter --bijeenkomst 1")
    await town.say("mia", '!bijeenkomst verplaats "8 december 19u25" --bijeenkomst 1')
    assert await number(town) == 1


async def test_who_is_forgotten_was_there_as_nobody(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!hier --toon-mij")
    await town.linked("anna", "ben")
    assert b'"anderen_zien_het": true' in await exported(town, "anna")
    await town.say("cas", "!hier")
    await town.core.handle(town.asked("anna", "!me forget --sure", room=None))
    await later(town, timedelta(minutes=2))
    assert await number(town) == 2
    assert "2 aanwezig" in await town.say("cas", "!bijeenkomst toon 1")
    await later(town, timedelta(days=1))
    assert "2 mensen waren er" in await town.say("cas", "!bijeenkomst toon 1")


async def test_a_meeting_that_is_moved_has_another_code_and_opens_then(town: Town) -> None:
    before = await code_of(town)
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    assert await code_of(town) is None
    assert "begint nog niet" in await town.say("anna", f"!hier {before}")
    await later(town, timedelta(days=1, minutes=30))
    assert (await code_of(town)) is not None
    assert THERE in await town.say("anna", "!hier")


async def test_who_came_stays_where_it_is_put_off_for_half_an_hour(town: Town) -> None:
    await town.say("anna", "!hier")
    await town.say("mia", '!bijeenkomst verplaats "vandaag 20:40"')
    assert await number(town) == 1
    for beyond in ("9 december 20u", "15 december 20u"):
        said = await town.say("mia", f'!bijeenkomst verplaats "{beyond}"')
        assert "Er zijn al mensen aanwezig gemeld" in said
    await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker")
    await town.say("mia", "!bijeenkomst herstel 1")
    assert await number(town) == 1, "who organises does not decide whose say counts"


async def test_a_code_is_of_no_use_once_it_is_over(town: Town) -> None:
    code = await code_of(town)
    said_in_time = town.asked("anna", f"!hier {code}")
    await later(town, timedelta(hours=2))
    # What was said in time, and heard later, counts.
    answer = await town.core.handle(said_in_time)
    assert answer
    assert await number(town) == 1
    assert "is gedaan" in await town.say("ben", f"!hier {code}")
    assert "is gedaan" in await town.say("ben", "!hier --bijeenkomst 1")
    await later(town, timedelta(hours=1))
    assert await code_of(town) is None
    assert await number(town) == 1


async def test_removing_what_said_so_takes_it_back(town: Town) -> None:
    asked = town.asked("anna", "!hier")
    await town.core.handle(asked)
    assert await number(town) == 1
    gone = replace(town.asked("anna"), typed=None)
    await town.core.take_back(gone, asked.id)
    assert await number(town) == 0


async def test_nothing_that_is_kept_tells_when_who_came(town: Town, database_url: str) -> None:
    for name in ("ben", "cas", "anna"):
        await town.say(name, "!hier")
        await later(town, timedelta(minutes=1))
    undone = [undo for (undo,) in await rows(database_url, "select undo from handled where undo is not null")]
    assert len(undone) >= 3
    assert not [undo for undo in undone if "not-here" in str(undo)]
    # Which of these rows was first written their numbers do not say.
    assert all(int(str(number)) > 1_000 for (number,) in await rows(database_url, "select id from check_ins"))


async def test_nor_does_what_said_that_they_are_there(town: Town, database_url: str) -> None:
    town.clock.turn(timedelta(minutes=3, seconds=17, microseconds=123_456))
    moment = str(int(town.clock.now().timestamp() * 1e6))
    await town.core.handle(replace(town.asked("ben", "!hier", room=None), by_post=True))
    await town.core.run_due()
    said = await rows(database_url, "select * from posts where id like 'answer:%' and room = 'ben'")
    assert said
    assert not [row for row in said if moment in map(str, row)]


async def test_wrong_codes_count_for_an_hour_wherever_they_are_given(town: Town) -> None:
    code = await code_of(town)
    wrong = "1000" if code != "1000" else "1001"
    for left in (4, 3, 2, 1):
        assert f"nog {left} keer" in await town.say("dirk", f"!hier {wrong}")
        town.clock.turn(timedelta(minutes=1))
    assert "laatste poging" in await town.say("dirk", f"!hier {wrong}")
    for room in ("sport", None):
        assert "Je gaf 5 keer" in await town.say("dirk", f"!hier {code}", room=room)
    # With another account of theirs no more than with this one; for others nothing changed.
    await town.say("eva", "!help")
    await town.linked("eva", "dirk")
    await town.parted("dirk")
    assert "Je gaf 5 keer" in await town.say("dirk", f"!hier {code}")
    assert THERE in await town.say("finn", f"!hier {code}")
    town.clock.turn(timedelta(minutes=56, seconds=1))
    assert "heeft vier cijfers" in await town.say("dirk", "!hier abcd")
    assert THERE in await town.say("dirk", f"!hier {code}")


async def test_no_two_that_are_open_have_one_code(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await code_of(town)
    draws = iter([int(str(code)) - 1000, 4678])
    monkeypatch.setattr(secrets, "randbelow", lambda most: next(draws))
    soup = '!meeting plan "Soep" "8 december 19u25" --place Keuken'
    asked = await town.core.handle(town.asked("mia", soup))
    assert asked
    await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    await later(town, timedelta(seconds=1))
    assert await code_of(town, 2) == "5678"


async def test_it_is_said_in_no_order_that_tells_who_came_first(town: Town) -> None:
    for name in ("cas", "anna", "ben"):
        await town.say(name, "!hier")

    def read(tx: Transaction) -> list[str]:
        people = tx.people.known(set(tx.of(PRESENCE).here(1, 10)))
        found = [tx.people.by_identity(Identity(PLATFORM, name)) for name in ("anna", "ben", "cas")]
        assert {each.id for each in found if each} == people.keys()
        return [str(number) for number in tx.of(PRESENCE).here(1, 10)]

    here_now = await town.core.store.run(read)
    assert here_now == sorted(here_now, key=int)
