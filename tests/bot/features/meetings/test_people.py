"""What becomes of somebody's meetings and answers when they are two, ask what is kept, or are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from bot.features.meetings.settings import MeetingsSettings
from bot.model.message import Attachment, text
from bot.model.people import Identity, Place
from bot.texts import Voice
from storage.connections import async_url
from tests.bot.features.meetings.test_changes import PLAN, STILL, council, later
from tests.bot.features.meetings.test_plan import plan
from tests.bot.features.meetings.test_series import until
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town


async def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """Read beside Plein."""
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(sql(statement))]
    await engine.dispose()
    return found


async def standing(url: str) -> int:
    return len(await rows(url, "select id from meetings where state = 'planned'"))


async def plans_two(town: Town, turn: int) -> None:
    for number in (2 * turn + 1, 2 * turn + 2):
        await plan(town, "ben", number)


async def test_restoring_goes_not_beyond_how_many_are_to_come(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.configure(MeetingsSettings(planned_by="resident", to_come=2, planned_a_day=20))
        for turn in range(3):
            for number in (2 * turn + 1, 2 * turn + 2):
                assert "staat gepland" in await plan(town, "ben", number)
                await town.say("ben", f"!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst {number}")
        said = [await town.say("ben", f"!bijeenkomst herstel {number}") for number in range(1, 7)]
        assert ["gaat toch door" in words for words in said] == [True, True, False, False, False, False]
        assert await standing(database_url) == 2


@pytest.mark.parametrize("how", ["forgotten", "parted"])
async def test_nothing_begins_anew_how_many_are_to_come(database_url: str, how: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.configure(MeetingsSettings(planned_by="resident", to_come=2, planned_a_day=20))
        for name in ("ann", "ben"):
            await town.say(name, "!help")
        for turn in range(3):
            await plans_two(town, turn)
            if how == "forgotten":
                await town.core.handle(town.asked("ben", "!me forget --sure", room=None))
                await later(town, timedelta(minutes=2))
            else:
                await town.linked("ann", "ben")
                await town.parted("ben")
        assert await standing(database_url) == 2
        await later(town, timedelta(days=60))
        assert "Klopt dit" in await plan(town, "ben", 1)


async def exported(town: Town, name: str) -> bytes:
    who = Identity(PLATFORM, name)
    found = await town.core.store.run(lambda tx: tx.people.by_identity(who))
    assert found
    made = Attachment(f"me:{found.id}:{PLATFORM}:{name}", "json", text("typed"))
    return await town.core.file(made, Voice("nl", BRUSSELS, NOW), who)


@pytest.mark.parametrize("left", [True, False])
async def test_what_others_changed_since_is_in_no_file_of_who_left(database_url: str, left: bool) -> None:
    async with council(database_url) as town:
        town.configure(MeetingsSettings(planned_by="resident"))
        await plan(town, "ben", 1)
        await plan(town, "ben", 2)
        if left:
            del town.platform.present["ben", "sport"]
            await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
        changed = '--link https://meet.example/geheim --over "Enkel voor ons" --bijeenkomst 2'
        assert "is aangepast" in await town.say("mia", f"!bijeenkomst wijzig {changed}")
        await town.say("mia", '!bijeenkomst annuleer --reden "Omdat Piet weg is" --zeker --bijeenkomst 2')
        file = await exported(town, "ben")
        for words in (b"geheim", b"voor ons", b"Piet"):
            assert (words in file) is not left
        # What nobody else changed is their own.
        assert file.count(b'"starts_at"') == (1 if left else 2)


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_mark_of_who_parted_goes_once_it_is_over(database_url: str, cancelled: bool) -> None:
    async with council(database_url) as town:
        await town.say("anna", "!help")
        await town.say("annas", "!kom ter plaatse")
        if cancelled:
            await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 1")
        await later(town, timedelta(days=20))
        await later(town, timedelta(days=20))
        await town.linked("anna", "annas")
        await town.parted("annas")
        await later(town, timedelta(days=200))
        assert await rows(database_url, "select * from meeting_leavers") == []


async def test_who_left_somebody_who_comes_each_time_answers_none_that_was_to_come_by_then(
    database_url: str,
) -> None:
    """Nor one that nobody has looked at yet, nor each of them; what is planned later is for both."""
    async with council(database_url, f'{PLAN} --repeat "elke dinsdag"') as town:
        for name in ("anna", "annas"):
            await town.say(name, "!help")
        await town.linked("anna", "annas")
        await town.say("anna", "!kom ter plaatse --elke-keer")
        await town.say("cas", "!bijeenkomst toon 3")
        await town.parted("annas")
        for number in (1, 2, 3, 40):
            for way in ("online", "online --elke-keer"):
                assert "een account dat je losmaakte" in await town.say(
                    "annas", f"!kom {way} --bijeenkomst {number}"
                ), number
        await until(town, "2026-12-16 09:00")
        ((last,),) = await rows(database_url, "select max(id) from meetings")
        said = await town.say("annas", f"!kom online --elke-keer --bijeenkomst {last}")
        assert "Je doet online mee" in said
        # Anna's alone; and hers and theirs.
        for each, people in ((3, 1), (40, 1), (last, 2)):
            await town.say("cas", f"!bijeenkomst toon {each}")
            found = await rows(database_url, f"select id from answers where meeting = {each}")  # noqa: S608
            assert len(found) == people, each
        assert "Je doet online mee" in await town.say("anna", "!kom online --bijeenkomst 40")


async def test_who_never_said_so_is_not_seen_to_come(database_url: str) -> None:
    """They were linked, which was undone."""
    async with council(database_url) as town:
        await town.say("anna", "!help")
        await town.say("xbert", "!kom ter plaatse --toon-mij")
        assert "Wie komt" in await town.say("cas", "!bijeenkomst toon 1")
        brought = await town.linked("anna", "xbert")
        await town.parted("xbert", brought)
        assert "Wie komt" not in await town.say("cas", "!bijeenkomst toon 1")
        assert "Wie komt" not in await shown(town)
        await town.say("anna", "!kom ter plaatse --toon-mij")
        assert "Wie komt" in await town.say("cas", "!bijeenkomst toon 1")


async def shown(town: Town) -> str:
    """The board, as it is by now."""
    await later(town)
    return [state.words for state in town.platform.shown if state.where == "sport"][-1]


async def test_the_name_of_who_has_no_account_goes_with_the_meeting(database_url: str) -> None:
    async with council(database_url) as town:
        await town.core.handle(town.asked("mia", "!kom ter plaatse --voor Zeldzaam"))
        await later(town, timedelta(days=20))
        for table in ("answers", "handled", "posts", "jobs", "boards", "kept"):
            kept = await rows(database_url, f"select * from {table}")  # noqa: S608 - one of these
            assert "Zeldzaam" not in repr(kept), table


@pytest.mark.parametrize("out", [False, True])
async def test_words_of_who_was_put_out_meanwhile_are_not_said(database_url: str, out: bool) -> None:
    """That it was moved is told all the same."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.configure(MeetingsSettings(planned_by="resident"))
        await plan(town, "ben", 1)
        await town.say("anna", "!kom ter plaatse")
        await later(town, timedelta())
        said = await town.say(
            "ben", '!bijeenkomst wijzig --plaats "Anna is een dief" --titel "Anna is een heks"'
        )
        assert "is aangepast" in said
        await town.say("ben", '!bijeenkomst verplaats "9 december 21u"')
        if out:
            del town.platform.present["ben", "sport"]
            await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
        await later(town)
        sent = [each.words for each in town.platform.shown if each.how == "send"]
        assert any("dief" in words for words in sent) is not out
        assert any("heks" in words for words in sent) is not out
        assert any(STILL in words for words in sent)


@pytest.mark.parametrize("out", [False, True])
async def test_why_it_was_cancelled_is_not_said_of_who_was_put_out(database_url: str, out: bool) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.configure(MeetingsSettings(planned_by="resident"))
        await plan(town, "ben", 1)
        await town.say("anna", "!kom ter plaatse")
        await later(town, timedelta())
        await town.say("ben", '!bijeenkomst annuleer --reden "Anna is een dief" --zeker --bijeenkomst 1')
        if out:
            town.platform.silenced.add(("ben", "sport"))
        await later(town)
        sent = [each.words for each in town.platform.shown if each.how == "send"]
        assert any("dief" in words for words in sent) is not out
        assert any("gaat niet door" in words for words in sent)
