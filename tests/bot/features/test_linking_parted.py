"""Accounts of a person part: what each of them is, may and keeps from then on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from bot.clock import HandClock
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.chat import NOW, open_chat
from tests.doubles.linking import account, ask, key, link, press, resident, say

OLIVE, ANN, BEN = "olive@signal", "annelies@discord", "benedict@matrix"


def grant(who: str, tx: Transaction, role: Role = Role.MODERATOR) -> None:
    tx.people.grant(account(who), role)


@pytest.mark.parametrize("how", ["not at all", "linked", "undone"])
async def test_no_role_passes_to_an_account_within_the_day(database_url: str, how: str) -> None:
    """Ann moderates, and said yes to Ben, whose role is none for a day. Ben has another account, of a
    platform of hers, for which Mia vouched when it asked; he alone says yes to all that follows.
    """
    other, mia = "olive@discord", "mia@signal"
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (other, ANN, BEN, mia):
            await say(chat, f"{who}/sport: !help")
        for who in (ANN, mia):
            await chat.core.store.run(partial(grant, who))
        await link(chat, ANN, BEN)
        assert await chat.core.role_of(account(BEN)) is Role.RESIDENT
        if how != "not at all":
            vouched = f"resident:{await resident(chat, other)}"
            said = await ask(chat, mia, command="me link", vouch=vouched, room="discord/sport")
            assert key(said) == "link.vouched"
            more = await link(chat, other, BEN)
            assert await chat.core.role_of(account(BEN)) is Role.RESIDENT
            if how == "undone":
                assert key(await press(chat, BEN, more)) == "link.undone"
        found = [await chat.core.role_of(account(who)) for who in (ANN, BEN, other)]
        assert found == [Role.MODERATOR, Role.RESIDENT, Role.RESIDENT]


async def test_a_day_after_parting_two_that_were_one_before_are_trusted_alike(database_url: str) -> None:
    """What was granted to one of two counts for the other in a day, also where they parted from a third."""
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        for who in (OLIVE, ANN, BEN):
            await say(chat, f"{who}/sport: !help")
        await chat.core.store.run(partial(grant, ANN))
        await link(chat, ANN, BEN)
        more = await link(chat, OLIVE, BEN)
        assert key(await press(chat, BEN, more)) == "link.undone"
        assert [await chat.core.role_of(account(who)) for who in (ANN, BEN)] == [
            Role.MODERATOR,
            Role.RESIDENT,
        ]
        clock.turn_to(clock.now() + timedelta(days=1))
        await chat.core.run_due()
        found = [await chat.core.role_of(account(who)) for who in (OLIVE, ANN, BEN)]
        assert found == [Role.RESIDENT, Role.MODERATOR, Role.MODERATOR]


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("moderates", [ANN, BEN])
async def test_a_role_that_was_taken_away_is_not_back_by_undoing(
    moderates: str, trusted: bool, database_url: str
) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (ANN, BEN):
            await say(chat, f"{who}/sport: !help")
        await chat.core.store.run(partial(grant, moderates))
        done = await link(chat, ANN, BEN)
        if trusted:
            person = await resident(chat, ANN)
            await chat.core.store.run(lambda tx: chat.core.features.trust(tx, person))
        await chat.core.store.run(partial(grant, moderates, role=Role.RESIDENT))
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert [await chat.core.role_of(account(who)) for who in (ANN, BEN)] == [Role.RESIDENT] * 2
