"""The rules of polls, as arithmetic; and that every ballot is counted once, whatever people do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features import polls
from bot.features.polls import Choices, Poll
from bot.model import Action, Identity, Role, text, typed
from bot.ports import Transaction
from storage.database import Tx
from storage.polls import recount
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town

POLL = Poll(1, 1, 1, "Wat?", ("A", "B", "C"), 1, NOW, NOW + timedelta(days=1), "open", 0)
TWO = replace(POLL, at_most=2)


def key_of(error: pytest.ExceptionInfo[UserError]) -> str:
    return error.value.text.key


# --- rules ---


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("", "poll.question.empty"),
        ("\u200d\u200c", "poll.question.empty"),
        ("x" * 251, "poll.question.long"),
    ],
)
def test_questions_that_cannot_be_asked(question: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        polls.check_question(question)
    assert key_of(error) == key


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ([], "poll.options.few"),
        (["A"], "poll.options.few"),
        (["A"] * 21, "poll.options.many"),
        (["A", "x" * 81], "poll.option.long"),
        (["A", "B", "a"], "poll.options.double"),
        (["Straße", "STRASSE"], "poll.options.double"),
        (["é", "e\u0301"], "poll.options.double"),
        (["A", "A\u200d"], "poll.options.double"),
        (["A", "\u200d"], "typed.unseen"),
    ],
)
def test_options_that_are_none(options: list[str], key: str) -> None:
    with pytest.raises(UserError) as error:
        polls.check_options(options)
    assert key_of(error) == key


def test_what_just_fits() -> None:
    polls.check_question("x" * 250)
    polls.check_options([f"{number:080}" for number in range(20)])
    polls.check_options(["👨‍👩‍👧", "👨‍👩‍👦"])


@pytest.mark.parametrize(
    ("poll", "numbers", "choices"),
    [(POLL, (2,), (2,)), (POLL, (2, 2), (2,)), (TWO, (3, 1), (1, 3)), (TWO, (3, 1, 3), (1, 3))],
)
def test_a_ballot(poll: Poll, numbers: tuple[int, ...], choices: Choices) -> None:
    assert polls.check_choices(poll, numbers) == choices


@pytest.mark.parametrize(
    ("numbers", "key"),
    [
        ((), "poll.vote.nothing"),
        ((0,), "poll.vote.no_option"),
        ((4,), "poll.vote.no_option"),
        ((-1,), "poll.vote.no_option"),
        ((1, 2), "poll.vote.too_many"),
    ],
)
def test_a_ballot_that_cannot_be(numbers: tuple[int, ...], key: str) -> None:
    with pytest.raises(UserError) as error:
        polls.check_choices(POLL, numbers)
    assert key_of(error) == key


@pytest.mark.parametrize(
    ("poll", "before", "option", "on", "after"),
    [
        # One choice: a press chooses, and chooses again; it never takes away.
        (POLL, (), 2, None, (2,)),
        (POLL, (2,), 2, None, (2,)),
        (POLL, (1,), 2, None, (2,)),
        (POLL, (1,), 2, True, (2,)),
        (POLL, (1,), 1, False, ()),
        (POLL, (1,), 2, False, (1,)),
        # Several: a press turns over what stands, unless the platform says which way.
        (TWO, (), 2, None, (2,)),
        (TWO, (2,), 1, None, (1, 2)),
        (TWO, (1, 2), 2, None, (1,)),
        (TWO, (2,), 2, True, (2,)),
        (TWO, (2,), 2, False, ()),
    ],
)
def test_a_press(poll: Poll, before: Choices, option: int, on: bool | None, after: Choices) -> None:
    assert polls.ticked(poll, before, option, on) == after


def test_a_press_too_many() -> None:
    with pytest.raises(UserError) as error:
        polls.ticked(TWO, (1, 2), 3, None)
    assert key_of(error) == "poll.vote.too_many"


@pytest.mark.parametrize(
    ("tally", "first"),
    [([0, 0, 0], ()), ([1, 0, 0], (1,)), ([2, 3, 3], (2, 3)), ([4, 4, 4], (1, 2, 3)), ([0, 9, 8], (2,))],
)
def test_leaders(tally: list[int], first: Choices) -> None:
    assert polls.leaders(tally) == first


def test_the_result() -> None:
    assert polls.result(POLL, [0, 0, 0]) == text("poll.result.none")
    assert polls.result(POLL, [1, 2, 0]) == text("poll.result.one", option="B", count=2)
    tie = text("poll.result.tie", options=(typed("A"), typed("C")), count=2)
    assert polls.result(POLL, [2, 1, 2]) == tie


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_bars_are_in_proportion(tally: list[int]) -> None:
    bars = [polls.bar(votes, max(tally)) for votes in tally]
    assert {len(bar) for bar in bars} == {10}
    lengths = [bar.count("█") for bar in bars]
    assert [length for _, length in sorted(zip(tally, lengths, strict=True))] == sorted(lengths)
    assert max(lengths) == (10 if any(tally) else 0)


def test_votes_until_its_time() -> None:
    assert POLL.takes_votes(POLL.closes_at - timedelta(microseconds=1))
    assert not POLL.takes_votes(POLL.closes_at)
    assert not replace(POLL, state="closed").takes_votes(NOW)
    assert not replace(POLL, state="cancelled").takes_votes(NOW)


# --- each counted once ---

# Who does what: vote for these, press that, or withdraw.
DOES = st.tuples(
    st.sampled_from(["ben", "cas", "dora"]),
    st.one_of(
        st.tuples(st.just("vote"), st.lists(st.integers(0, 4), max_size=4).map(tuple)),
        st.tuples(st.just("press"), st.tuples(st.integers(1, 3), st.sampled_from([None, True, False]))),
        st.tuples(st.just("withdraw"), st.just(())),
    ),
)


def filled_in(poll: int, what: str, how: tuple[int | bool | None, ...]) -> Action:
    if what == "vote":
        return Action(text("typed"), "poll vote", {"poll": poll, "numbers": how})
    if what == "press":
        args = {"poll": poll, "option": how[0], "on": how[1]}
        return Action(text("typed"), "poll tick", args)
    return Action(text("typed"), "poll withdraw", {"poll": poll})


def expected(at_most: int, before: Choices, what: str, how: tuple[int | bool | None, ...]) -> Choices:
    """The ballot that should stand after it, said once more and more plainly than the code does."""
    if what == "withdraw":
        return ()
    if what == "vote":
        numbers = {int(number) for number in how if number is not None}
        fits = numbers <= {1, 2, 3} and len(numbers) <= at_most
        return tuple(sorted(numbers)) if fits else before
    option, on = how
    assert option is not None
    standing = set(before)
    if on is False or (on is None and at_most > 1 and option in standing):
        return tuple(sorted(standing - {int(option)}))
    new = {int(option)} if at_most == 1 else standing | {int(option)}
    return tuple(sorted(new)) if len(new) <= at_most else before


async def _play(
    town: Town, at_most: int, deeds: list[tuple[str, tuple[str, tuple[int | bool | None, ...]]]]
) -> None:
    opened = await town.core.handle(town.asked("anna", f'!poll open "Wat?" A | B | C --choices {at_most}'))
    assert opened
    poll = int(opened.lines[0].values["poll"])
    stands: dict[str, Choices] = {}
    asked = []
    for name, (what, how) in deeds:
        stands[name] = expected(at_most, stands.get(name, ()), what, how)
        asked.append(town.asked(name, action=filled_in(poll, what, how)))
    # All at once, and every second one twice: one queue, one order, each once.
    await asyncio.gather(*(town.core.handle(one) for one in (*asked, *asked[::2])))

    def check(tx: Transaction) -> None:
        found = tx.polls.get(poll, 0)
        assert found
        people, votes = recount(cast(Tx, tx).db, poll)
        tally = list(tx.polls.tally(poll))
        assert tally == [votes.get(option, 0) for option in (1, 2, 3)]
        assert tally == [sum(option in ballot for ballot in stands.values()) for option in (1, 2, 3)]
        assert found[0].voters == people == sum(1 for ballot in stands.values() if ballot)

    await town.core.store.run(check)


@settings(max_examples=60, deadline=None)
@given(at_most=st.integers(1, 3), deeds=st.lists(DOES, max_size=12))
def test_whatever_people_do_each_is_counted_once(
    at_most: int, deeds: list[tuple[str, tuple[str, tuple[int | bool | None, ...]]]]
) -> None:
    async def play() -> None:
        async with open_town("sqlite:///:memory:") as town:
            await town.joined("sport")
            await _play(town, at_most, deeds)

    asyncio.run(play())


async def test_on_either_database_too(database_url: str) -> None:
    deeds: list[tuple[str, tuple[str, tuple[int | bool | None, ...]]]] = [
        ("ben", ("vote", (1, 2))),
        ("cas", ("press", (2, None))),
        ("ben", ("press", (2, None))),
        ("dora", ("vote", (3,))),
        ("dora", ("withdraw", ())),
        ("cas", ("vote", (1, 4))),
        ("ben", ("press", (1, False))),
        ("cas", ("press", (3, True))),
    ] * 5
    async with open_town(database_url) as town:
        await town.joined("sport")
        for at_most in (1, 2, 3):
            await _play(town, at_most, deeds)


async def test_one_person_with_two_accounts_has_one_ballot(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        accounts = [Identity(PLATFORM, "ben"), Identity("elsewhere", "ben")]
        await town.core.store.run(lambda tx: tx.people.link("Ben", accounts, Role.RESIDENT))
        await town.say("anna", '!poll open "Wat?" A | B')
        first = town.asked("ben", "!vote 1")
        second = replace(town.asked("ben", "!vote 2"), author=accounts[1])
        await asyncio.gather(*map(town.core.handle, (first, second)))
        assert await town.core.store.run(lambda tx: list(tx.polls.tally(1))) == [0, 1]


async def test_two_who_turn_out_to_be_one_count_once(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        accounts = [Identity(PLATFORM, "ben"), Identity("elsewhere", "ben")]
        await town.say("anna", '!poll open "Open?" A | B')
        await town.say("anna", '!poll open "Closed?" A | B')
        for poll in (1, 2):
            await town.core.handle(town.asked("ben", f"!vote 1 --poll {poll}"))
            later = replace(town.asked("ben", f"!vote 2 --poll {poll}"), author=accounts[1])
            await town.core.handle(later)
        await town.say("anna", "!poll close 2 --sure")

        def link(tx: Transaction) -> None:
            person, others = tx.people.link("Ben", accounts, Role.RESIDENT)
            for other in others:
                polls.merge_residents(tx, other, person)

        await town.core.store.run(link)
        await town.core.store.run(link)  # at every start
        # What was announced stays as it was announced.
        assert await town.core.store.run(lambda tx: list(tx.polls.tally(2))) == [1, 1]
        assert await town.core.store.run(lambda tx: list(tx.polls.tally(1))) == [0, 1]
        await town.core.handle(replace(town.asked("ben", "!poll withdraw 1"), author=accounts[1]))
        assert await town.core.store.run(lambda tx: list(tx.polls.tally(1))) == [0, 0]
