"""What waits to be said when an account leaves goes to whoever asked for it, wherever it was to be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import TryLater
from tests.doubles.platform import Town, open_town

TEN = timedelta(minutes=10)


@pytest.mark.parametrize("undone", [True, False])
async def test_nobody_is_told_what_another_asked_for(database_url: str, undone: bool) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        for name in ("anna", "bea"):
            await town.say(name, "!help", room=None)
            await town.say(name, "!help")
        brought = await town.linked("anna", "bea")
        for name in ("anna", "bea"):
            await town.say(name, f'!herinner mij "over 10 minuten" "van {name}"', room=None)
        # Both are to be said to bea, where they spoke last.
        await town.say("bea", "!help", room=None)
        town.platform.trouble["bea"] = [TryLater(600, unsent=True)] * 2
        await _later(town)
        await town.parted("bea", brought if undone else None)
        town.platform.trouble.clear()
        for _ in range(6):
            await _later(town)
        await town.say("anna", "!help", room=None)
        await town.say("bea", "!help", room=None)
        await _later(town)
        said = {name: "\n".join(town.platform.where(name)) for name in ("anna", "bea")}
        assert ("van anna" in said["anna"], "van bea" in said["anna"]) == (True, False)
        assert ("van bea" in said["bea"], "van anna" in said["bea"]) == (True, False)


async def _later(town: Town) -> None:
    town.clock.turn(TEN)
    await town.core.run_due()
    await town.core.outbox.worker.flush()
