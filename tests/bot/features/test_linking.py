"""Linking and unlinking: who may, what it brings, what is undone, and who tries to abuse it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import HandClock
from bot.features.residents.link import ALPHABET, UNDO, YES
from bot.model.people import Role
from storage.executor import _Plan
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, code_for, kept, key, link, press, resident, say

BEN, BENNY, EVE, MIA = "ben@discord", "benny@matrix", "eve@signal", "mia@discord"


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        yield chat


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database is asked from here on."""
    found: list[str] = []

    def heard(do: Callable[..., Any]) -> Callable[..., Any]:
        def run(plan: _Plan, *given: Any) -> Any:
            found.append(plan._sql)
            return do(plan, *given)

        return run

    for does in (_Plan.run, _Plan.run_many):
        monkeypatch.setattr(_Plan, does.__name__, heard(does))
    return found


def turn(chat: Chat, **span: int) -> None:
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + timedelta(**span))


async def role_of(chat: Chat, who: str) -> Role:
    return await chat.core.role_of(account(who))


async def poll(chat: Chat, options: str = "Yes | No", who: str = BEN) -> None:
    await say(chat, f'{who}/sport: !poll open "What?" {options}')


# --- what it costs ---


async def test_it_asks_the_database_for_what_they_have_once(chat: Chat, asked: list[str]) -> None:
    """Two who have nothing yet."""
    code = await code_for(chat, BEN)
    asked.clear()
    question = await ask(chat, BENNY, f"!me link {code}")
    assert not [sql for sql in asked if "FROM uses" in sql], "on two platforms nobody has to vouch for them"
    await press(chat, BENNY, question)
    asked.clear()
    assert key(await press(chat, BEN, question)) == "link.done"
    assert not [sql for sql in asked if "AS namesakes" in sql], "what others are called is not asked"
    moved = [sql for sql in asked if sql.startswith("UPDATE identities SET resident")]
    assert len(moved) == 1, "all accounts of one at once"
    for table in ("polls", "subjects"):
        assert not [sql for sql in asked if sql.startswith(f"UPDATE {table}")], "they opened none"
    assert len(asked) <= 50


async def test_a_ballot_where_only_one_of_them_voted_is_passed_on_as_it_is(
    chat: Chat, asked: list[str]
) -> None:
    await poll(chat)
    await say(chat, f"{BENNY}/sport: !vote 1")
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    await press(chat, BENNY, question)
    asked.clear()
    assert key(await press(chat, BEN, question)) == "link.done"
    assert not [sql for sql in asked if "tallies" in sql]
    assert len([sql for sql in asked if sql.startswith("UPDATE subjects SET version")]) == 1
    (ballot,) = (await chat.core.export(await resident(chat, BEN)))["ballots"]
    assert ballot["choices"] == [1]


async def test_only_an_answer_that_names_an_account_is_sealed(chat: Chat, tmp_path: Path) -> None:
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    half, done = await press(chat, BENNY, question), await press(chat, BEN, question)
    assert [key(said) for said in (half, done)] == ["link.half", "link.done"]
    with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
        sealed = [bool(kept) for (kept,) in db.execute("SELECT key FROM handled ORDER BY rowid")]
    assert sealed[-2:] == [True, False]


# --- the code ---


async def test_a_code_has_no_letter_that_is_read_for_another(chat: Chat) -> None:
    assert not set(ALPHABET) & set("0O1IL")
    codes = {await code_for(chat, BEN) for _ in range(20)}
    assert len(codes) == 20
    assert all(set(code) <= {*ALPHABET, "-"} and len(code) == 9 for code in codes)


@pytest.mark.parametrize("write", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c[:4]} {c[5:]}"])
async def test_a_code_is_read_however_it_is_written(write: object, chat: Chat) -> None:
    code = await code_for(chat, BEN)
    assert key(await ask(chat, BENNY, f"!me link {write(code)}")) == "link.question"  # type: ignore[operator]


async def test_only_the_newest_code_works_once_for_ten_minutes(chat: Chat) -> None:
    old = await code_for(chat, BEN)
    new = await code_for(chat, BEN)
    assert key(await ask(chat, BENNY, f"!me link {old}")) == "link.wrong"
    turn(chat, minutes=9)
    assert key(await ask(chat, BENNY, f"!me link {new}")) == "link.question"
    assert key(await ask(chat, EVE, f"!me link {new}")) == "link.wrong"
    late = await code_for(chat, BEN)
    turn(chat, minutes=10)
    assert key(await ask(chat, EVE, f"!me link {late}")) == "link.wrong"


