"""How a poll looks: bars in proportion, and what came out in sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.polls.kinds import METHODS, Count
from bot.features.polls.records import Choices, Kind, Poll, Results
from bot.features.polls.show import (
    bar,
    buttons,
    chosen,
    figures,
    in_words,
    is_shown,
    option_lines,
    result,
    small_print,
)
from bot.model.message import message, text, typed
from tests.doubles.platform import words_of
from tests.doubles.polls import a_poll

DAYS = ("2026-12-08T19:00:00+00:00", "2026-12-09T19:00:00+00:00", "2026-12-10T19:00:00+00:00")
POLL = a_poll()
CONSENT = a_poll(kind=Kind.CONSENT, options=("agree", "abstain", "object"))
DATES = a_poll(kind=Kind.DATES, options=DAYS)
RANKED = a_poll(kind=Kind.RANKED)
SCORE = a_poll(kind=Kind.SCORE)


def count(poll: Poll, *ballots: tuple[Choices, int]) -> Count:
    return METHODS[poll.kind].count(poll, [ballots])


def tallied(*tally: int) -> Count:
    return count(POLL, *(((option,), votes) for option, votes in enumerate(tally, start=1) if votes))


def said(lines: Any) -> list[str]:
    return words_of(message(*lines)).split("\n")


# --- what came out ---


def test_the_result() -> None:
    assert result(POLL, tallied(0, 0, 0)) == [text("poll.result.none")]
    assert result(POLL, tallied(1, 2, 0)) == [text("poll.result.choice.one", option=typed("B"), count=2)]
    tie = text("poll.result.choice.tie", options=(typed("A"), typed("C")), count=2)
    assert result(POLL, tallied(2, 1, 2)) == [tie]
    assert result(a_poll(kind=Kind.APPROVAL), tallied(2, 1, 2)) == [tie]


@pytest.mark.parametrize(
    ("poll", "ballots", "sentences"),
    [
        (POLL, [((2,), 1)], ["B haalt het, met 1 stem."]),
        (POLL, [((2,), 12_345)], ["B haalt het, met 12.345 stemmen."]),
        (SCORE, [((5, 0, 4), 2), ((0, 5, 4), 1)], ["C haalt het, met 12 punten: gemiddeld 4,0 op 5."]),
        (
            SCORE,
            [((5, 0, 0), 1), ((0, 5, 0), 2), ((5, 0, 1), 1)],
            ["Het is gelijk tussen A en B, elk met 10 punten: gemiddeld 2,5 op 5."],
        ),
        (SCORE, [], ["Niemand stemde."]),
        (
            DATES,
            [((2, 0, 1), 2), ((0, 1, 2), 1)],
            ["Het best past donderdag 10 december om 20.00 uur: 1 keer ja en 2 keer desnoods."],
        ),
        (
            DATES,
            [((2, 2, 0), 1)],
            [
                "Even goed passen dinsdag 8 december om 20.00 uur en woensdag 9 december om 20.00 uur: "
                "elk 1 keer ja."
            ],
        ),
        (CONSENT, [((1,), 2), ((2,), 1)], ["Akkoord: niemand heeft bezwaar, en 2 mensen zijn akkoord."]),
        (CONSENT, [((1,), 9), ((3,), 1)], ["Nog geen akkoord: er is 1 bezwaar."]),
        (CONSENT, [((2,), 1)], ["Niemand heeft bezwaar, maar er ging ook niemand akkoord."]),
        (CONSENT, [], ["Niemand stemde."]),
        (
            RANKED,
            [((1, 2, 3), 3), ((2, 1, 3), 2)],
            [
                "A komt als eerste uit de volgorde, geteld volgens de methode van Schulze.",
                "A wint elk duel. Het spannendste was tegen B: 3 tegen 2.",
            ],
        ),
        (
            RANKED,
            [((1, 2, 3), 4), ((2, 3, 1), 3), ((3, 1, 2), 2)],
            [
                "A komt als eerste uit de volgorde, geteld volgens de methode van Schulze.",
                "Geen keuze wint alle duels, dus beslist de sterkste weg: die van A naar B is 6 sterk, "
                "de omgekeerde 5.",
            ],
        ),
        (
            RANKED,
            [((1, 2, 3), 1), ((2, 3, 1), 1), ((3, 1, 2), 1)],
            [
                "Het is gelijk tussen A, B en C, geteld volgens de methode van Schulze.",
                "De duels lopen in een kring, en daarin staan A, B en C even sterk,"
                " hoeveel duels elk ook wint.",
            ],
        ),
    ],
)
def test_the_result_in_words(poll: Poll, ballots: list[tuple[Choices, int]], sentences: list[str]) -> None:
    assert said(result(poll, count(poll, *ballots))) == sentences


@pytest.mark.parametrize(("poll", "marks"), [(SCORE, (0, 0, 0)), (DATES, (0, 0, 0))])
def test_where_everybody_wants_nothing_somebody_did_vote(poll: Poll, marks: Choices) -> None:
    assert result(poll, count(poll, (marks, 2)))[0].key != "poll.result.none"


def test_too_few_people_is_said_first() -> None:
    poll = a_poll(quorum=3)
    few = text("poll.result.no_quorum", count=2, quorum=3)
    assert result(poll, tallied(2, 0, 0)) == [
        few,
        text("poll.result.choice.one", option=typed("A"), count=2),
    ]
    assert result(poll, tallied(2, 1, 0))[0].key == "poll.result.choice.one"
    assert result(poll, tallied(0, 0, 0))[0].key == "poll.result.no_quorum"


# --- bars ---


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_bars_are_in_proportion(tally: list[int]) -> None:
    bars = [bar((votes,), max(tally)) for votes in tally]
    assert {len(drawn) for drawn in bars} == {10}
    lengths = [drawn.count("█") for drawn in bars]
    assert [length for _, length in sorted(zip(tally, lengths, strict=True))] == sorted(lengths)
    assert max(lengths) == (10 if any(tally) else 0)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20))
def test_bars_of_two_pieces_are_as_long_as_of_one(tally: list[tuple[int, int]]) -> None:
    most = max(map(sum, tally))
    for parts in tally:
        found = bar(parts, most)
        assert found == "█" * found.count("█") + "▓" * found.count("▓") + "░" * found.count("░")
        assert len(found) == 10
        assert found.count("░") == bar((sum(parts),), most).count("░")
        assert found.count("█") == bar(parts[:1], most).count("█")


# --- lines ---


@pytest.mark.parametrize(
    ("poll", "ballots", "lines"),
    [
        (
            POLL,
            [((1,), 1), ((2,), 2)],
            ["█████░░░░░ 1. A: 1 stem", "██████████ 2. B: 2 stemmen", "░░░░░░░░░░ 3. C: 0 stemmen"],
        ),
        (
            SCORE,
            [((5, 0, 1), 1), ((4, 0, 0), 1)],
            [
                "██████████ 1. A: 9 punten, gemiddeld 4,5",
                "░░░░░░░░░░ 2. B: 0 punten, gemiddeld 0,0",
                "█░░░░░░░░░ 3. C: 1 punt, gemiddeld 0,5",
            ],
        ),
        (
            RANKED,
            [((3, 1, 2), 1)],
            [
                "█████░░░░░ 1. A: wint 1 duel van de 2",
                "░░░░░░░░░░ 2. B: wint 0 duels van de 2",
                "██████████ 3. C: wint 2 duels van de 2",
            ],
        ),
        (
            CONSENT,
            [((1,), 4), ((3,), 1)],
            ["██████████ 1. Akkoord: 4", "░░░░░░░░░░ 2. Onthouding: 0", "██░░░░░░░░ 3. Bezwaar: 1"],
        ),
        (
            DATES,
            [((2, 0, 1), 2), ((1, 0, 1), 2)],
            [
                "█████▓▓▓▓▓ 1. dinsdag 8 december om 20.00 uur: 2 ja, 2 desnoods",
                "░░░░░░░░░░ 2. woensdag 9 december om 20.00 uur: niemand",
                "▓▓▓▓▓▓▓▓▓▓ 3. donderdag 10 december om 20.00 uur: 4 desnoods",
            ],
        ),
    ],
)
def test_the_lines_of_a_board(poll: Poll, ballots: list[tuple[Choices, int]], lines: list[str]) -> None:
    found = count(poll, *ballots)
    assert said(option_lines(poll, found)) == lines
    # The same for the ears: every option, without a bar.
    words = said(in_words(poll, found))
    assert len(words) == 3
    assert not any(block in line for block in "█▓░" for line in words)


def test_lines_without_a_count_say_nothing_of_it() -> None:
    assert said(option_lines(POLL, None)) == ["1. A", "2. B", "3. C"]
    assert said(option_lines(CONSENT, None)) == ["1. Akkoord", "2. Onthouding", "3. Bezwaar"]


def test_figures_by_name() -> None:
    assert figures(SCORE, count(SCORE, ((5, 0, 1), 2), ((0, 0, 0), 1)), 1) == {"count": 10, "mean": 3.3}
    assert figures(SCORE, count(SCORE), 1) == {"count": 0, "mean": 0.0}
    assert figures(DATES, count(DATES, ((2, 1, 0), 3)), 2) == {"count": 0, "need": 3}
    assert figures(RANKED, count(RANKED, ((2, 1, 3), 1)), 2) == {"count": 2, "duels": 2}
    assert figures(POLL, tallied(1, 0, 0), 1) == {"count": 1}


@pytest.mark.parametrize(
    ("poll", "choices", "words"),
    [
        (POLL, (1, 3), ["A", "C"]),
        (SCORE, (5, 0, 3), ["A: 5", "B: 0", "C: 3"]),
        (RANKED, (3, 1), ["C op 1", "A op 2"]),
        (CONSENT, (3,), ["Bezwaar"]),
        (
            DATES,
            (2, 1, 0),
            [
                "dinsdag 8 december om 20.00 uur: ja",
                "woensdag 9 december om 20.00 uur: desnoods",
                "donderdag 10 december om 20.00 uur: nee",
            ],
        ),
    ],
)
def test_a_ballot_in_words(poll: Poll, choices: Choices, words: list[str]) -> None:
    assert said(chosen(poll, choices)) == words


# --- who sees what ---


@pytest.mark.parametrize("state", ["planned", "open", "closed", "cancelled"])
@pytest.mark.parametrize("results", list(Results))
@pytest.mark.parametrize("anonymous", [False, True])
def test_when_a_count_is_shown(state: str, results: Results, anonymous: bool) -> None:
    poll = a_poll(state=state, results=results, anonymous=anonymous)
    running = state == "open" and not anonymous
    everybody = state == "closed" or (running and results is Results.LIVE)
    voters = everybody or (running and results is Results.VOTED)
    assert (is_shown(poll), is_shown(poll, (1,))) == (everybody, voters)
    assert poll.secret == (anonymous or results is not Results.LIVE)


def test_a_press_that_adds_up_is_no_switch() -> None:
    for kind in Kind:
        found = buttons(
            a_poll(kind=kind, options=DAYS if kind is Kind.DATES else POLL.options)
            if kind is not Kind.CONSENT
            else CONSENT
        )
        assert [button.args for button in found] == [{"poll": 1, "option": number} for number in (1, 2, 3)]
        adds_up = kind in (Kind.SCORE, Kind.DATES)
        assert {button.switch for button in found} == {None if adds_up else "on"}


@pytest.mark.parametrize("poll", [POLL, a_poll(at_most=2), CONSENT, DATES, RANKED, SCORE])
@pytest.mark.parametrize("results", Results)
def test_the_small_print_of_a_board(poll: Poll, results: Results) -> None:
    """One line: what to type there, and where the rest is; of a secret poll, that it is not to be there."""
    (line,) = said([small_print(replace(poll, results=results))])
    assert "\n" not in line
    assert line.endswith("Meer: `!help stem`.")
    assert re.search(r"`!stem (akkoord|[\d ]+)`", line)
    assert line.startswith("Stem in een gesprek met mij alleen") is (results is not Results.LIVE)
    assert len(line) < (200 if results is not Results.LIVE else 100), "it is read on a phone"
