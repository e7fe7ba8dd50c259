"""Plein leaves a community for good: people are forgotten a month later, and nobody before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import HandClock
from bot.delivery.leaving import note_gone
from bot.delivery.worker import MOST_OF_A_KIND_A_DAY
from bot.model.people import Identity, Place, Role
from tests.bot.features.test_forgetting import ANN, BEN, busy, every_text, found_in
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, resident

SPORT = Place("console", "discord/sport")
DAY = timedelta(days=1)


async def pass_days(chat: Chat, days: int) -> None:
    """As many as an hourly look has to see."""
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    for _ in range(days):
        clock.turn_to(clock.now() + DAY)
        await chat.core.leaving.look()
        await chat.core.run_due()


async def leave(chat: Chat) -> None:
    for place in await chat.core.places("console"):
        await chat.core.left("console", place)
    await chat.core.leaving.look()


async def words(chat: Chat) -> str:
    return await chat.core.store.run(lambda tx: every_text(tx, chat))


async def test_a_month_later_nobody_is_known(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await leave(chat)
        await pass_days(chat, 29)
        assert await resident(chat, ANN)
        await pass_days(chat, 2)
        left = await words(chat)
        assert "annelies" not in left
        assert "benedict" not in left


async def test_nothing_is_left_in_the_file(tmp_path: Path) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await leave(chat)
        await pass_days(chat, 31)
        assert not found_in(tmp_path, "annelies", "benedict", "kingfishers")


async def test_who_lets_plein_in_again_loses_nothing(database_url: str) -> None:
    """And has another month, should it be put out once more."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await leave(chat)
        await pass_days(chat, 20)
        await chat.core.joined("console", SPORT, "sport")
        await pass_days(chat, 20)
        assert await resident(chat, ANN)
        await leave(chat)
        await pass_days(chat, 20)
        assert await resident(chat, BEN)


async def test_an_outage_is_no_leaving(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await chat.core.suspend(chat.console)
        await pass_days(chat, 40)
        assert await resident(chat, ANN)


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_the_moderators_are_told_once(language: str, database_url: str) -> None:
    def grant(tx: Any) -> None:
        tx.people.grant(account(ANN), Role.MODERATOR)

    async with open_chat(database_url, language=language, clock=HandClock(NOW)) as chat:
        await busy(chat)
        await chat.core.store.run(grant)
        await leave(chat)
        await pass_days(chat, 3)
        told = (await words(chat)).count("left.everywhere")
        assert told == 1


async def gone(chat: Chat, who: Identity) -> None:
    """Their platform says so where something is to be told to them."""
    now = chat.core.clock.now()
    await chat.core.store.run(lambda tx: note_gone(who, now, tx))
    await chat.core.run_due()


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_an_account_that_is_no_more_is_forgotten_a_month_later(
    language: str, database_url: str
) -> None:
    async with open_chat(database_url, language=language, clock=HandClock(NOW)) as chat:
        await busy(chat)
        await chat.core.store.run(lambda tx: tx.people.grant(account(ANN), Role.MODERATOR))
        for _ in range(2):
            await gone(chat, account(BEN))
            await pass_days(chat, 1)
        assert (await words(chat)).count("account.gone") == 1
        await pass_days(chat, 27)
        assert await resident(chat, BEN)
        await pass_days(chat, 2)
        assert await resident(chat, ANN)
        assert "benedict" not in await words(chat)


async def test_moderators_hear_of_so_many_a_day(database_url: str) -> None:
    """Whoever has a homeserver of their own makes accounts and takes them away as they like."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await chat.core.store.run(lambda tx: tx.people.grant(account(ANN), Role.MODERATOR))
        before = (await words(chat)).count("account.gone")
        for number in range(MOST_OF_A_KIND_A_DAY + 3):
            await chat.say(f"els{number}@discord/sport: !help")
            await gone(chat, account(f"els{number}@discord"))
        assert (await words(chat)).count("account.gone") == before + MOST_OF_A_KIND_A_DAY


async def test_one_that_speaks_after_all_loses_nothing(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await gone(chat, account(BEN))
        await pass_days(chat, 20)
        await chat.say(f"{BEN}: !help")
        await pass_days(chat, 20)
        assert "benedict" in await words(chat)


async def test_of_somebody_with_two_accounts_only_that_one_goes(database_url: str) -> None:
    async with open_chat(database_url, people=[("mia@matrix", "mia@discord")], clock=HandClock(NOW)) as chat:
        for who in ("mia@matrix", "mia@discord"):
            await chat.say(f"{who}/sport: !mijn interesses geluid")
        await gone(chat, account("mia@discord"))
        await pass_days(chat, 31)
        assert "mia@discord" not in await words(chat)
        assert "geluid" in await words(chat)
        assert await resident(chat, "mia@matrix")
