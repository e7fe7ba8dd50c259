"""What is said beside somebody's next answer is looked at as all that they are told, and said once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model.codec import pack
from bot.model.events import Invocation
from bot.model.message import OF_COMMUNITY, InTheme, Message, message, typed
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

BEN = Identity(PLATFORM, "ben")
SECRET, PLAIN = "in de kelder ligt iets", "iets"
HIDDEN = message(typed(SECRET))


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Ben talks with Plein in sport alone. He was in kelder, and is not any more."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.joined("kelder", theme="Kelder")
        for room in ("kelder", "sport"):
            await town.say("ben", "!help", room=room)
        town.platform.present.pop(("ben", "kelder"))
        town.clock.turn(timedelta(hours=2))
        yield town


async def tell(town: Town, said: Message = HIDDEN, **how: Any) -> None:
    def run(tx: Transaction) -> None:
        call = town.core.dispatch.call_for_nobody(tx, "told")
        ben = tx.people.by_identity(BEN)
        assert ben
        call.tell(ben, said, "told", beside=True, **how)

    await town.core.store.run(run)
    await town.core.run_due()


async def kelder(town: Town) -> int:
    return await town.core.store.run(lambda tx: _kelder(tx))


def _kelder(tx: Transaction) -> int:
    (theme,) = (theme.id for theme in tx.places.themes() if theme.name == "Kelder")
    return theme


async def read(town: Town) -> str:
    return await town.say("ben", "!help")


async def test_what_is_about_a_theme_waits_until_they_take_part_there(town: Town) -> None:
    await tell(town, theme=await kelder(town))
    for _ in range(2):
        assert SECRET not in await read(town)
    assert ("ben", ("kelder",)) in town.platform.asked
    town.platform.present["ben", "kelder"] = Role.RESIDENT
    assert SECRET in await read(town)
    assert SECRET not in await read(town)


async def test_and_in_the_role_that_it_is_for(town: Town) -> None:
    town.platform.present["ben", "kelder"] = Role.RESIDENT
    await tell(town, theme=await kelder(town), role=Role.MODERATOR)
    assert SECRET not in await read(town)
    town.platform.present["ben", "kelder"] = Role.MODERATOR
    assert SECRET in await read(town)


async def test_what_is_for_who_moderates_the_community_is_said_to_nobody_else(town: Town) -> None:
    await tell(town, role=Role.MODERATOR)
    assert SECRET not in await read(town)
    await town.core.store.run(lambda tx: tx.people.grant(BEN, Role.MODERATOR))
    assert SECRET in await read(town)


async def test_a_line_that_they_may_not_see_is_said_otherwise(town: Town) -> None:
    await tell(town, message(InTheme(typed(SECRET), await kelder(town), typed(PLAIN))))
    answer = await read(town)
    assert SECRET not in answer
    assert answer.endswith(f"\n{PLAIN}")


async def test_or_not_at_all_and_waits_where_nothing_is_left(town: Town) -> None:
    await tell(town, message(InTheme(typed(SECRET), await kelder(town))))
    assert SECRET not in await read(town)
    town.platform.present["ben", "kelder"] = Role.RESIDENT
    assert SECRET in await read(town)


async def test_whoever_is_of_the_community_reads_what_is_for_those(town: Town) -> None:
    await tell(town, message(InTheme(typed(SECRET), OF_COMMUNITY)))
    assert SECRET in await read(town)


async def test_what_nobody_needs_any_more_is_not_said(town: Town) -> None:
    await tell(town, until=town.clock.now() + timedelta(hours=1))
    town.clock.turn(timedelta(hours=2))
    assert SECRET not in await read(town)


async def test_what_they_may_not_see_holds_up_nothing_else(town: Town) -> None:
    theme = await kelder(town)

    def run(tx: Transaction) -> None:
        call = town.core.dispatch.call_for_nobody(tx, "told")
        ben = tx.people.by_identity(BEN)
        assert ben
        for number in range(8):
            call.tell(ben, HIDDEN, f"hidden:{number}", beside=True, theme=theme)
        call.tell(ben, message(typed(PLAIN)), "plain", beside=True)

    await town.core.store.run(run)
    answer = await read(town)
    assert SECRET not in answer
    assert answer.endswith(f"\n{PLAIN}")


async def test_what_is_done_is_done_once_though_it_had_to_be_asked_first(town: Town) -> None:
    await tell(town, theme=await kelder(town))
    town.platform.present["ben", "kelder"] = Role.RESIDENT
    assert SECRET in await town.say("ben", '!herinner mij "10 minuten" "de was"')
    assert (await town.say("ben", "!herinner lijst")).count("de was") == 1


async def test_it_stays_in_no_answer_that_is_kept_and_in_no_row(town: Town) -> None:
    await tell(town)
    asked = town.asked("ben", "!help")
    answer = await town.core.handle(asked)
    assert answer
    assert SECRET in words_of(answer)
    again = await town.core.handle(asked)
    assert again
    assert words_of(again) == words_of(answer).removesuffix(f"\n{SECRET}")
    assert SECRET not in await kept(town, asked)


async def kept(town: Town, asked: Invocation) -> str:
    """All that is kept of what they were told and answered, as the database has it."""
    ben = await town.core.store.run(lambda tx: tx.people.by_identity(BEN))
    assert ben
    answered = await town.core.store.run(lambda tx: tx.handled.recognise(asked.id, BEN, None).answer)
    assert answered
    return f"{await town.core.export(ben.id)}{pack(answered[0])}"


async def test_who_comes_to_talk_in_private_hears_it_there_once(town: Town) -> None:
    await tell(town)
    await town.core.handle(replace(town.asked("ben", "!help", room=None), by_post=True))
    await town.core.run_due()
    assert sum(SECRET in said for said in town.platform.where("ben")) == 1
    assert SECRET not in await read(town)


def test_nobody_reads_the_words_of_a_line_without_having_looked() -> None:
    with pytest.raises(TypeError, match="looked"):
        _ = message(InTheme(typed(SECRET), 3)).words
