"""The words of whoever is forgotten go from what others were answered, and from what linking put together."""

from __future__ import annotations

import re

import pytest

from bot.clock import HandClock
from tests.bot.features.test_forgetting import every_text, forget
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import ask, kept, key, link, press, say

ANN, BEN, DORA = "annelies@discord", "benedict@matrix", "dora@matrix"


async def left_of(chat: Chat, word: str) -> list[str]:
    left = await chat.core.store.run(lambda tx: every_text(tx, chat))
    assert "benedict" in left
    return re.findall(rf".{{0,160}}{word}.{{0,60}}", left)


async def asked(chat: Chat) -> None:
    await say(chat, f'{BEN}/sport: !poll open "A fence?" --kind consent --closes 5d')


@pytest.mark.parametrize("then", ["stands", "agree", "abstain", "withdrawn", "other reason"])
async def test_a_reason_that_was_changed_since_somebody_read_it(database_url: str, then: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await asked(chat)
        await say(chat, f"{ANN}/sport: !vote object kingfishers")
        await chat.core.run_due()
        assert "kingfishers" in await say(chat, f"{BEN}/sport: !poll show 1")
        if then == "withdrawn":
            await say(chat, f"{ANN}/sport: !poll withdraw")
        elif then == "other reason":
            await say(chat, f"{ANN}/sport: !vote object herons")
        elif then != "stands":
            await say(chat, f"{ANN}/sport: !vote {then}")
        await chat.core.run_due()
        if then != "stands":
            assert not await left_of(chat, "kingfishers"), "it is said no more"
        await forget(chat, ANN)
        await chat.core.run_due()
        assert not await left_of(chat, "(?:kingfishers|herons)")


async def test_a_reason_that_linking_let_go(database_url: str) -> None:
    """Dora agreed after Ann objected, and they turn out to be one person: who agrees, for no reason."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await asked(chat)
        await say(chat, f"{ANN}/sport: !vote object kingfishers")
        clock = chat.core.clock
        assert isinstance(clock, HandClock)
        clock.turn_to(clock.now().replace(minute=clock.now().minute + 1))
        await say(chat, f"{DORA}/sport: !vote agree")
        await chat.core.run_due()
        assert "kingfishers" in await say(chat, f"{BEN}/sport: !poll show 1")
        await link(chat, ANN, DORA)
        await chat.core.run_due()
        assert not await left_of(chat, "kingfishers")


@pytest.mark.parametrize("reason", ["kingfishers and herons", "kingfishers / herons"])
@pytest.mark.parametrize("when", ["open", "closed"])
async def test_a_reason_that_looks_like_two_of_who_was_linked(
    database_url: str, reason: str, when: str
) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await asked(chat)
        await say(chat, f"{ANN}/sport: !vote object {reason}")
        await say(chat, f"{DORA}/sport: !vote object it is ugly")
        await chat.core.run_due()
        assert "kingfishers" in await say(chat, f"{BEN}/sport: !poll show 1")
        if when == "closed":
            await say(chat, f"{BEN}/sport: !poll close 1 --sure")
            await chat.core.run_due()
        await link(chat, ANN, DORA)
        await chat.core.run_due()
        await forget(chat, ANN)
        await chat.core.run_due()
        assert not await left_of(chat, "(?:kingfishers|ugly)")


@pytest.mark.parametrize("how", ["never linked", "undone", "unlinked"])
@pytest.mark.parametrize("when", ["open", "closed", "closed meanwhile"])
async def test_a_reason_of_who_was_linked_for_a_while(database_url: str, how: str, when: str) -> None:
    """It goes with whose it was; the other's stays with theirs."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:

        async def close() -> None:
            await say(chat, f"{BEN}/sport: !poll close 1 --sure")
            await chat.core.run_due()

        await asked(chat)
        await say(chat, f"{ANN}/sport: !vote object it is ugly")
        await say(chat, f"{DORA}/sport: !vote object kingfishers")
        await chat.core.run_due()
        if when == "closed":
            await close()
        if how != "never linked":
            done = await link(chat, ANN, DORA)
            if when == "closed meanwhile":
                await close()
            if how == "undone":
                assert key(await press(chat, DORA, done)) == "link.undone"
            else:
                assert key(await ask(chat, DORA, "!me unlink --sure")) == "unlink.done"
            await chat.core.run_due()
        await forget(chat, DORA)
        await chat.core.run_due()
        assert not await left_of(chat, "(?:kingfishers|dora)")
        # What Dora voted in what was closed stays with whom she left, without her words.
        reasons = [row["reason"] for row in (await kept(chat, ANN))["ballots"]]
        assert [*filter(None, reasons)] == ["it is ugly"]
        assert "it is ugly" in await say(chat, f"{BEN}/sport: !poll show 1")


async def test_an_outcome_that_another_took_the_place_of(database_url: str) -> None:
    """The one that holds is the poll's, and stays; nobody is named with it."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await say(chat, f"{BEN}/sport: !help")
        await say(chat, f'{ANN}/sport: !poll open "A fence?" Yes | No --closes 5d')
        await say(chat, f"{ANN}/sport: !poll close 1 --sure")
        for outcome in ("kingfishers come first", "herons do"):
            assert "is posted" in await say(chat, f"{ANN}/sport: !poll outcome {outcome} --poll 1")
            await chat.core.run_due()
            assert outcome in await say(chat, f"{BEN}/sport: !poll show 1")
        await chat.core.run_due()
        assert not await left_of(chat, "kingfishers")
        await forget(chat, ANN)
        await chat.core.run_due()
        assert await left_of(chat, "herons")
        assert not await left_of(chat, "(?:kingfishers|annelies)")


async def test_reasons_of_both_accounts_of_who_left_together(database_url: str) -> None:
    """Dora and Olive are one person, who was one with Ann for a while: her ballot has why all of them did."""
    olive = "olive@signal"
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await asked(chat)
        for who, reason in ((ANN, "it is ugly"), (DORA, "kingfishers"), (olive, "herons")):
            await say(chat, f"{who}/sport: !vote object {reason}")
        await link(chat, DORA, olive)
        done = await link(chat, ANN, DORA)
        assert key(await press(chat, DORA, done)) == "link.undone"
        assert [row["reason"] for row in (await kept(chat, ANN))["ballots"]] == [
            "it is ugly / kingfishers / herons"
        ]
        await forget(chat, DORA)
        await chat.core.run_due()
        assert not await left_of(chat, "(?:kingfishers|herons)")
        assert [row["reason"] for row in (await kept(chat, ANN))["ballots"]] == ["it is ugly"]
