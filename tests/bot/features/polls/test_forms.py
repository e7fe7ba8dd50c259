"""Ballots asked for in a form: what is filled in is a vote like any other, and no secret stands in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.commands.forms import form_for
from bot.features.polls.forms import ballot_form, reason_form
from bot.features.polls.kinds import METHODS
from bot.features.polls.records import POLLS, UNREADABLE, Choices, Kind
from bot.model.message import Button, Field, Form, Message, Text, text, typed
from bot.ports.storage import Transaction
from bot.texts import LOCALES, Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS
from tests.doubles.platform import Town, open_town
from tests.doubles.polls import a_poll, tally

DAYS = tuple(f"2026-12-{day:02}T19:00:00+00:00" for day in range(8, 14))
KINDS = {Kind.SCORE: ("A", "B", "C"), Kind.RANKED: ("A", "B", "C"), Kind.DATES: DAYS[:3]}


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        yield town


async def press(town: Town, name: str, command: str, **args: object) -> Message:
    answer = await town.core.handle(town.asked(name, button=Button(text("typed"), command, args)))
    assert answer
    return answer


async def fill_in(town: Town, name: str, form: Form | None, *values: str) -> Message:
    assert form
    return await press(town, name, form.command, **form.filled_in(values))


def values(form: Form | None) -> Sequence[str]:
    assert form
    return [field.value for field in form.fields]


# --- what is asked ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_for_each_option_or_one_for_all(kind: Kind) -> None:
    form = ballot_form(a_poll(7, kind=kind, options=KINDS[kind]))
    assert form
    assert (form.command, form.args, form.at_once) == ("poll vote", {"poll": 7}, False)
    assert {field.name for field in form.fields} == {"answer"}
    assert (len(form.fields), form.lines) == (3, ())
    assert all(field.choices and field.picked == 1 for field in form.fields)
    many = ballot_form(a_poll(kind=kind, options=DAYS))
    assert many
    # Of more options than a form has fields those that get a mark are picked; only an order is typed.
    assert len(many.fields) == {Kind.SCORE: 5, Kind.DATES: 2, Kind.RANKED: 1}[kind]
    assert [len(field.choices) for field in many.fields if field.picked == 6] == (
        [] if kind is Kind.RANKED else [6] * len(many.fields)
    )
    # Numbers are asked for only where it says which is which.
    numbered = [1, 2, 3, 4, 5, 6] if kind is Kind.RANKED else []
    assert [line.values["number"] for line in many.lines] == numbered


def test_where_a_press_is_enough_nothing_is_asked() -> None:
    for kind in set(Kind) - set(KINDS):
        assert ballot_form(a_poll(kind=kind)) is None
    for state in ("planned", "closed", "cancelled"):
        assert ballot_form(a_poll(kind=Kind.SCORE, state=state)) is None


@pytest.mark.parametrize(
    ("kind", "options", "mine", "shown"),
    [
        (Kind.SCORE, KINDS[Kind.SCORE], (5, 0, 3), ["5", "0", "3"]),
        (Kind.SCORE, KINDS[Kind.SCORE], (), ["", "", ""]),
        (Kind.SCORE, KINDS[Kind.SCORE], UNREADABLE, ["", "", ""]),
        (Kind.SCORE, DAYS, (5, 0, 3, 1, 1, 1), ["1:5", "", "3:3", "", "4:1 5:1 6:1"]),
        (Kind.RANKED, KINDS[Kind.RANKED], (3, 1, 2), ["3", "1", "2"]),
        (Kind.RANKED, KINDS[Kind.RANKED], (3,), ["3", "", ""]),
        (Kind.RANKED, DAYS, (3, 1, 2, 6, 5, 4), ["3 1 2 6 5 4"]),
        (Kind.DATES, KINDS[Kind.DATES], (2, 1, 0), ["yes", "if_need_be", "no"]),
        (Kind.DATES, DAYS, (2, 0, 2, 0, 0, 0), ["1:yes 3:yes", ""]),
        (Kind.DATES, DAYS, (2, 1, 2, 0, 0, 0), ["1:yes 3:yes", "2:if_need_be"]),
    ],
)
def test_what_somebody_chose_stands_in_it(
    kind: Kind, options: tuple[str, ...], mine: Choices, shown: list[str]
) -> None:
    assert values(ballot_form(a_poll(kind=kind, options=options), mine)) == shown
    # In an anonymous poll it would be kept with the answer.
    assert not any(values(ballot_form(a_poll(kind=kind, options=options, anonymous=True), mine)))


def test_what_stands_in_it_is_read_as_the_same_ballot() -> None:
    marks = {"yes": 2, "if_need_be": 1, "no": 0}

    def meaning(word: str, _: object) -> int | None:
        return marks.get(word)

    some = {Kind.SCORE: (5, 0, 3), Kind.RANKED: (3, 1, 2), Kind.DATES: (2, 1, 0)}
    many = {Kind.SCORE: (5, 0, 3, 5, 1, 0), Kind.RANKED: (3, 1, 2, 6, 5, 4), Kind.DATES: (2, 1, 0, 0, 1, 2)}
    for kind, mine in (*some.items(), *many.items()):
        poll = a_poll(kind=kind, options=DAYS[: len(mine)])
        form = ballot_form(poll, mine)
        assert form
        answer = form.filled_in(values(form))["answer"]
        assert METHODS[kind].read(poll, answer, meaning) == mine


@pytest.mark.parametrize("locale", LOCALES)
def test_forms_fit(locale: str) -> None:
    """In what platforms have room for."""

    def length(said: Text | None) -> int:
        return len(Texts().write(said, Voice(locale, BRUSSELS, NOW))) if said else 0

    polls = [a_poll(kind=kind, options=DAYS) for kind in KINDS]
    many = tuple(f"2026-12-{day:02}T19:00:00+00:00" for day in range(8, 28))
    polls += [a_poll(kind=kind, options=many) for kind in KINDS]
    forms = [ballot_form(poll) for poll in polls] + [reason_form(a_poll())]
    forms += [form_for(COMMANDS, command, {}, at_once=True) for command in COMMANDS.by_path.values()]
    for form in filter(None, forms):
        assert 0 < length(form.title) <= 45
        assert 0 < len(form.fields) <= 5
        for field in form.fields:
            assert 0 < length(field.label) <= 45, field
            assert length(field.hint) <= 100, field
            assert all(0 < length(words) <= 100 for _, words in field.choices)


# --- what comes of it ---


@pytest.mark.parametrize(
    ("how", "filled_in", "counts"),
    [
        ("A | B --kind score", ("5", "1"), [5, 1]),
        ("A | B --kind ranked", ("2", "1"), [0, 1]),
        ("A | B | C | D | E | F --kind score", ("1:5 3:5", "", "", "2:2", ""), [5, 2, 5, 0, 0, 0]),
        ("8 december 2026 20:00 | 9 december 2026 20:00 --kind dates", ("no", "if_need_be"), [0, 1]),
    ],
)
async def test_a_form_on_a_board_is_a_vote(
    town: Town, how: str, filled_in: tuple[str, ...], counts: list[int]
) -> None:
    await town.say("anna", f'!poll open "Wat?" {how}')
    board = await press(town, "ben", "poll show")
    answer = await fill_in(town, "ben", board.form, *filled_in)
    assert answer.lines[0].key == ("poll.receipt.each" if "dates" in how else "poll.receipt.voted")
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == counts
    again = await press(town, "ben", "poll show", poll=1)
    assert list(values(again.form)) == list(filled_in)
    assert not any(values((await press(town, "cas", "poll show", poll=1)).form))


@pytest.mark.parametrize("anonymous", ["", " --anonymous"], ids=["plain", "anonymous"])
async def test_a_press_in_a_score_poll_opens_the_whole_ballot(town: Town, anonymous: str) -> None:
    """One press would count one of five for somebody's favourite, and nothing for the rest."""
    await town.say("anna", f'!poll open "Wat?" A | B --kind score{anonymous}')
    asked = await press(town, "ben", "poll tick", poll=1, option=1)
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 0]
    assert asked.form
    assert (asked.form.at_once, list(values(asked.form))) == (True, ["", ""])
    assert [line.key for line in asked.lines[1:]] == ["poll.line.hidden"] * 2
    assert asked.hints[0].key == "poll.reminder.how"
    await fill_in(town, "ben", asked.form, "5", "1")
    # Whoever voted finds their scores in it, where those may be read; and they stand until it is sent.
    again = await press(town, "ben", "poll tick", poll=1, option=2)
    assert list(values(again.form)) == (["", ""] if anonymous else ["5", "1"])
    if not anonymous:
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [5, 1]