async def test_wrong_spent_late_and_unknown_are_answered_alike(chat: Chat) -> None:
    late = await code_for(chat, BEN)
    turn(chat, minutes=11)
    spent = await code_for(chat, BEN)
    await ask(chat, BENNY, f"!me link {spent}")
    said = [await ask(chat, EVE, f"!me link {code}") for code in (late, spent, "22222222", "O0I1-nonsense")]
    assert len({repr(answer) for answer in said}) == 1


async def test_a_code_stands_nowhere_in_the_database(chat: Chat, tmp_path: Path) -> None:
    code = await code_for(chat, BEN)
    files = [tmp_path / f"plein.db{end}" for end in ("", "-wal")]
    held = b"".join(file.read_bytes() for file in files)
    assert account(BEN).user_id.encode() in held
    assert code.encode() not in held
    assert code.replace("-", "").encode() not in held


# --- two times yes ---


async def test_without_both_in_time_nothing_happens(chat: Chat) -> None:
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    await press(chat, BENNY, question)
    turn(chat, minutes=10)
    assert key(await press(chat, BEN, question)) == "link.gone"
    assert await resident(chat, BEN) != await resident(chat, BENNY)


async def test_who_asked_cannot_say_yes_for_who_gave(chat: Chat) -> None:
    """A code that was stolen is given by the thief; one that was sent is given by the victim."""
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, EVE)}")
    assert question.lines[0].values["who"].name == "eve", "the victim reads whose it is"
    assert key(await press(chat, EVE, question)) == "link.gone"
    assert key(await press(chat, BENNY, question, 2)) == "link.no"
    assert key(await press(chat, BENNY, question)) == "link.gone"
    assert key(await press(chat, EVE, question)) == "link.gone"
    assert await resident(chat, EVE) != await resident(chat, BENNY)


async def test_nobody_says_yes_for_others(chat: Chat) -> None:
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    for number in range(30):
        assert key(await ask(chat, EVE, command=YES, request=number)) == "link.gone"
    await press(chat, BENNY, question)
    for number in range(30):
        assert key(await ask(chat, EVE, command=YES, request=number)) == "link.gone"
    assert key(await press(chat, BEN, question)) == "link.done"
    for number in range(30):
        assert key(await ask(chat, EVE, command=UNDO, link=number)) == "link.gone"
    assert await resident(chat, BEN) == await resident(chat, BENNY) != await resident(chat, EVE)


async def test_who_asked_can_type_for_the_question(chat: Chat) -> None:
    """Where they take no messages from Plein, that is how they are asked."""
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    await press(chat, BENNY, question)
    asked = await ask(chat, BEN, "!me link")
    assert key(asked) == "link.question"
    assert asked.lines[0].values["who"].name == "benny"
    assert key(await press(chat, BEN, asked)) == "link.done"


@pytest.mark.parametrize(
    ("asks", "gives", "answer"),
    [(BEN, BEN, "link.own"), (BEN, "bob@discord", "link.same_platform")],
)
async def test_who_can_be_linked_to_nobody_hears_why(asks: str, gives: str, answer: str, chat: Chat) -> None:
    code = await code_for(chat, asks)
    assert key(await ask(chat, gives, f"!me link {code}")) == answer
    # It was no use, and is still theirs to give.
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.question"


