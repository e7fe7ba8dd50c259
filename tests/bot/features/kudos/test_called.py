"""Whom a message that thanks them calls to itself."""

from __future__ import annotations

from tests.doubles.platform import open_town


async def test_who_does_not_talk_in_private_is_called_by_the_message_and_nobody_else(
    database_url: str,
) -> None:
    async with open_town(database_url, board_rest=0) as town:
        await town.joined("sport", theme="sport")
        for name in ("anna", "ben", "cas"):
            await town.say(name, "!help")
        await town.say("cas", "!help", room=None)
        await town.say("anna", '!bedankt ben, cas "voor de soep"')
        await town.core.run_due()
        assert town.platform.pinged == [("sport", "ben")]
        assert [one.where for one in town.platform.shown if "soep" in one.words][-1:] == ["cas"]