async def test_boards_reminders_and_what_is_asked_in_private_bring_it_along(town: Town) -> None:
    await town.say("ben", "!reminders on")
    await town.say("anna", '!poll open "Wat?" A | B --kind ranked --results closed --closes 3d')
    await town.core.run_due()
    town.clock.turn(timedelta(days=2))
    await town.core.run_due()
    keys = [shown.key for shown in town.platform.shown if shown.how != "edit"]
    assert len(keys) == 2
    shown = [await town.core.message_at("test", f"${key}") for key in keys]
    shown.append(await town.core.handle(replace(town.asked("ben", "!vote 2 1"), public=True)))
    for message in shown:
        assert message
        assert message.form == Form(
            text("poll.form.ranked"),
            "poll vote",
            {"poll": 1},
            tuple(
                Field(
                    "answer",
                    text("poll.form.ranked.place", rank=rank),
                    choices=(("1", typed("A")), ("2", typed("B"))),
                )
                for rank in (1, 2)
            ),
            again=Button(text("poll.button.change"), "poll fill", {"poll": 1}),
        )


@pytest.mark.parametrize("secret", ["", " --anonymous"])
async def test_who_objects_by_a_press_is_asked_why(town: Town, secret: str) -> None:
    await town.say("anna", f'!poll open "Verhuizen?" --kind consent{secret}')
    asked = await press(town, "ben", "poll tick", poll=1, option=3)
    assert asked.lines[0].values["problem"] == text("poll.reason.missing")
    assert asked.form
    assert asked.form.at_once
    answer = await fill_in(town, "ben", asked.form, "te ver\nen te duur")
    assert answer.lines[0].key == ("poll.receipt.anonymous" if secret else "poll.receipt.voted")
    await town.say("anna", "!poll close 1 --sure")

    def reasons(tx: Transaction) -> Sequence[str]:
        found = tx.of(POLLS).get(1, 0)
        assert found
        return tx.of(POLLS).reasons(found[0])

    assert [" ".join(reason.split()) for reason in await town.core.store.run(reasons)] == [
        "te ver en te duur"
    ]


