"""The wall over several themes: the last first, page by page, and each once."""

from __future__ import annotations

from datetime import timedelta

from tests.doubles.platform import open_town


async def test_what_was_thanked_for_in_several_themes_stands_in_one_order(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.joined("raad", theme="raad")
        for name in ("ben", "cas", "mia"):
            await town.say(name, "!help")
            await town.say(name, "!help", room="raad")
            await town.say(name, "!bedankje instellingen muur aan", room=None)
        for number in range(12):
            room = ("sport", "raad")[number % 2]
            assert "staat in" in await town.say("anna", f'!bedankt ben, cas "voor taart {number}"', room=room)
            town.clock.turn_to(town.clock.now() + timedelta(days=8))
        told = await town.say("mia", "!bedankje muur", room=None)
        assert [line.split("taart ")[1] for line in told.splitlines()[1:]] == [
            f"{number}”" for number in range(11, 1, -1)
        ]
        told = await town.say("mia", "!bedankje muur --maand 2026-12", room=None)
        assert [line.split("taart ")[1] for line in told.splitlines()[1:]] == ["3”", "2”", "1”", "0”"]
        assert "taart 2" not in await town.say("mia", "!bedankje muur --thema raad --ouder 5", room=None)
        assert "taart 3" in await town.say("mia", "!bedankje van cas --ouder 5", room=None)
