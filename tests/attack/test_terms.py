"""An attack on terms by linking and undoing it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.features.themes.records import TERMS, THEMES, Held, Involvement
from bot.ports.storage import Transaction
from tests.chat import NOW, open_chat
from tests.doubles.linking import ask, key, link, press, resident


@pytest.mark.parametrize("says", [False, True], ids=["control", "attack"])
async def test_nobody_pulls_without_an_end_after_undoing(tmp_path: Path, says: bool) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        ann, benny, room = "ann@discord", "benny@matrix", "discord/sport"
        await chat.say("eve@discord/sport: !help")
        for who in (ann, benny):
            await ask(chat, who, "!theme take part", room=room)
            number = await resident(chat, who)

            def pulls(tx: Transaction, number: int = number) -> None:
                theme = list(tx.of(THEMES).of(number))[0]
                tx.of(THEMES).involve(theme, number, Involvement.PULLS, NOW)
                tx.of(TERMS).begin(theme, number, Held.PULLS, NOW + timedelta(days=365), asked=False)

            await chat.core.store.run(pulls)
        done = await link(chat, ann, benny)
        if says:
            said = await ask(chat, ann, '!theme term "2 years"', room=room)
            assert key(said) == "theme.term.set.pulls"
        assert key(await press(chat, ann, done)) == "link.undone"
        for who in (ann, benny):
            number = await resident(chat, who)

            def ends(tx: Transaction, number: int = number) -> bool:
                theme, how = list(tx.of(THEMES).of(number).items())[0]
                terms = [term for term in tx.of(TERMS).of_theme(theme) if term.who.id == number]
                return how is not Involvement.PULLS or bool(terms)

            assert await chat.core.store.run(ends), f"{who} pulls without an end"
