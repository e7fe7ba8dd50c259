"""Plein leaves a community for good: people are forgotten a month later, and nobody before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import HandClock
from bot.model.people import Place, Role
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
