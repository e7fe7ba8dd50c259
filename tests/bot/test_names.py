"""When two names are the same for a reader."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.names import LONGEST, called, folded, numbered, without_number


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Ben", "BEN"),
        ("Céline", "celine"),
        ("  Anna   Peeters ", "anna peeters"),
        ("Ｂｅｎ", "ben"),
        ("Be\u200dn", "ben"),
        ("Çağla", "cagla"),
        ("Straße", "strasse"),
    ],
)
def test_what_a_reader_overlooks_makes_no_other_name(name: str, same: str) -> None:
    assert folded(name) == folded(same)


@pytest.mark.parametrize("other", ["Bén Jr", "Benn", "Ren"])
def test_another_name_is_another(other: str) -> None:
    assert folded(other) != folded("Ben")


@given(st.text())
def test_folding_twice_is_folding_once(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@given(
    st.text(min_size=1).filter(lambda name: name == name.strip() and "\n" not in name), st.integers(1, 9999)
)
def test_a_numbered_name_is_read_back(name: str, number: int) -> None:
    assert without_number(numbered(name, number)) == (name, number)


def test_a_name_without_a_number_has_none() -> None:
    assert without_number("Ben") == ("Ben", None)
    assert without_number("Ben (de bakker)") == ("Ben (de bakker)", None)


@given(st.text(max_size=3 * LONGEST))
def test_a_name_is_shown_as_far_as_any_platform_would(name: str) -> None:
    shown = called(name)
    assert len(shown) <= LONGEST
    assert called(shown) == shown
    assert shown.endswith("…") or len(name) <= LONGEST


def test_what_a_name_is_found_by_has_room_in_an_index() -> None:
    """Some letters become eighteen, of three bytes each."""
    longest = max((chr(code) for code in range(0x20, 0x30000)), key=lambda letter: len(folded(letter)))
    assert len(folded(called(longest * 1_000)).encode()) < 2_600


@pytest.mark.parametrize("words", ["Ben (2", "(2)", " (2) ", "Ben (12345)", "(2) Ben", ""])
def test_other_words_have_no_number(words: str) -> None:
    assert without_number(words) == (words.strip(), None)


@pytest.mark.parametrize("filling", [" ", "(", "1", "(1"])
def test_a_name_of_whatever_length_is_read_in_no_time(filling: str) -> None:
    began = time.process_time()
    without_number(f"Ben{filling * 20_000}x")
    assert time.process_time() - began < 0.2
