"""A reason of whoever is forgotten, whatever stands in it, on both databases."""

from __future__ import annotations

import re

import pytest

from bot.clock import HandClock
from tests.bot.features.test_forgetting import ANN, BEN, every_text, forget
from tests.chat import NOW, open_chat
from tests.doubles.linking import say


@pytest.mark.parametrize("reason", ["kingfishers nest there", 'the "kingfishers" nest there', "kingfishers \\o/"])
async def test_in_no_table_of_either_database(database_url: str, reason: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await say(chat, f'{BEN}/sport: !poll open "A fence?" --kind consent --closes 5d')
        await say(chat, f"{ANN}/sport: !vote object {reason}")
        await say(chat, f"{BEN}/sport: !vote agree")
        await chat.core.run_due()
        await say(chat, f"{BEN}/sport: !poll close 1 --sure")
        await chat.core.run_due()
        assert "kingfishers" in await chat.core.store.run(lambda tx: every_text(tx, chat))
        await forget(chat, ANN)
        left = await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert "benedict" in left
        assert not (found := re.findall(r".{0,80}kingfishers.{0,80}", left)), found
