"""Polls on Discord, as residents meet them."""

from __future__ import annotations

from tests.on_discord import OnDiscord


async def test_a_first_poll(plein: OnDiscord) -> None:
    town = plein.double.guild("Plein")
    anna, ben = town.member("anna", locale="nl"), town.member("ben", locale="en-GB")
    opened = await anna.uses(
        "sport", "poll open", question="Nieuwe skatebaan?", option="Ja | Nee | Later", closes="2d"
    )
    print(opened.text)
    assert opened.ephemeral
    assert "Je peiling" in opened.text
    board = await plein.board("sport", "Nieuwe skatebaan?")
    assert board.buttons == ["Ja", "Nee", "Later"]
    print(board.text)
    voted = await ben.presses(board, "Nee")
    assert voted.ephemeral
    print(voted.text, voted.buttons)
    await plein.board("sport", "1 ")
    await plein.turn(2 * 86400 + 60)
    import asyncio

    await asyncio.sleep(1)
    print([(m.text, m.buttons, len(m.attachments)) for m in anna.sees("sport")])
    return
