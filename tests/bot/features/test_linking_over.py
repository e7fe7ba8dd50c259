"""What was over before two were linked stays as it was, and each has theirs once they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import HandClock
from bot.features.meetings.records import MEETINGS, Way
from bot.features.polls.records import POLLS
from bot.features.themes.records import OPENINGS
from bot.features.themes.settings import NewThemesSettings
from bot.model.homes import Home
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, kept, key, link, press, say
from tests.doubles.polls import counted

OLIVE, ANN, BEN, EVE = "olive@signal", "annelies@discord", "benedict@matrix", "eve@discord"
ROOM = "discord/sport"


async def here(chat: Chat, *who: str) -> None:
    for each in who:
        await say(chat, f"{each}/sport: !help")


async def vote(chat: Chat, who: str, answer: str, poll: int = 1) -> None:
    said = await ask(chat, who, command="poll vote", answer=answer, poll=poll, room=ROOM)
    assert key(said).startswith("poll.receipt"), said


async def open_poll(chat: Chat, question: str = '"A fence?" Yes | No | Both --kind approval') -> None:
    said = await ask(chat, EVE, f"!poll open {question}", room=ROOM)
    assert key(said).startswith("poll.opened"), said


async def close_poll(chat: Chat, poll: int = 1) -> None:
    await say(chat, f"{EVE}/sport: !poll close {poll} --sure")


async def ballots(chat: Chat, who: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (await kept(chat, who))["ballots"]
    return found


async def chosen(chat: Chat, *people: str) -> list[list[list[int]]]:
    """What each has in all that was asked."""
    return [sorted(row["choices"] for row in await ballots(chat, who)) for who in people]


@pytest.mark.parametrize("elder", [ANN, BEN])
@pytest.mark.parametrize("leaves", [ANN, BEN])
async def test_each_has_their_own_ballot_in_what_was_closed(
    database_url: str, elder: str, leaves: str
) -> None:
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        await here(chat, EVE, *((ANN, BEN) if elder == ANN else (BEN, ANN)))
        await open_poll(chat)
        await vote(chat, ANN, "1")
        clock.turn_to(NOW + timedelta(minutes=1))
        await vote(chat, BEN, "2 3")
        await close_poll(chat)
        before = [await ballots(chat, who) for who in (ANN, BEN)]
        figures = await chat.core.store.run(lambda tx: counted(tx, 1))
        done = await link(chat, ANN, BEN)
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == figures
        assert await chosen(chat, ANN) == [[[1], [2, 3]]]
        # What they have in it is what they said last.
        listed = await say(chat, f"{ANN}: !poll mine")
        assert listed.count("A fence?") == 1
        assert "No and Both" in listed
        assert key(await press(chat, leaves, done)) == "link.undone"
        assert [await ballots(chat, who) for who in (ANN, BEN)] == before
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == figures


async def test_whoever_objected_has_their_own_reason_in_what_was_closed(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, EVE, ANN, BEN)
        await open_poll(chat, '"A grey wall?" --kind consent')
        await vote(chat, ANN, "object it is too high")
        await vote(chat, BEN, "object it is ugly")
        await close_poll(chat)
        before = [await ballots(chat, who) for who in (ANN, BEN)]
        assert [[row["reason"] for row in rows] for rows in before] == [["it is too high"], ["it is ugly"]]

        def said(tx: Transaction) -> Sequence[str]:
            found = tx.of(POLLS).get(1, 0)
            assert found
            return tx.of(POLLS).reasons(found[0])

        done = await link(chat, ANN, BEN)
        assert await chat.core.store.run(said) == ["it is too high", "it is ugly"]
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert [await ballots(chat, who) for who in (ANN, BEN)] == before
        await chat.core.forget(await number(chat, BEN))
        assert await chat.core.store.run(said) == ["it is too high"]


async def number(chat: Chat, who: str) -> int:
    found = await chat.core.store.run(lambda tx: tx.people.by_identity(account(who)))
    assert found
    return found.id


@pytest.mark.parametrize("first", ["ben", "ann"])
@pytest.mark.parametrize("voted", [(OLIVE, ANN, BEN), (OLIVE, BEN), (ANN, BEN), (BEN,)], ids=len)
async def test_each_of_three_has_their_own_whoever_parts_first(
    database_url: str, voted: Sequence[str], first: str
) -> None:
    """Ben joined Ann, and both joined Olive, who was here before."""
    answers = {OLIVE: "1", ANN: "2", BEN: "3"}
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, EVE, OLIVE, ANN, BEN)
        await open_poll(chat)
        for who in voted:
            await vote(chat, who, answers[who])
        await close_poll(chat)
        before = await chosen(chat, OLIVE, ANN, BEN)
        ben_joined = await link(chat, ANN, BEN)
        ann_joined = await link(chat, OLIVE, ANN)
        assert await chosen(chat, OLIVE) == [sorted([int(answers[who])] for who in voted)]
        both = [(BEN, ben_joined), (ANN, ann_joined)]
        for who, done in both if first == "ben" else both[::-1]:
            assert key(await press(chat, who, done)) == "link.undone"
        assert await chosen(chat, OLIVE, ANN, BEN) == before


@pytest.mark.parametrize("closed", ["before they part", "after"])
async def test_who_brought_the_only_ballot_has_it_back_once_that_is_closed(
    database_url: str, closed: str
) -> None:
    """Ben voted, and Ann changed it as one with him: there is one ballot, whoever casts it."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, EVE, ANN, BEN)
        await open_poll(chat)
        await vote(chat, BEN, "1")
        done = await link(chat, ANN, BEN)
        await vote(chat, ANN, "2")
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 1, 0])
        if closed == "before they part":
            await close_poll(chat)
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert await chosen(chat, ANN, BEN) == ([[], [[2]]] if closed.startswith("before") else [[[2]], []])
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 1, 0])


