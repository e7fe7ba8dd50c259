"""An attack on what is handed out of what still waits to be said."""

from __future__ import annotations

import pytest

from bot.errors import NotNow
from bot.exported import SUBJECT
from bot.model.message import Attachment, text
from bot.model.people import Identity, Place
from bot.texts import Voice
from tests.bot.features.themes.test_digest import MONDAY, at
from tests.bot.features.themes.test_digest import town as town
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]


@pytest.mark.parametrize("waits", [False, True], ids=["control", "attack"])
async def test_what_waits_is_not_handed_to_who_left_its_theme(town: Town, waits: bool) -> None:
    await town.say("anna", "!thema volg sport")
    await town.say("mia", '!peiling open "Geheim in sport?" Ja | Nee')
    if waits:
        town.platform.trouble["anna"] = [NotNow("busy")] * 99
        await at(town, MONDAY)
    del town.platform.present["anna", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["anna"])
    if not waits:
        await at(town, MONDAY)
    anna = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "anna")))
    assert anna
    asked = Attachment(f"{SUBJECT}:{anna.id}:{PLATFORM}:anna", "json", text("me.data"))
    made = (await town.core.file(asked, Voice("nl", BRUSSELS, NOW), Identity(PLATFORM, "anna"))).decode()
    assert "Geheim in sport?" not in made
