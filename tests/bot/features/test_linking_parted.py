"""Accounts of a person part: what each of them is, may and keeps from then on."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest

from bot.clock import HandClock
from bot.model.message import Message
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.bot.features.test_forgetting import every_text, forget
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, code_for, key, link, press, resident, say

OLIVE, ANN, BEN = "olive@signal", "annelies@discord", "benedict@matrix"


async def linked(chat: Chat, *, others: bool) -> Message:
    """Ben is one with Ann; and with `others` she was one with Olive for a while, who was here before."""
    for who in (OLIVE, ANN, BEN):
        await say(chat, f"{who}/sport: !help")
    done = await link(chat, ANN, BEN)
    if others:
        more = await link(chat, OLIVE, ANN)
        assert await resident(chat, OLIVE) == await resident(chat, BEN)
        assert key(await press(chat, OLIVE, more)) == "link.undone"
        assert await resident(chat, OLIVE) != await resident(chat, BEN) == await resident(chat, ANN)
    return done


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others"])
async def test_for_a_day_it_can_be_undone_whatever_else_was_linked_and_undone(
    database_url: str, others: bool
) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        done = await linked(chat, others=others)
        assert key(await press(chat, BEN, done)) == "link.undone"


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others"])
async def test_who_is_forgotten_stands_in_nothing_that_somebody_could_undo(
    database_url: str, others: bool
) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await linked(chat, others=others)
        await forget(chat, ANN)
        left = await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert "olive" in left
        assert not re.findall(r".{0,120}(?:annelies|benedict).{0,120}", left)


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others"])
async def test_nobody_is_handed_whom_others_were_linked_with(database_url: str, others: bool) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await linked(chat, others=others)
        theirs = await chat.core.export(await resident(chat, OLIVE))
        assert "benedict" not in repr({name: list(rows) for name, rows in theirs.items()})


@pytest.mark.parametrize("first", ["younger", "elder"])
async def test_either_of_two_that_were_linked_is_undone_in_any_order(database_url: str, first: str) -> None:
    """Ben joined Ann, and both joined Olive: each says within the day that it is undone."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (OLIVE, ANN, BEN):
            await say(chat, f"{who}/sport: !help")
        ben_joined = await link(chat, ANN, BEN)
        ann_joined = await link(chat, OLIVE, ANN)
        if first == "younger":
            assert key(await press(chat, BEN, ben_joined)) == "link.undone"
        assert key(await press(chat, ANN, ann_joined)) == "link.undone"
        assert await resident(chat, OLIVE) != await resident(chat, ANN)
        assert await ask(chat, ANN, "!help")


@pytest.mark.parametrize("who", [OLIVE, ANN, BEN])
async def test_who_left_and_is_forgotten_is_named_in_nothing_that_the_others_could_undo(
    database_url: str, who: str
) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for other in (OLIVE, ANN, BEN):
            await say(chat, f"{other}/sport: !help")
        done = [await link(chat, ANN, BEN), await link(chat, OLIVE, ANN)]
        assert key(await ask(chat, who, "!me unlink --sure")) == "unlink.done"
        await forget(chat, who)
        stay = [other for other in (OLIVE, ANN, BEN) if other != who]
        left = await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert who not in left
        assert await resident(chat, stay[0]) == await resident(chat, stay[1])
        said = [key(await press(chat, stay[0], message)) for message in done]
        assert "link.undone" in said
        assert await resident(chat, stay[0]) != await resident(chat, stay[1])


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


@pytest.mark.parametrize("leaves", [ANN, BEN])
@pytest.mark.parametrize("others", [False, True])
async def test_no_name_passes_to_an_account_within_the_day(
    database_url: str, others: bool, leaves: str
) -> None:
    """Ann chose hers, and each of them is called by it while they are one."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        for who in (ANN, BEN):
            await say(chat, f"{who}/sport: !help")
        await ask(chat, ANN, "!me name Annelies V.")
        await link(chat, ANN, BEN)
        if others:
            await link(chat, BEN, OLIVE)
        assert key(await ask(chat, leaves, "!me unlink --sure")) == "unlink.done"
        assert "Annelies" not in await name_of(chat, BEN)
        assert ("Annelies" in await name_of(chat, ANN)) is (leaves == BEN)


async def name_of(chat: Chat, who: str) -> str:
    found = await chat.core.store.run(lambda tx: tx.people.by_identity(account(who)))
    assert found
    return found.name


@pytest.mark.parametrize("vouched", [False, True])
async def test_a_moderators_word_is_for_whom_it_was_given(database_url: str, vouched: bool) -> None:
    """Mia vouches for Ann. Ben is one with her for a minute: two of his own platform stay two people."""
    mia, other = "mia@signal", "bertil@matrix"
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        for who in (mia, ANN, BEN, other):
            await say(chat, f"{who}/sport: !help")
        await chat.core.store.run(lambda tx: tx.people.grant(account(mia), Role.MODERATOR))
        if vouched:
            args = {"vouch": f"resident:{await resident(chat, ANN)}"}
            assert (
                key(await ask(chat, mia, command="me link", room="discord/sport", **args)) == "link.vouched"
            )
        await link(chat, ANN, BEN)
        assert key(await ask(chat, BEN, "!me unlink --sure")) == "unlink.done"
        code = await code_for(chat, other)
        assert key(await ask(chat, BEN, f"!me link {code}")) == "link.same_platform"


@pytest.mark.parametrize("first", ["nobody", "linked", "linked and undone", "linked and unlinked"])
async def test_no_role_passes_within_a_day_of_the_yes(database_url: str, first: str) -> None:
    """Ben had said yes to another account of his 23 hours before Ann, who moderates, says yes to him."""
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        for who in (BEN, OLIVE, ANN):
            await say(chat, f"{who}/sport: !help")
        await chat.core.store.run(lambda tx: tx.people.grant(account(ANN), Role.MODERATOR))
        if first != "nobody":
            done = await link(chat, BEN, OLIVE)
            if first == "linked and undone":
                clock.turn_to(NOW + timedelta(hours=1))
                assert key(await press(chat, OLIVE, done)) == "link.undone"
            elif first == "linked and unlinked":
                assert key(await ask(chat, OLIVE, "!me unlink --sure")) == "unlink.done"
        clock.turn_to(NOW + timedelta(hours=23))
        await chat.core.run_due()
        await link(chat, BEN, ANN)
        for _ in range(4):
            clock.turn_to(clock.now() + timedelta(minutes=31))
            await chat.core.run_due()
            assert await chat.core.role_of(account(BEN)) is Role.RESIDENT
            assert await chat.core.role_of(account(ANN)) is Role.MODERATOR
        assert await resident(chat, BEN) == await resident(chat, ANN)
