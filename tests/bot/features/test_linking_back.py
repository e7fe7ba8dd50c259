"""What somebody has back once linking is undone, whatever the other one did meanwhile."""

from __future__ import annotations

import pytest

from bot.clock import HandClock
from bot.features.residents.records import PROFILES
from tests.bot.features.test_forgetting import every_text, forget
from tests.chat import NOW, open_chat
from tests.doubles.linking import ask, kept, key, link, press, say

ANN, BEN, OLIVE = "annelies@discord", "benedict@matrix", "olive@signal"


@pytest.mark.parametrize("elder", [ANN, BEN])
@pytest.mark.parametrize("meanwhile", ["nothing", "--show", "--clear"])
async def test_who_undoes_it_keeps_to_themselves_what_they_did(
    database_url: str, meanwhile: str, elder: str
) -> None:
    """Ben knows something, which nobody else may know. He said yes to Ann, who was not who he thought."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (ANN, BEN) if elder == ANN else (BEN, ANN):
            await say(chat, f"{who}/sport: !help")
        await ask(chat, BEN, "!me expertise kingfishers")
        before = (await kept(chat, BEN))["profile_entries"]
        assert [(row["words"], row["shown"]) for row in before] == [("kingfishers", False)]
        done = await link(chat, ANN, BEN)
        if meanwhile.startswith("--"):
            await ask(chat, ANN, f"!me expertise {meanwhile}")
        assert key(await press(chat, BEN, done)) == "link.undone"
        after = (await kept(chat, BEN))["profile_entries"]
        assert [(row["words"], row["shown"]) for row in after] == [("kingfishers", False)]
        assert "kingfishers" not in await say(chat, f"{ANN}/sport: !who is benedict")


@pytest.mark.parametrize("cleared", [False, True])
async def test_what_somebody_said_of_themselves_is_forgotten_though_others_could_undo_what_linked_them(
    database_url: str, cleared: bool
) -> None:
    """Ben joined Ann, and both joined Olive; he undoes it, and is forgotten: his words are nowhere."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who, word in ((OLIVE, "owls"), (ANN, "newts"), (BEN, "kingfishers")):
            await say(chat, f"{who}/sport: !help")
            await ask(chat, who, f"!me expertise {word}")
        ben_joined = await link(chat, ANN, BEN)
        ann_joined = await link(chat, OLIVE, ANN)
        if cleared:
            await ask(chat, OLIVE, "!me expertise --clear")
        assert key(await press(chat, BEN, ben_joined)) == "link.undone"
        assert [row["words"] for row in (await kept(chat, BEN))["profile_entries"]] == ["kingfishers"]
        await forget(chat, BEN)
        assert "kingfishers" not in await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert key(await press(chat, ANN, ann_joined)) == "link.undone"
        for who, word in ((OLIVE, "owls"), (ANN, "newts")):
            assert [row["words"] for row in (await kept(chat, who))["profile_entries"]] == [word]


async def test_an_association_that_is_none_any_more_is_not_back(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (OLIVE, ANN, BEN):
            await say(chat, f"{who}/sport: !help")
        await chat.core.store.run(lambda tx: tx.of(PROFILES).name_association("Natuurpunt"))
        await ask(chat, BEN, "!me for Natuurpunt", room="discord/sport")
        assert len((await kept(chat, BEN))["profile_entries"]) == 1
        done = await link(chat, ANN, BEN)
        await chat.core.store.run(lambda tx: tx.of(PROFILES).retire_association("Natuurpunt"))
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert (await kept(chat, BEN))["profile_entries"] == []