async def test_taking_an_objection_back_asks_nothing(town: Town) -> None:
    await town.say("anna", '!poll open "Verhuizen?" --kind consent')
    assert (await press(town, "ben", "poll tick", poll=1, option=3, on=False)).form is None
    assert (await press(town, "ben", "poll tick", poll=1, option=1)).form is None


async def test_an_answer_that_was_not_right_can_be_mended(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B | C | D | E | F --kind ranked')
    await town.say("anna", '!poll open "Verhuizen?" --kind consent')
    wrong = await press(town, "ben", "poll vote", poll=1, answer="2 1")
    assert list(values(wrong.form)) == ["2 1"]
    bare = await press(town, "ben", "poll vote", poll=2, answer="bezwaar")
    assert bare.form
    assert (bare.form.at_once, list(values(bare.form))) == (True, [""])
    long = await press(town, "ben", "poll vote", poll=2, answer="bezwaar " + "x" * 281)
    assert long.form
    assert (long.form.at_once, list(values(long.form))) == (False, ["x" * 281])
    assert (await press(town, "ben", "poll vote", poll=2, answer="misschien")).form is None
    # So it can be where that was typed: the reason alone may follow.
    answer = await town.core.handle(town.asked("ben", "!vote object --poll 2"))
    assert answer
    assert answer.form == bare.form


async def test_whoever_opens_the_form_of_a_board_finds_what_they_chose(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --kind score')
    await town.say("ben", "!vote 5 1")
    again = (await press(town, "cas", "poll show")).form
    assert again
    assert again.again
    for name, chosen in (("ben", ["5", "1"]), ("cas", ["", ""])):
        opened = await press(town, name, again.again.command, **again.again.args)
        assert opened.form
        # What is sent off is read by the form as it was answered, not by what stands at that moment.
        assert (opened.form.at_once, list(values(opened.form)), opened.form.again) == (True, chosen, None)


async def test_a_secret_form_says_why_it_is_empty(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --kind score --anonymous')
    blank = text("poll.form.blank")
    first = await press(town, "ben", "poll fill", poll=1)
    assert first.form
    assert blank not in first.form.lines
    await fill_in(town, "ben", first.form, "5", "1")
    again = await press(town, "ben", "poll fill", poll=1)
    assert again.form
    assert blank in again.form.lines
    assert list(values(again.form)) == ["", ""]


async def test_whoever_voted_keeps_it(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    first = await press(town, "ben", "poll choose", poll=1, numbers=(2,), unless_voted=True)
    assert first.lines[0] == text("poll.receipt.voted", question="Wat?", options=(typed("B"),))
    kept = await press(town, "ben", "poll choose", poll=1, numbers=(1,), unless_voted=True)
    assert kept.lines[0] == first.lines[0]
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1]
    await press(town, "ben", "poll choose", poll=1, numbers=(1,))
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 0]


@pytest.mark.parametrize("kind", ["choice", "approval"])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("!vote 2", ("poll withdraw", {})),
        ("!vote 2", ("poll choose", {"numbers": ()})),
        ("!vote 2", ("poll take-back", {"only": (2,)})),
        ("!poll list", ("poll withdraw", {})),
    ],
    ids=["withdrawn", "chosen no more", "removed", "never voted elsewhere"],
)
async def test_whoever_took_their_vote_back_has_none(
    town: Town, kind: str, first: str, then: tuple[str, dict[str, Any]]
) -> None:
    """A platform's own poll is counted at its end: what somebody said to Plein stands, a withdrawal too."""
    await town.say("anna", f'!poll open "Wat?" A | B --kind {kind}')
    await town.say("ben", first)
    await press(town, "ben", then[0], poll=1, **then[1])
    await press(town, "ben", "poll choose", poll=1, numbers=(1,), unless_voted=True)
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 0]
    await press(town, "ben", "poll choose", poll=1, numbers=(1,))
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 0]


async def test_a_receipt_leads_to_the_poll_and_back(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    receipt = await press(town, "ben", "poll tick", poll=1, option=2)
    assert [button.command for button in receipt.buttons] == ["poll withdraw", "poll show"]
    shown = await press(town, "ben", receipt.buttons[1].command, **receipt.buttons[1].args)
    assert shown.buttons[0].command == "poll tick"
    assert (await press(town, "ben", "poll withdraw", poll=1)).buttons == ()


@pytest.mark.parametrize(
    ("how", "secret"),
    [("A | B", False), ("A | B --anonymous", True), ("A | B --results voted", True)],
)
async def test_a_ballot_says_whether_others_may_see_it(town: Town, how: str, secret: bool) -> None:
    await town.say("anna", f'!poll open "Wat?" {how}')
    await town.core.run_due()
    (board,) = [shown.key for shown in town.platform.shown if shown.how == "send"]
    shown = await town.core.message_at("test", f"${board}")
    assert shown
    assert shown.native_poll
    assert shown.native_poll.secret is secret
