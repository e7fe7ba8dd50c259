"""Which accounts of somebody's could not be told something is kept for as long as these are theirs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.errors import Gone
from tests.bot.features.test_forgetting import every_text
from tests.bot.features.themes.test_rooms import later
from tests.doubles.platform import open_town


@pytest.mark.parametrize("could", ["be told", "not be told"])
@pytest.mark.parametrize("how", ["unlinked", "undone"])
async def test_no_word_to_others_says_where_somebody_could_not_be_told(
    database_url: str, how: str, could: str
) -> None:
    """Ben and Casimir are one; what is to be told Casimir cannot be told him, and is told Ben. They part."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in ("ben", "casimir", "mia"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        await town.say("ben", '!peiling open "Wat?" Ja | Nee')
        brought = await town.linked("ben", "casimir")
        await town.say("casimir", "!help", room=None)
        await town.core.run_due()
        if could == "not be told":
            town.platform.trouble["casimir"] = [Gone("no such user")]
        await town.say("mia", "!peiling sluit 1 --zeker")
        for _ in range(4):
            await later(town, timedelta(minutes=1))
        await town.parted("casimir", brought if how == "undone" else None)
        town.clock.turn(timedelta(minutes=1))
        await town.say("casimir", "!vergeet mij --zeker", room=None)
        for _ in range(4):
            await later(town, timedelta(minutes=1))
        left = await town.core.store.run(lambda tx: every_text(tx))
        assert "'ben'" in left
        assert not re.findall(r".{0,160}casimir.{0,60}", left)
