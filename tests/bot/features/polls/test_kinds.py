"""The kinds of polls, as arithmetic: what is read, what a press does, and how ballots are counted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features.polls.kinds import METHODS, MOST_WORDS, check_chosen, how_to, option_text, read_reason
from bot.features.polls.records import LONGEST_REASON, Choices, Kind
from bot.model.message import text, typed
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.polls import a_plan

DAYS = ("2026-12-08T19:00:00+00:00", "2026-12-09T19:00:00+00:00", "2026-12-10T19:00:00+00:00")
ONE = a_plan()
TWO = a_plan(at_most=2)
PLANS = {
    Kind.CHOICE: ONE,
    Kind.APPROVAL: a_plan(kind=Kind.APPROVAL, at_most=3),
    Kind.SCORE: a_plan(kind=Kind.SCORE),
    Kind.RANKED: a_plan(kind=Kind.RANKED),
    Kind.CONSENT: a_plan(kind=Kind.CONSENT, options=("agree", "abstain", "object")),
    Kind.DATES: a_plan(kind=Kind.DATES, options=DAYS),
}
APPROVAL, SCORE, RANKED, CONSENT, DATES = (PLANS[kind] for kind in list(Kind)[1:])


def meaning(word: str, marks: Mapping[str, int]) -> int | None:
    return marks.get(word.casefold())


def read(plan: Any, words: str) -> Choices:
    return METHODS[plan.kind].read(plan, words, meaning)


def press(plan: Any, before: Choices, option: int, on: bool | None) -> Choices:
    how = METHODS[plan.kind].press
    assert how
    return how(plan, before, option, on)


def key_of(error: pytest.ExceptionInfo[UserError]) -> str:
    """What is wrong; also where the right way to type it comes along."""
    said = error.value.text
    if said.key == "poll.vote.wrong":
        return str(said.values["problem"].key)
    return said.key


def words_of(error: pytest.ExceptionInfo[UserError]) -> str:
    return Texts().write(error.value.text, Voice("nl", BRUSSELS, NOW))


# --- numbers of what is chosen ---


@pytest.mark.parametrize(
    ("plan", "numbers", "choices"),
    [
        (ONE, (2,), (2,)),
        (ONE, (2, 2), (2,)),
        (TWO, (3, 1), (1, 3)),
        (TWO, (3, 1, 3), (1, 3)),
        (APPROVAL, (3, 2, 1), (1, 2, 3)),
    ],
)
def test_a_ballot(plan: Any, numbers: tuple[int, ...], choices: Choices) -> None:
    assert check_chosen(plan, numbers) == choices
    assert read(plan, " ".join(map(str, numbers))) == choices


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
        check_chosen(ONE, numbers)
    assert key_of(error) == key
    with pytest.raises(UserError) as error:
        read(ONE, " ".join(map(str, numbers)))
    assert key_of(error) == key


# --- what is typed ---


@pytest.mark.parametrize(
    ("plan", "words", "choices"),
    [
        (ONE, " #2. ", (2,)),
        (ONE, "[3]", (3,)),
        (TWO, "1,3", (1, 3)),
        (TWO, "3 ; 1", (1, 3)),
        (RANKED, "3 1 2", (3, 1, 2)),
        (RANKED, "3 > 1 > 2", (3, 1, 2)),
        (RANKED, "3,1,2", (3, 1, 2)),
        (SCORE, "5 0 3", (5, 0, 3)),
        (SCORE, "0 0 0", (0, 0, 0)),
        (DATES, "yes no if_need_be", (2, 0, 1)),
        (DATES, "YES, no, no", (2, 0, 0)),
        (DATES, "no no no", (0, 0, 0)),
        (DATES, "1 3", (2, 0, 2)),
        (DATES, "2", (0, 2, 0)),
        (CONSENT, "agree", (1,)),
        (CONSENT, "Abstain.", (2,)),
        (CONSENT, "object: it is too far", (3,)),
        (CONSENT, "1", (1,)),
        (CONSENT, "3 it is too far", (3,)),
    ],
)
def test_what_is_typed(plan: Any, words: str, choices: Choices) -> None:
    assert read(plan, words) == choices


@pytest.mark.parametrize(
    ("plan", "words", "key"),
    [
        (ONE, "two", "poll.vote.no_number"),
        (ONE, "99999999999", "poll.vote.no_number"),
        (ONE, "1.5", "poll.vote.no_number"),
        (ONE, "", "poll.vote.nothing"),
        (ONE, ",", "poll.vote.nothing"),
        (RANKED, "1 2", "poll.vote.rank_missing"),
        (RANKED, "", "poll.vote.rank_missing"),
        (RANKED, "1 2 2", "poll.vote.rank_twice"),
        (RANKED, "1 2 4", "poll.vote.no_option"),
        (RANKED, "1 2 x", "poll.vote.no_number"),
        (SCORE, "5 0", "poll.vote.one_each"),
        (SCORE, "5 0 3 1", "poll.vote.one_each"),
        (SCORE, "", "poll.vote.one_each"),
        (SCORE, "5 0 6", "poll.vote.score_range"),
        (SCORE, "5 0 -1", "poll.vote.score_range"),
        (SCORE, "5 0 x", "poll.vote.no_number"),
        (DATES, "yes no", "poll.vote.one_each"),
        (DATES, "", "poll.vote.one_each"),
        (DATES, "yes no perhaps", "poll.vote.no_mark"),
        (DATES, "yes no 3", "poll.vote.no_mark"),
        (DATES, "4", "poll.vote.no_option"),
        (DATES, "0", "poll.vote.no_option"),
        (CONSENT, "", "poll.vote.nothing"),
        (CONSENT, "hmm", "poll.vote.no_mark"),
        (CONSENT, "4", "poll.vote.no_mark"),
        (CONSENT, "0", "poll.vote.no_mark"),
    ],
)
def test_what_cannot_be_read(plan: Any, words: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        read(plan, words)
    assert key_of(error) == key
    assert "!stem" in words_of(error)
    assert "{" not in words_of(error)


@pytest.mark.parametrize(
    ("words", "choices", "reason"),
    [
        ("object  it is too far ", (3,), "it is too far"),
        ("object: " + "x" * LONGEST_REASON, (3,), "x" * LONGEST_REASON),
        ("agree", (1,), None),
        ("2", (2,), None),
    ],
)
def test_a_reason(words: str, choices: Choices, reason: str | None) -> None:
    assert read_reason(CONSENT, words, choices) == reason


@pytest.mark.parametrize(
    ("words", "choices", "key"),
    [
        ("object", (3,), "poll.reason.missing"),
        ("object  ", (3,), "poll.reason.missing"),
        ("agree for it is near", (1,), "poll.reason.without"),
        ("abstain .", (2,), "poll.reason.without"),
        ("object " + "x" * (LONGEST_REASON + 1), (3,), "poll.reason.long"),
    ],
)
def test_a_reason_that_cannot_be(words: str, choices: Choices, key: str) -> None:
    with pytest.raises(UserError) as error:
        read_reason(CONSENT, words, choices)
    assert key_of(error) == key


def test_only_an_objection_has_a_reason() -> None:
    for kind, plan in PLANS.items():
        if kind is not Kind.CONSENT:
            assert read_reason(plan, "3 it is too far", (3,)) is None


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.APPROVAL, Kind.SCORE, Kind.RANKED])
@pytest.mark.parametrize("options", range(2, 21))
def test_the_example_of_how_to_vote_is_a_vote(kind: Kind, options: int) -> None:
    plan = replace(PLANS[kind], options=tuple(map(str, range(options))), at_most=options)
    how = how_to(plan)
    # Where several may be chosen the example chooses several.
    assert how.key == ("poll.how.several" if kind is Kind.CHOICE else f"poll.how.{kind}")
    assert read(plan, how.values["example"])


@given(
    st.sampled_from(list(Kind)),
    st.text(max_size=20)
    | st.lists(
        st.sampled_from(["1", "2", "3", "0", "5", "yes", "no", "agree", "object", "x", ",", ">"]), max_size=6
    ).map(" ".join),
)
def test_any_words_are_a_ballot_or_an_answer(kind: Kind, words: str) -> None:
    plan = PLANS[kind]
    try:
        choices = read(plan, words)
    except UserError as error:
        said = Texts().write(error.text, Voice("nl", BRUSSELS, NOW))
        event(error.text.key)
    else:
        said = "counted"
        assert choices
        count = METHODS[kind].count(plan, [[(choices, 1)]])
        assert (count.people, len(count.parts)) == (1, 3)
    assert said


# --- presses ---


@pytest.mark.parametrize(
    ("plan", "before", "option", "on", "after"),
    [
        # One choice: a press chooses, and chooses again; it never takes away.
        (ONE, (), 2, None, (2,)),
        (ONE, (2,), 2, None, (2,)),
        (ONE, (1,), 2, None, (2,)),
        (ONE, (1,), 2, True, (2,)),
        (ONE, (1,), 1, False, ()),
        (ONE, (1,), 2, False, (1,)),
        # Several: a press turns over what stands, unless the platform says which way.
        (TWO, (), 2, None, (2,)),
        (TWO, (2,), 1, None, (1, 2)),
        (TWO, (1, 2), 2, None, (1,)),
        (TWO, (2,), 2, True, (2,)),
        (TWO, (2,), 2, False, ()),
        (APPROVAL, (1, 2), 3, None, (1, 2, 3)),
        (APPROVAL, (1, 2, 3), 1, None, (2, 3)),
        # In order: one after the other, the best first.
        (RANKED, (), 2, None, (2,)),
        (RANKED, (2,), 3, None, (2, 3)),
        (RANKED, (2, 3), 1, True, (2, 3, 1)),
        (RANKED, (2, 3, 1), 3, None, (2, 1)),
        (RANKED, (2, 3, 1), 3, True, (2, 3, 1)),
        (RANKED, (2, 3, 1), 3, False, (2, 1)),
        (RANKED, (2,), 2, None, ()),
        (RANKED, (2,), 1, False, (2,)),
        # Dates: yes, if need be, no, and round.
        (DATES, (), 1, None, (2, 0, 0)),
        (DATES, (2, 0, 0), 1, None, (1, 0, 0)),
        (DATES, (1, 2, 0), 1, None, (0, 2, 0)),
        (DATES, (1, 0, 0), 1, None, ()),
        (DATES, (1, 2, 0), 1, True, (2, 2, 0)),
        (DATES, (1, 2, 0), 2, False, (1, 0, 0)),
        # Consent: an objection needs words.
        (CONSENT, (), 1, None, (1,)),
        (CONSENT, (3,), 2, True, (2,)),
        (CONSENT, (2,), 2, False, ()),
        (CONSENT, (3,), 2, False, (3,)),
        (CONSENT, (3,), 3, False, ()),
    ],
)
def test_a_press(plan: Any, before: Choices, option: int, on: bool | None, after: Choices) -> None:
    assert press(plan, before, option, on) == after


def test_a_press_too_many() -> None:
    with pytest.raises(UserError) as error:
        press(TWO, (1, 2), 3, None)
    assert key_of(error) == "poll.vote.too_many"


@pytest.mark.parametrize("on", [None, True])
def test_an_objection_is_not_pressed(on: bool | None) -> None:
    with pytest.raises(UserError) as error:
        press(CONSENT, (1,), 3, on)
    assert key_of(error) == "poll.reason.missing"


@given(
    st.sampled_from([Kind.APPROVAL, Kind.RANKED, Kind.DATES]),
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from([None, True, False])), max_size=8),
)
def test_whatever_is_pressed_leaves_a_ballot_or_none(
    kind: Kind, presses: list[tuple[int, bool | None]]
) -> None:
    plan = PLANS[kind]
    stands: Choices = ()
    for option, on in presses:
        stands = press(plan, stands, option, on)
    if kind is Kind.DATES:
        assert stands == () or len(stands) == 3
        assert all(0 <= mark <= 2 for mark in stands)
        assert stands == () or any(stands)
    else:
        assert len(set(stands)) == len(stands)
        assert set(stands) <= {1, 2, 3}


# --- counting ---


@pytest.mark.parametrize(
    ("tally", "leaders"),
    [([0, 0, 0], ()), ([1, 0, 0], (1,)), ([2, 3, 3], (2, 3)), ([4, 4, 4], (1, 2, 3)), ([0, 9, 8], (2,))],
)
def test_leaders(tally: list[int], leaders: Choices) -> None:
    ballots = [((option,), votes) for option, votes in enumerate(tally, start=1) if votes]
    count = METHODS[Kind.CHOICE].count(ONE, [ballots])
    assert count.first == leaders
    assert (list(count.totals), count.people) == (tally, sum(tally))


@pytest.mark.parametrize(
    ("plan", "ballots", "people", "parts", "order"),
    [
        (APPROVAL, [], 0, ((0,), (0,), (0,)), ()),
        (APPROVAL, [((1, 2), 2), ((2,), 1), ((1, 2, 3), 1)], 4, ((3,), (4,), (1,)), ((2,), (1,), (3,))),
        (SCORE, [((5, 0, 3), 2), ((0, 5, 4), 1)], 3, ((10,), (5,), (10,)), ((1, 3), (2,))),
        (SCORE, [((0, 0, 0), 3)], 3, ((0,), (0,), (0,)), ()),
        (CONSENT, [((1,), 4), ((3,), 1)], 5, ((4,), (0,), (1,)), ((1,), (3,), (2,))),
        # Whoever can come at all counts; among equals it is who says yes.
        (DATES, [((2, 1, 0), 2), ((0, 1, 2), 1)], 3, ((2, 0), (0, 3), (1, 0)), ((2,), (1,), (3,))),
        (DATES, [((2, 1, 0), 1), ((1, 1, 2), 1)], 2, ((1, 1), (0, 2), (1, 0)), ((1,), (2,), (3,))),
        (DATES, [((2, 1, 2), 1), ((1, 1, 1), 1)], 2, ((1, 1), (0, 2), (1, 1)), ((1, 3), (2,))),
        (DATES, [((0, 0, 0), 2)], 2, ((0, 0), (0, 0), (0, 0)), ()),
        (RANKED, [], 0, ((0,), (0,), (0,)), ()),
        (RANKED, [((1, 2, 3), 2), ((2, 3, 1), 1)], 3, ((2,), (1,), (0,)), ((1,), (2,), (3,))),
        # In a circle, as strong all round: a tie of all.
        (RANKED, [((1, 2, 3), 1), ((2, 3, 1), 1), ((3, 1, 2), 1)], 3, ((1,), (1,), (1,)), ((1, 2, 3),)),
        # Pressed so far: what has no rank comes last, together.
        (RANKED, [((2,), 1)], 1, ((0,), (2,), (0,)), ((2,), (1, 3))),
    ],
)
def test_a_count(
    plan: Any, ballots: list[tuple[Choices, int]], people: int, parts: object, order: object
) -> None:
    count = METHODS[plan.kind].count(plan, [ballots])
    assert (count.people, count.parts, count.order) == (people, parts, order)
    assert (count.ranking is not None) == (plan.kind is Kind.RANKED)


BALLOTS = {
    Kind.CHOICE: st.integers(1, 3).map(lambda option: (option,)),
    Kind.APPROVAL: st.sets(st.integers(1, 3), min_size=1).map(lambda options: tuple(sorted(options))),
    Kind.SCORE: st.tuples(*[st.integers(0, 5)] * 3),
    Kind.RANKED: st.permutations((1, 2, 3)).map(tuple),
    Kind.CONSENT: st.integers(1, 3).map(lambda option: (option,)),
    Kind.DATES: st.tuples(*[st.integers(0, 2)] * 3),
}


@pytest.mark.parametrize("kind", list(Kind))
@given(data=st.data())
def test_the_pages_that_ballots_come_on_change_nothing(kind: Kind, data: st.DataObject) -> None:
    cast = data.draw(st.lists(st.tuples(BALLOTS[kind], st.integers(1, 10**6)), max_size=8))
    cut = data.draw(st.integers(0, len(cast)))
    plan, way = PLANS[kind], METHODS[kind]
    whole = way.count(plan, [cast])
    assert way.count(plan, [cast[:cut], cast[cut:]]) == whole
    assert way.count(plan, [[ballot] for ballot in reversed(cast)]) == whole
    assert way.count(plan, [[(choices, 1)] * times for choices, times in cast if times < 50]) == way.count(
        plan, [[(choices, times) for choices, times in cast if times < 50]]
    )


def test_options_as_people_read_them() -> None:
    assert option_text(ONE, 2) == typed("B")
    assert [option_text(CONSENT, number).key for number in (1, 2, 3)] == [
        "poll.option.agree",
        "poll.option.abstain",
        "poll.option.object",
    ]
    assert Texts().write(option_text(DATES, 1), Voice("nl", BRUSSELS, NOW)) == (
        "dinsdag 8 december om 20.00 uur"
    )
    assert option_text(DATES, 1).key == text("poll.option.date").key


@pytest.mark.parametrize("two", ["2️⃣", "2\u20e3", "#2", "[2]", "2.", "2)"])
def test_a_number_is_read_however_a_phone_writes_it(two: str) -> None:
    assert read(ONE, two) == (2,)
    assert read(RANKED, f"3 {two} 1️⃣") == (3, 2, 1)
    assert read(SCORE, f"5 {two} 0️⃣") == (5, 2, 0)
    assert read(DATES, f"{two} 3") == (0, 2, 2)


# --- what a long line costs ---

LONG_OPTIONS = tuple(" ".join("z" * length) for length in range(40, 20, -1))


@pytest.mark.parametrize("piece", ["１ " * 190 + "|", "z " * 19 + "y ", "“z ", "en | ", "z|", "é,"])
@pytest.mark.parametrize("kind", [Kind.APPROVAL, Kind.RANKED])
def test_a_long_line_costs_its_length_whatever_the_options_are(kind: Kind, piece: str) -> None:
    """Of all its parts together no more is read than anybody means."""
    plan = a_plan(kind=kind, at_most=20, options=LONG_OPTIONS)
    line, looked = (piece * 8_000)[:8_000], 0

    def count(word: str, marks: Mapping[str, int]) -> int | None:
        nonlocal looked
        looked += 1
        return meaning(word, marks)

    began = time.process_time()
    with contextlib.suppress(UserError):
        METHODS[plan.kind].read(plan, line, count)
    assert looked <= 2 * MOST_WORDS
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize(
    ("options", "words", "chosen"),
    [
        (("rode kool", "rode kool en friet", "soep"), "rode kool en friet soep", (2, 3)),
        (("rode kool", "soep"), "“rode kool” “soep”", (1, 2)),
        (("rode kool", "soep"), "« Rode  Kool » « soep »", (1, 2)),
        (("rode kool", "soep…"), "soep… “rode kool”", (1, 2)),
        (("rode kool", "soep"), "soep ! 1 .", (1, 2)),
        (("ｒｏｄｅ kool", "soep"), "rode kool soep", (1, 2)),
    ],
)
def test_options_of_several_words_among_others(options: tuple[str, ...], words: str, chosen: Choices) -> None:
    assert read(a_plan(options=options, at_most=2), words) == chosen
