"""Every ballot is counted once, whatever people do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features import polls
from bot.features.polls.records import POLLS, Choices, Kind
from bot.model.message import Button, text
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import counted, tally

# Who does what: vote for these, press that, or withdraw.
DOES = st.tuples(
    st.sampled_from(["ben", "cas", "dora"]),
    st.one_of(
        st.tuples(st.just("vote"), st.lists(st.integers(0, 4), max_size=4).map(tuple)),
        st.tuples(st.just("press"), st.tuples(st.integers(1, 3), st.sampled_from([None, True, False]))),
        st.tuples(st.just("withdraw"), st.just(())),
    ),
)


def filled_in(poll: int, what: str, how: tuple[int | bool | None, ...]) -> Button:
    if what == "vote":
        return Button(text("typed"), "poll choose", {"poll": poll, "numbers": how})
    if what == "press":
        args = {"poll": poll, "option": how[0], "on": how[1]}
        return Button(text("typed"), "poll tick", args)
    return Button(text("typed"), "poll withdraw", {"poll": poll})


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
        asked.append(town.asked(name, button=filled_in(poll, what, how)))
    # All at once, and every second one twice: one queue, one order, each once.
    await asyncio.gather(*(town.core.handle(invocation) for invocation in (*asked, *asked[::2])))

    def check(tx: Transaction) -> None:
        people, votes = counted(tx, poll)
        assert votes == [sum(option in ballot for ballot in stands.values()) for option in (1, 2, 3)]
        assert people == sum(1 for ballot in stands.values() if ballot)

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
        await town.core.store.run(lambda tx: tx.people.link(accounts, "Ben", Role.RESIDENT))
        await town.say("anna", '!poll open "Wat?" A | B')
        first = town.asked("ben", "!vote 1")
        second = replace(town.asked("ben", "!vote 2"), author=accounts[1])
        await asyncio.gather(*map(town.core.handle, (first, second)))
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1]


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
            person, others = tx.people.link(accounts, "Ben", Role.RESIDENT)
            for other in others:
                polls.merge_residents(tx, other, person)

        await town.core.store.run(link)
        await town.core.store.run(link)  # at every start
        # What was announced stays as it was announced.
        assert await town.core.store.run(lambda tx: tally(tx, 2)) == [1, 1]
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1]
        await town.core.handle(replace(town.asked("ben", "!poll withdraw 1"), author=accounts[1]))
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 0]


@pytest.mark.parametrize(
    ("how", "votes", "expected"),
    [
        ("A | B --kind score", ("5 0", "1 4"), [1, 4]),
        ("A | B --kind ranked", ("1 2", "2 1"), [0, 1]),
        ("--kind consent", ("agree", "object it is too far"), [0, 0, 1]),
        ("A | B --anonymous", ("1", "2"), [0, 1]),
        ("--kind consent --anonymous", ("agree", "object it is too far"), [0, 0, 1]),
    ],
)
async def test_of_two_ballots_of_one_person_the_later_counts(
    database_url: str, how: str, votes: tuple[str, str], expected: list[int]
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        accounts = [Identity(PLATFORM, "ben"), Identity("elsewhere", "ben")]
        await town.say("anna", f'!poll open "Wat?" {how}')
        for number, (account, words) in enumerate(zip(accounts, votes, strict=True)):
            town.clock.turn(timedelta(minutes=number))
            voting = replace(town.asked("ben", f"!vote {words} --poll 1"), author=account)
            await town.core.handle(voting)

        def link(tx: Transaction) -> None:
            person, others = tx.people.link(accounts, "Ben", Role.RESIDENT)
            for other in others:
                polls.merge_residents(tx, other, person)

        await town.core.store.run(link)
        await town.say("anna", "!poll close 1 --sure")

        def check(tx: Transaction) -> None:
            found = tx.of(POLLS).get(1, 0)
            assert found
            assert found[0].voters == 1
            assert tally(tx, 1) == expected
            objects = found[0].kind is Kind.CONSENT
            assert list(tx.of(POLLS).reasons(found[0])) == (["it is too far"] if objects else [])

        await town.core.store.run(check)
