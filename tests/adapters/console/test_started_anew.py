"""The console on a database that it was on before."""

from __future__ import annotations

from pathlib import Path

from bot.clock import HandClock
from tests.chat import NOW, open_chat

BEFORE = (
    "role mia@discord moderator",
    'mia@discord/sport: !meeting plan "Raad" "over 70 minuten" --plaats Zaal --herinner 1u --zeker',
    "anna@discord/sport: !kom ter plaatse",
    "anna@discord: !herinneringen privé",
)


async def test_who_spoke_in_a_theme_is_in_it_still(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/plein.db", HandClock(NOW)
    async with open_chat(url, clock=clock) as chat:
        for line in BEFORE:
            await chat.say(line)
    async with open_chat(url, clock=clock) as chat:
        said = await chat.say("wait 15m")
    (told,) = [each for each in said if each.where == "discord > anna"]
    assert "“Raad” begint" in told.lines[0]
