"""What is written of somebody's name and words, data to data."""

from __future__ import annotations

import pytest

from adapters.matrix.carrying import LARGEST, clean_name, in_parts
from bot.rich import CodeBlock, Link, Listed, Quote, Rich, Style, Styled, Words, text_of


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mia", "Mia"),
        ("  Mia \n\t Peeters ", "Mia Peeters"),
        ("\u202eaiM\u2066\u200b\ufeff\x07", "aiM"),
        ("\u200b\u200d\u2060", ""),
        ("\ud800", ""),
        ("@room", "@room"),
        ("👩‍👧 Mia", "👩‍👧 Mia"),
        ("مها", "مها"),
        ("a" * 81, "a" * 79 + "…"),
        ("a" * 80, "a" * 80),
    ],
)
def test_a_name_is_a_line_that_can_be_read(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@pytest.mark.parametrize(
    "rich",
    [
        (Words("woord " * 40_000),),
        (Words("x" * 200_000),),
        (Quote((Styled(Style.BOLD, (Words("een " * 50_000),)),)),),
        (Listed(((Words("a" * 100_000),), (Words("b"),)), 3),),
        (CodeBlock("x\n" * 100_000, "py"),),
        tuple(Link(f"https://example.org/{number}") for number in range(4_000)),
    ],
    ids=["words", "no blank", "nested", "list", "code", "many"],
)
def test_a_part_is_no_heavier_than_an_event_and_no_word_is_lost(rich: Rich) -> None:
    def weigh(part: Rich) -> float:
        return 2 * len(str(part))

    parts = in_parts(rich, weigh)
    assert "".join(text_of(part) for part in parts) == text_of(rich)
    assert all(weigh(part) <= LARGEST for part in parts)


def test_what_has_no_halves_stays_whole() -> None:
    rich = (Link("https://example.org/" + "x" * 70_000),)
    assert in_parts(rich, lambda part: len(str(part))) == [rich]
