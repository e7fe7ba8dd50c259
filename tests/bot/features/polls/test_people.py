"""What becomes of somebody's polls and ballots when they are two, ask what is kept, or are forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.features.polls import FEATURE
from bot.features.polls.records import POLLS
from bot.features.polls.show import show_board
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import counted, tally

BEN, BEN_TOO = Identity(PLATFORM, "ben"), Identity("elsewhere", "ben")


async def number_of(town: Town, who: Identity) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(who))
    assert found
    return found.id


async def asked_of(town: Town, *polls: str) -> None:
    await town.joined("sport")
    for poll in polls:
        await town.say("anna", f"!poll open {poll}")


async def both_vote(town: Town, poll: int, first: str, second: str) -> None:
    for account, words in ((BEN, first), (BEN_TOO, second)):
        voting = replace(town.asked("ben", f"!vote {words} --poll {poll}"), author=account)
        await town.core.handle(voting)


async def test_two_who_voted_in_what_is_closed_are_one_and_the_result_stays(database_url: str) -> None:
    async with open_town(database_url) as town:
        await asked_of(town, '"Both?" A | B', '"One?" A | B', '"Gone?" A | B', '"Fair?" A | B --anonymous')
        await both_vote(town, 1, "1", "2")
        await town.core.handle(replace(town.asked("ben", "!vote 2 --poll 2"), author=BEN_TOO))
        await both_vote(town, 3, "1", "2")
        await both_vote(town, 4, "1", "2")
        for end in ("close 1", "close 2", "cancel 3", "close 4"):
            await town.say("anna", f"!poll {end} --sure")
        shown = [await town.say("anna", f"!poll show {poll}") for poll in (1, 2, 3, 4)]
        await town.core.link([BEN, BEN_TOO])

        ben = await number_of(town, BEN_TOO)
        assert ben == await number_of(town, BEN)
        assert [await town.say("anna", f"!poll show {poll}") for poll in (1, 2, 3, 4)] == shown
        tallies = [await town.core.store.run(lambda tx, n=poll: tally(tx, n)) for poll in (1, 2, 4)]  # type: ignore[misc]
        assert tallies == [[1, 1], [0, 1], [1, 1]]
        # Theirs is what either had.
        cast = await town.core.store.run(lambda tx: tx.of(POLLS).cast_by(ben))
        had = [(1, (1,)), (1, (2,)), (2, (2,)), (3, (1,)), (3, (2,))]
        assert [(ballot.poll, ballot.choices) for ballot in cast] == had


@pytest.mark.parametrize(
    ("votes", "kept"),
    [
        (("object too far", "object too dear"), ["too far", "too dear"]),
        (("agree", "object too dear"), ["too dear"]),
        (("object too far", "agree"), ["too far"]),
    ],
)
async def test_why_either_objected_still_stands_there(
    database_url: str, votes: tuple[str, str], kept: list[str]
) -> None:
    async with open_town(database_url) as town:
        await asked_of(town, '"Wat?" --kind consent')
        await both_vote(town, 1, *votes)
        await town.say("anna", "!poll close 1 --sure")
        await town.core.link([BEN, BEN_TOO])

        def reasons(tx: Transaction) -> list[str]:
            found = tx.of(POLLS).get(1, 0)
            assert found
            return list(tx.of(POLLS).reasons(found[0]))

        assert await town.core.store.run(reasons) == kept


async def test_whoever_is_forgotten_votes_no_more_where_it_still_counts(database_url: str) -> None:
    async with open_town(database_url, board_rest=0) as town:
        await asked_of(town, '"Open?" A | B', '"Closed?" A | B', '"Secret?" A | B --anonymous')
        for poll in (1, 2, 3):
            for name, choice in (("ben", 1), ("cas", 2)):
                await town.say(name, f"!vote {choice} --poll {poll}")
        await town.say("anna", "!poll close 2 --sure")
        await town.core.run_due()
        closed = await town.say("anna", "!poll show 2")
        ben = await number_of(town, BEN)
        await town.core.forget(ben)

        assert await town.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 1])
        assert await town.say("anna", "!poll show 2") == closed
        await town.core.run_due()
        assert "A: 0 stemmen" in [shown for shown in town.platform.where("sport") if "Open?" in shown][-1]
        # The anonymous one counts a person less, and at its end a ballot less.
        await town.say("anna", "!poll close 3 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 3)) == [0, 1]
        # Nothing is left that says who it was, and whoever comes back votes as anybody.
        assert await town.core.store.run(lambda tx: tx.people.numbered(ben, None)) == []
        await town.say("ben", "!vote 1 --poll 1")
        assert await town.core.store.run(lambda tx: counted(tx, 1)) == (2, [1, 1])


async def test_what_the_forgotten_asked_stays_as_nobodys(database_url: str) -> None:
    async with open_town(database_url) as town:
        await asked_of(town, '"Wat?" A | B')
        await town.say("cas", "!vote 2 --poll 1")
        anna = await number_of(town, Identity(PLATFORM, "anna"))
        await town.core.forget(anna)
        # Another one of that name, who did not open it.
        assert "Sluit" not in await town.say("anna", "!poll mine")
        refused = await town.core.handle(town.asked("anna", "!poll close 1 --sure"))
        assert refused
        assert await town.core.store.run(lambda tx: counted(tx, 1)) == (1, [0, 1])
        found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0))
        assert found
        assert (found[0].state, found[0].opener) == ("open", anna)
        assert await number_of(town, Identity(PLATFORM, "anna")) != anna
        # To be forgotten twice is to be forgotten.
        await town.core.forget(anna)
        assert (await town.core.export(anna))["identities"] == []


async def test_what_is_exported_says_what_they_asked_and_answered(database_url: str) -> None:
    async with open_town(database_url) as town:
        await asked_of(town, '"Wat?" --kind consent', '"Secret?" A | B --anonymous')
        await town.say("ben", "!vote object too dear --poll 1")
        await town.say("ben", "!vote 2 --poll 2")
        found: dict[str, Any] = dict(await town.core.export(await number_of(town, BEN)))
        assert found["polls"] == []
        assert found["ballots"] == [
            {"poll": 1, "choices": [3], "reason": "too dear", "cast_at": NOW.isoformat()},
            {"poll": 2, "anonymous": True},
        ]
        assert [(account["platform"], account["user_id"]) for account in found["identities"]] == [
            (PLATFORM, "ben")
        ]
        (asked, secret) = (await town.core.export(await number_of(town, Identity(PLATFORM, "anna"))))["polls"]
        assert (asked["question"], asked["kind"], asked["opened_at"]) == ("Wat?", "consent", NOW.isoformat())
        assert (secret["id"], secret["options"], secret["anonymous"]) == (2, ["A", "B"], True)


@pytest.mark.parametrize("how", ["there", "put out", "silent", "silent for long", "few", "a moderator"])
async def test_what_came_of_what_they_asked_is_theirs_while_they_may_read_it(
    database_url: str, how: str
) -> None:
    """Where they are their platform says as it is handed to them; what it said last holds for an hour."""
    async with open_town(database_url) as town:
        await asked_of(town, '"Een bank?" A | B --anonymous' if how == "few" else '"Een bank?" A | B')
        await town.joined("kunst", theme="kunst")
        await town.say("anna", '!poll open "Een beeld?" A | B', room="kunst")
        if how != "few":
            await town.say("ben", "!vote 2 --poll 1")
        await town.core.handle(replace(town.asked("mia", "!poll close 1 --sure"), role=Role.MODERATOR))
        anna = Identity(PLATFORM, "anna")
        if how in ("put out", "a moderator"):
            del town.platform.present["anna", "sport"]
        if how.startswith("silent"):
            town.platform.present["anna", "sport"] = None
        if how == "a moderator":
            await town.core.store.run(lambda tx: tx.people.grant(anna, Role.MODERATOR))
        if how in ("there", "silent for long"):
            town.clock.turn_to(NOW + timedelta(hours=1))
        town.platform.asked.clear()
        asked, elsewhere = (await town.core.export(await number_of(town, anna)))["polls"]
        assert (asked["question"], asked["options"]) == ("Een bank?", ["A", "B"])
        assert elsewhere["state"] == "open"
        assert len(town.platform.asked) == 1, "about both themes at once"
        came = {"state", "voters", "ended_at", "outcome"} & set(asked)
        assert bool(came) is (how in ("there", "silent", "a moderator"))


async def test_who_ended_a_poll_stands_on_its_board_until_they_are_forgotten(database_url: str) -> None:
    async with open_town(database_url) as town:
        await asked_of(town, '"Een bank?" A | B')
        await town.core.handle(replace(town.asked("mia", "!poll close 1 --sure"), role=Role.MODERATOR))
        mia = await number_of(town, Identity(PLATFORM, "mia"))
        board = await town.core.store.run(
            lambda tx: show_board(town.core.dispatch.call_for_nobody(tx, ""), "1")
        )
        assert board
        trace = next(line for line in board.lines if line.key == "poll.by.closed")
        assert trace.values["by"].id == mia
        exported = await town.core.store.run(lambda tx: FEATURE.export and FEATURE.export(tx, mia, set))
        assert exported
        assert exported["endings"] == [{"poll": 1}]
        await town.core.store.run(lambda tx: FEATURE.forget and FEATURE.forget(tx, mia))
        after = await town.core.store.run(
            lambda tx: show_board(town.core.dispatch.call_for_nobody(tx, ""), "1")
        )
        assert after
        assert [line.key for line in after.lines] == [
            line.key for line in board.lines if line.key != "poll.by.closed"
        ]
