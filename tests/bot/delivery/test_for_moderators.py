"""What waits for whoever moderates the community is said to nobody who does not any more."""

from __future__ import annotations

from datetime import timedelta

from bot.errors import TryLater
from tests.doubles.platform import open_town


async def test_whose_line_was_taken_out_of_the_configuration_does_not_hear_it(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia", "lena")) as town:
        await town.joined("sport")
        for name in ("anna", "ben", "mia", "lena"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(timedelta(days=8))
        town.platform.trouble["lena"] = [TryLater(5)] * 500
        asked = await town.core.handle(town.asked("anna", '!bedankt "oma" "voor de geheime taart"'))
        assert asked
        await town.core.handle(town.asked("anna", button=asked.buttons[-1]))
        await town.say("ben", "!bedankje claim 1", room=None)
        await town.core.run_due()
        before = town
    async with open_town(database_url, moderators=("mia",), before=before) as town:
        town.platform.trouble.clear()
        for room in ("sport", None):
            await town.say("lena", "!help", room=room)
        for _ in range(3):
            town.clock.turn(timedelta(minutes=10))
            await town.core.run_due()
        assert any("taart" in said for said in town.platform.where("mia"))
        assert not any("taart" in said for said in town.platform.where("lena"))