@pytest.mark.parametrize("last", [ANN, BEN])
async def test_of_two_ballots_in_what_was_open_the_last_stays_with_who_was_here_first(
    database_url: str, last: str
) -> None:
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        await here(chat, EVE, ANN, BEN)
        await open_poll(chat)
        for number, who in enumerate((BEN, ANN) if last == ANN else (ANN, BEN), 1):
            clock.turn_to(NOW + timedelta(minutes=number))
            await vote(chat, who, str(number))
        done = await link(chat, ANN, BEN)
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 1, 0])
        await close_poll(chat)
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert await chosen(chat, ANN, BEN) == [[[2]], []]


async def test_who_takes_a_ballot_back_that_another_brought_has_one_after_that(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, EVE, ANN, BEN)
        await open_poll(chat)
        await vote(chat, BEN, "1")
        await link(chat, ANN, BEN)
        for _ in range(2):
            await ask(chat, ANN, "!poll withdraw 1", room=ROOM)
            assert await chat.core.store.run(lambda tx: counted(tx, 1)) == (0, [0, 0, 0])
            for who, answer in ((BEN, "2"), (ANN, "3")):
                await vote(chat, who, answer)
        assert await chat.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 0, 1])
        assert await chosen(chat, ANN) == [[[3]]]


async def test_nothing_of_what_was_closed_is_lost_to_who_stays(database_url: str) -> None:
    """Who unlinks begins with nothing; all that either had stays with the other."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, EVE, ANN, BEN)
        await open_poll(chat)
        await vote(chat, ANN, "1")
        await vote(chat, BEN, "2")
        await close_poll(chat)
        await link(chat, ANN, BEN)
        assert key(await ask(chat, BEN, "!me unlink --sure")) == "unlink.done"
        assert await chosen(chat, ANN, BEN) == [[[1], [2]], []]
        # Linked anew they are who they were.
        await link(chat, ANN, BEN)
        assert await chosen(chat, ANN) == [[[1], [2]]]


# --- meetings, and proposals ---


async def test_each_has_their_own_answer_to_what_was_held(database_url: str) -> None:
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        await here(chat, EVE, ANN, BEN)
        await chat.core.store.run(lambda tx: tx.people.grant(account(EVE), Role.ORGANISER))
        for called, begins in (("Sports council", "tomorrow 8pm"), ("Evening", "9 December 8pm")):
            typed = f'!meeting plan "{called}" "{begins}" --place Hall --link https://x.example --sure'
            said = await ask(chat, EVE, typed, room=ROOM)
            assert key(said) == "meeting.planned", said
        for meeting in (1, 2):
            for who, way in ((ANN, "in person --with 2"), (BEN, "online")):
                said = await ask(chat, who, f"!come {way} --meeting {meeting} --show", room=ROOM)
                assert key(said).startswith("meeting.receipt.you"), said
        for days in (2, 6):
            # It was held, and how it was is counted.
            clock.turn_to(NOW + timedelta(days=days))
            await chat.core.run_due()

        async def given(*people: str) -> list[list[tuple[int, str]]]:
            rows = [(await kept(chat, who))["answers"] for who in people]
            return [sorted((row["meeting"], row["way"]) for row in answers) for answers in rows]

        async def came(meeting: int) -> tuple[int, int, int]:
            found = await chat.core.store.run(lambda tx: tx.of(MEETINGS).figures(meeting))
            return found.taken(Way.ON_SITE), found.taken(Way.ONLINE), found.coming

        before = await given(ANN, BEN)
        assert before == [[(1, "on-site"), (2, "on-site")], [(1, "online"), (2, "online")]]
        figures = await came(1)
        done = await link(chat, ANN, BEN)
        assert await came(1) == figures
        # In what is to come they have one, the later.
        assert await given(ANN) == [[(1, "on-site"), (1, "online"), (2, "online")]]
        assert (await chat.core.store.run(lambda tx: len(tx.of(MEETINGS).shown(1, 9)))) == 1
        assert key(await press(chat, BEN, done)) == "link.undone"
        assert [rows[0] for rows in await given(ANN, BEN)] == [(1, "on-site"), (1, "online")]
        assert await came(1) == figures


@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
async def test_each_supports_what_was_proposed_and_ended(database_url: str, ended: bool) -> None:
    def begin(tx: Transaction) -> None:
        tx.people.grant(account(EVE), Role.MODERATOR)
        who = tx.people.by_identity(account(EVE))
        assert who
        home = Home("console", "console.home", "corner", "Corner")
        tx.communities.change("home.console", home.kept(), who.id, NOW)

    settings = NewThemesSettings(supporters=9)
    async with open_chat(database_url, language="en", clock=HandClock(NOW), new_themes=settings) as chat:
        await here(chat, EVE, OLIVE, ANN, BEN)
        await chat.core.store.run(begin)
        said = await ask(chat, OLIVE, '!theme propose "Light" Lamps by the path', room=ROOM)
        assert key(said) == "theme.proposed"
        for who in (ANN, BEN):
            assert key(await ask(chat, who, "!theme support", room=ROOM)) == "theme.supported"
        if ended:
            assert key(await ask(chat, EVE, "!theme withdraw", room=ROOM)) == "theme.withdrawn"
        done = await link(chat, ANN, BEN)
        supporters = await chat.core.store.run(lambda tx: count(tx))
        assert supporters == (2 if ended else 1)
        assert key(await press(chat, BEN, done)) == "link.undone"
        found = [(await kept(chat, who))["supporters"] for who in (ANN, BEN)]
        assert found == [[{"proposal": 1}], [{"proposal": 1}] if ended else []]
        assert await chat.core.store.run(lambda tx: count(tx)) == supporters


def count(tx: Transaction) -> int:
    found = tx.of(OPENINGS).get(1)
    assert found
    return found.supporters