async def test_a_third_account_of_a_platform_needs_a_moderators_word(chat: Chat) -> None:
    await link(chat, BEN, BENNY)
    assert key(await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")) == "link.already"
    third = "bertha@matrix"
    assert key(await ask(chat, third, f"!me link {await code_for(chat, BEN)}")) == "link.same_platform"
    for who in (BEN, third, MIA):
        await say(chat, f"{who}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(MIA), Role.MODERATOR))
    assert key(await ask(chat, BEN, "!me link --vouch resident:1", room="discord/sport")) != "link.vouched"
    number = await resident(chat, BEN)
    vouched = await ask(chat, MIA, command="me link", vouch=f"resident:{number}", room="discord/sport")
    assert key(vouched) == "link.vouched"
    await link(chat, BEN, third)
    assert await resident(chat, third) == await resident(chat, BENNY)


async def test_no_moderator_vouches_for_themselves(chat: Chat) -> None:
    await say(chat, f"{MIA}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(MIA), Role.MODERATOR))
    number = await resident(chat, MIA)
    said = await ask(chat, MIA, command="me link", vouch=f"resident:{number}", room="discord/sport")
    assert key(said) == "link.vouch.self"


async def test_a_code_that_others_read_is_no_use_any_more(chat: Chat) -> None:
    code = await code_for(chat, BEN)
    said = await ask(chat, BENNY, f"!me link {code}", room="discord/sport")
    assert key(said) == "link.aloud", "the console takes nobody's words away"
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.wrong"


# --- guessing ---


async def test_it_is_closed_for_no_longer_than_an_hour_where_the_clock_was_ahead(chat: Chat) -> None:
    turn(chat, minutes=24 * 60)
    for number in range(2, 7):
        await ask(chat, EVE, f"!me link 2222222{number}")
    assert key(await ask(chat, EVE, "!me link")) == "link.closed"
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn(timedelta(days=-1))
    assert key(await ask(chat, EVE, "!me link")) == "link.code"
    assert key(await ask(chat, EVE, "!me link 22222222")) == "link.wrong"
    assert key(await ask(chat, EVE, "!me link")) == "link.code"


async def test_a_code_works_for_ten_minutes_also_where_the_clock_was_ahead(chat: Chat) -> None:
    turn(chat, minutes=24 * 60)
    code = await code_for(chat, BEN)
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn(timedelta(days=-1))
    turn(chat, minutes=11)
    assert key(await ask(chat, EVE, f"!me link {code}")) == "link.wrong"


async def test_five_wrong_codes_close_it_for_an_hour(chat: Chat) -> None:
    for number in range(5):
        assert key(await ask(chat, EVE, f"!me link 2222222{number}")) == "link.wrong"
    code = await code_for(chat, BEN)
    assert key(await ask(chat, EVE, f"!me link {code}")) == "link.closed"
    assert key(await ask(chat, EVE, "!me link")) == "link.closed"
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.question"
    turn(chat, minutes=61)
    assert key(await ask(chat, EVE, f"!me link {await code_for(chat, BEN)}")) == "link.question"


async def test_being_forgotten_opens_nothing(chat: Chat) -> None:
    for number in range(5):
        await ask(chat, EVE, f"!me link 2222222{number}")
    await chat.core.forget(await resident(chat, EVE))
    assert key(await ask(chat, EVE, "!me link")) == "link.closed"


async def test_fifty_accounts_guess_at_once(chat: Chat) -> None:
    """Each is closed after its first wrong one once there were twenty; others can be linked all the while."""
    code = await code_for(chat, BEN)

    async def guess(number: int) -> list[str]:
        return [
            key(await ask(chat, f"eve{number}@signal", f"!me link 2345{number:02}2{attempt + 2}"))
            for attempt in range(8)
        ]

    answers = [said for of_one in await asyncio.gather(*map(guess, range(50))) for said in of_one]
    assert set(answers) == {"link.wrong", "link.closed"}
    assert answers.count("link.wrong") <= 20 + 50
    assert key(await ask(chat, "eve7@signal", f"!me link {code}")) == "link.closed"
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.question"


@pytest.mark.parametrize("again", [False, True])
async def test_one_wrong_code_closes_it_for_no_longer_than_an_hour(again: bool, chat: Chat) -> None:
    """Ben mistyped one, when others were guessing; shortly before his hour is over one more of them does."""
    assert key(await ask(chat, BEN, "!me link 2345-6789")) == "link.wrong"
    for number in range(20):
        await ask(chat, f"mallory{number}@discord", "!me link 2345-6789")
    assert key(await ask(chat, BEN, "!me link")) == "link.closed"
    turn(chat, minutes=59)
    if again:
        await ask(chat, "mallory@discord", "!me link 2345-6789")
    turn(chat, minutes=2)
    assert key(await ask(chat, BEN, "!me link")) == "link.code"


# --- what it brings, and undoing it ---


async def test_either_has_back_what_it_brought(chat: Chat) -> None:
    await poll(chat, who=BEN)
    await poll(chat, who=BENNY)
    await say(chat, f"{BENNY}/sport: !vote 1 --poll 1")
    await say(chat, f"{BENNY}/sport: !vote 1 --poll 2")
    await say(chat, f"{BENNY}/sport: !poll close 2 --sure")
    await say(chat, f"{BENNY}/sport: !language nl")
    await say(chat, f"{BENNY}/sport: !reminders on")
    before = {who: await kept(chat, who) for who in (BEN, BENNY)}
    done = await link(chat, BEN, BENNY)
    both = await kept(chat, BEN)
    assert [row["id"] for row in both["polls"]] == [1, 2]
    assert both["residents"][0]["locale"] == "nl"
    assert json.dumps(both)
    assert key(await press(chat, BENNY, done)) == "link.undone"
    after = {who: await kept(chat, who) for who in (BEN, BENNY)}
    assert [row["id"] for row in after[BEN]["polls"]] == [1]
    assert [row["id"] for row in after[BENNY]["polls"]] == [2]
    # The ballot in what is open stays with who was here first.
    assert [row["poll"] for row in after[BEN]["ballots"]] == [1]
    assert [row["poll"] for row in after[BENNY]["ballots"]] == [2]
    for who in (BEN, BENNY):
        for name in ("name", "locale", "wants_reminders", "role"):
            assert after[who]["residents"][0][name] == before[who]["residents"][0][name], (who, name)
        assert after[who]["members"] == before[who]["members"]
    assert key(await press(chat, BEN, done)) == "link.gone", "it is undone once"


async def test_after_a_day_it_is_not_undone(chat: Chat) -> None:
    done = await link(chat, BEN, BENNY)
    turn(chat, days=1)
    await chat.core.run_due()
    assert key(await press(chat, BEN, done)) == "link.gone"
    assert await resident(chat, BEN) == await resident(chat, BENNY)


async def test_reasons_to_object_are_both_kept(chat: Chat) -> None:
    await say(chat, f'{BEN}/sport: !poll open "A grey wall?" --kind consent')
    await say(chat, f"{BEN}/sport: !vote object it is too high")
    await say(chat, f"{BENNY}/sport: !vote object it is ugly")
    await link(chat, BEN, BENNY)
    (ballot,) = (await kept(chat, BEN))["ballots"]
    assert ballot["reason"] == "it is too high / it is ugly"


async def test_what_waits_for_them_is_not_said_to_the_account_that_left(chat: Chat) -> None:
    await link(chat, BEN, BENNY)
    await ask(chat, BENNY, "!poll mine")
    number = await resident(chat, BEN)
    printed_before = await say(chat, f"{BENNY}: !me unlink --sure")
    assert "benny" in printed_before
    posts = await chat.core.store.run(lambda tx: tx.people.export(number)["posts"])
    assert {row["room"] for row in posts} <= {BEN}


async def test_who_left_has_asked_what_was_asked_together(chat: Chat) -> None:
    """Nobody asks without end by unlinking: what others still answer counts for each of them."""

    async def may_ask(who: str) -> bool:
        return "Wait until" not in await say(chat, f'{who}/sport: !poll open "What?" Yes | No')

    await link(chat, BEN, BENNY)
    assert [await may_ask(BEN) for _ in range(11)] == [True] * 10 + [False]
    await ask(chat, BENNY, "!me unlink --sure")
    assert [await may_ask(who) for who in (BEN, BENNY)] == [False, False]


async def test_who_left_has_no_second_vote_by_way_of_somebody_else(chat: Chat) -> None:
    """What an account had a say in once, whoever it is with later has no say in beside."""
    await poll(chat, who=EVE)
    await ask(chat, BEN, "!vote 1", room="signal/sport")
    await link(chat, BEN, BENNY)
    await ask(chat, BENNY, "!me unlink --sure")
    assert key(await ask(chat, BENNY, "!vote 2", room="signal/sport")) == "poll.left"
    cas = "cas@signal"
    await ask(chat, cas, "!vote 2", room="signal/sport")
    await link(chat, cas, BENNY)
    assert (await kept(chat, cas))["ballots"] == []
    for who in (cas, BENNY):
        assert key(await ask(chat, who, "!vote 2", room="signal/sport")) == "poll.left"
    await ask(chat, cas, "!me unlink --sure")
    assert key(await ask(chat, cas, "!vote 2", room="signal/sport")) == "poll.left"
    # With the one who has the ballot they vote as one again.
    await link(chat, BEN, BENNY)
    assert key(await ask(chat, BENNY, "!vote 2", room="signal/sport")).startswith("poll.receipt")
    assert len((await kept(chat, BEN))["ballots"]) == 1


async def test_being_forgotten_gives_no_second_vote(chat: Chat) -> None:
    await poll(chat, who=EVE)
    await ask(chat, BEN, "!vote 1", room="signal/sport")
    await link(chat, BEN, BENNY)
    await ask(chat, BENNY, "!me unlink --sure")
    await chat.core.forget(await resident(chat, BENNY))
    assert key(await ask(chat, BENNY, "!vote 2", room="signal/sport")) == "poll.left"


# --- roles ---


async def test_the_only_moderator_reads_which_account_is_one_after_unlinking(chat: Chat) -> None:
    await say(chat, f"{BEN}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(BEN), Role.MODERATOR))
    await link(chat, BEN, BENNY)

    async def told(who: str) -> list[str]:
        lines = (await ask(chat, who, "!me unlink")).lines
        return [*itertools.chain(*(line.values.get("platforms", ()) for line in lines))]

    # It was granted to one of them, and counts for that one until a day is over; then whoever stays keeps it.
    assert [await told(who) for who in (BEN, BENNY)] == [["Discord"], ["Discord"]]
    turn(chat, days=1)
    await chat.core.run_due()
    assert [await told(who) for who in (BEN, BENNY)] == [["Matrix"], ["Discord"]]
    await ask(chat, BEN, "!me unlink --sure")
    assert [await role_of(chat, who) for who in (BEN, BENNY)] == [Role.RESIDENT, Role.MODERATOR]
    # There is another one by then.
    await chat.core.store.run(lambda tx: tx.people.grant(account(MIA), Role.MODERATOR))
    await link(chat, BENNY, BEN)
    assert await told(BEN) == []


async def test_a_role_of_one_account_is_the_others_after_a_day(chat: Chat) -> None:
    await say(chat, f"{BEN}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(BEN), Role.MODERATOR))
    await link(chat, BEN, EVE)
    assert [await role_of(chat, who) for who in (BEN, EVE)] == [Role.MODERATOR, Role.RESIDENT]
    turn(chat, days=1)
    await chat.core.run_due()
    assert [await role_of(chat, who) for who in (BEN, EVE)] == [Role.MODERATOR, Role.MODERATOR]


async def test_a_role_is_not_stolen_by_parting(chat: Chat) -> None:
    """Whoever got a moderator to say yes has nothing of theirs once that one leaves."""
    await say(chat, f"{EVE}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(BEN), Role.MODERATOR))
    await link(chat, EVE, BEN)
    assert key(await ask(chat, BEN, "!me unlink --sure")) == "unlink.done"
    turn(chat, days=2)
    await chat.core.run_due()
    assert [await role_of(chat, who) for who in (BEN, EVE)] == [Role.MODERATOR, Role.RESIDENT]


async def test_undone_each_has_its_own_role(chat: Chat) -> None:
    await say(chat, f"{EVE}/sport: !help")
    await chat.core.store.run(lambda tx: tx.people.grant(account(BEN), Role.MODERATOR))
    done = await link(chat, EVE, BEN)
    assert key(await press(chat, BEN, done)) == "link.undone"
    turn(chat, days=2)
    await chat.core.run_due()
    assert [await role_of(chat, who) for who in (BEN, EVE)] == [Role.MODERATOR, Role.RESIDENT]


async def test_only_a_moderator_takes_apart_what_is_others(chat: Chat) -> None:
    await link(chat, BEN, BENNY)
    for who in (BEN, EVE, MIA):
        await say(chat, f"{who}/sport: !help")
    number = await resident(chat, BEN)
    args = {"who": f"resident:{number}", "platform": "matrix", "sure": True}
    refused = await ask(chat, EVE, command="me unlink", room="discord/sport", **args)
    assert key(refused) == "role.needed.moderator"
    await chat.core.store.run(lambda tx: tx.people.grant(account(MIA), Role.MODERATOR))
    for platform in ("signal", "", "discord matrix"):
        wrong = await ask(
            chat, MIA, command="me unlink", room="discord/sport", **{**args, "platform": platform}
        )
        assert key(wrong) == "unlink.which"
    assert key(await ask(chat, MIA, command="me unlink", room="discord/sport", **args)) == "unlink.done.other"
    assert await resident(chat, BENNY) != await resident(chat, BEN) == number
